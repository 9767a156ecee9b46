"""Options that several commands share, and the session a command is about."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gpt_trader.errors import UsageError


class Risk(StrEnum):
    """Which limits hold."""

    PROFILE = "profile"
    NONE = "none"


class StyleFlag(StrEnum):
    """How orders are worked."""

    MAKER_FIRST = "maker_first"
    MAKER_ONLY = "maker_only"
    TAKER = "taker"


def _bps(flag: str, text: str) -> Any:  # noqa: ANN401
    return typer.Option(flag, metavar="BPS", help=text)


def _folder(flag: str) -> Callable[[str], Path]:
    def parse(text: str) -> Path:
        if not text:
            raise UsageError(f"expected a folder after {flag}, was ''", hint=f"{flag} DIR")
        return Path(text)

    return parse


StrategyName = Annotated[
    str | None, typer.Option("--strategy", metavar="NAME", help="A name, or file.py:Class.")
]
DataFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--data", metavar="[PRODUCT=]PATH", help="A file of bars, or a stored product's id."
    ),
]
ReadFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--read", metavar="NAME[=PATH]", help="Bars that the strategy reads: BTC-USD@1d=FILE."
    ),
]
CheckSeed = Annotated[
    int | None,
    typer.Option(
        "--check-seed", metavar="N", min=0, help="Draw the rows that are checked from it."
    ),
]
CheckAll = Annotated[
    bool, typer.Option("--check-all", help="Look for look-ahead and short warm-up at every row.")
]
Demo = Annotated[bool, typer.Option("--demo", help="Use the synthetic market.")]
FromTime = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="First bar, inclusive.")
]
ToTime = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Last bar, exclusive.")]
SealedAfter = Annotated[
    str | None,
    typer.Option(
        "--sealed-after", metavar="TIME", help="Seal the bars from there on: none is read."
    ),
]
Interval = Annotated[
    str | None,
    typer.Option("--interval", "-i", metavar="1m..1d", help="Bar length, as in the data."),
]
Cash = Annotated[str | None, typer.Option("--cash", metavar="QUOTE", help="Money at the start.")]
TakerBps = Annotated[float | None, _bps("--taker-bps", "Fee of a crossing fill.")]
MakerBps = Annotated[float | None, _bps("--maker-bps", "Fee of a resting fill.")]
SpreadBps = Annotated[float | None, _bps("--spread-bps", "Half the spread.")]
SlippageBps = Annotated[
    float | None, _bps("--slippage-bps", "Price given away by a crossing fill.")
]
Participation = Annotated[
    float | None,
    typer.Option(
        "--participation", metavar="SHARE", help="Most of a bar's volume that fills take."
    ),
]
Impact = Annotated[
    float | None,
    typer.Option(
        "--impact", metavar="K", help="Volatilities that a whole bar's volume moves the price."
    ),
]
LatencyMs = Annotated[
    int | None,
    typer.Option("--latency-ms", metavar="MS", help="Delay that crossing orders pay for."),
]
LatencyBars = Annotated[
    int | None, typer.Option("--latency-bars", metavar="N", help="Bars that targets act late.")
]
TouchFills = Annotated[
    bool | None,
    typer.Option("--touch-fills/--trade-through", help="Fill a limit that is only touched."),
]
FeeTierName = Annotated[
    str | None,
    typer.Option(
        "--fee-tier", metavar="TIER", help="worst, simulated, account, intro, ... or vip_8."
    ),
]
FeeRegion = Annotated[
    str | None, typer.Option("--region", metavar="us|eu|other", help="Whose fee schedule.")
]
Detail = Annotated[
    str | None,
    typer.Option(
        "--detail", metavar="1m..", help="Finer bars of the data that decide inside a bar."
    ),
]
ProductSpec = Annotated[
    list[str] | None,
    typer.Option(
        "--product-spec", metavar="[PRODUCT:]K=V,...", help="base_increment=0.01, ...; repeatable."
    ),
]
RiskChoice = Annotated[Risk, typer.Option("--risk", help="The profile's limits, or none.")]
StyleChoice = Annotated[
    StyleFlag | None, typer.Option("--order-style", help="How orders are worked.")
]
StateDir = Annotated[
    Path | None,
    typer.Option(
        "--state-dir",
        metavar="DIR",
        help="Where state lives.",
        show_default=False,
        parser=_folder("--state-dir"),
    ),
]


DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Where market data is stored.",
        show_default=False,
        parser=_folder("--data-dir"),
    ),
]
MinCoverage = Annotated[
    float | None,
    typer.Option("--min-coverage", metavar="PCT", help="Least share of the bars to run on."),
]


def again(profile: str | None, state_dir: Path | None) -> str:
    """Return the options that name the same session in a `Next:` command."""
    return given("--profile", profile) + given("--state-dir", state_dir)


def given(flag: str, value: str | Path | None) -> str:
    """Return a flag with its value as a `Next:` command says it, nothing if it was not given."""
    import shlex

    return f" {flag} {shlex.quote(str(value))}" if value else ""
