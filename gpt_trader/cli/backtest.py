"""`gpt-trader backtest`: try a strategy on history."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gpt_trader.cli.options import (
    Cash,
    DataFiles,
    FromTime,
    Interval,
    MakerBps,
    Participation,
    ProductSpec,
    Risk,
    RiskChoice,
    SlippageBps,
    SpreadBps,
    StrategyName,
    StyleChoice,
    TakerBps,
    ToTime,
)
from gpt_trader.cli.output import Json, ProfileName, Sets, emit
from gpt_trader.errors import UsageError


class Engine(StrEnum):
    """What runs the bars."""

    FAST = "fast"
    REPLAY = "replay"


def _file(flag: str, text: str) -> Any:  # noqa: ANN401
    return typer.Option(flag, metavar="FILE", help=text)


def command(
    *,
    profile: ProfileName = None,
    strategy: StrategyName = None,
    sets: Sets = None,
    data: DataFiles = None,
    demo: Annotated[bool, typer.Option("--demo", help="Use the synthetic market.")] = False,
    start: FromTime = None,
    end: ToTime = None,
    interval: Interval = None,
    cash: Cash = None,
    taker_bps: TakerBps = None,
    maker_bps: MakerBps = None,
    spread_bps: SpreadBps = None,
    slippage_bps: SlippageBps = None,
    participation: Participation = None,
    product_spec: ProductSpec = None,
    risk: RiskChoice = Risk.PROFILE,
    order_style: StyleChoice = None,
    close_at_end: Annotated[
        bool, typer.Option("--close-at-end/--keep-open", help="Sell at the last close.")
    ] = False,
    engine: Annotated[
        Engine | None,
        typer.Option("--engine", help="Compiled, or as paper and live decide."),
    ] = None,
    trades: Annotated[Path | None, _file("--trades", "Write the trades as CSV.")] = None,
    fills: Annotated[Path | None, _file("--fills", "Write the fills as CSV.")] = None,
    equity: Annotated[Path | None, _file("--equity", "Write equity and drawdown as CSV.")] = None,
    report: Annotated[Path | None, typer.Option("--report", hidden=True)] = None,
    no_checks: Annotated[
        bool, typer.Option("--no-checks", help="Do not look for look-ahead and short warm-up.")
    ] = False,
    json: Json = False,
) -> None:
    """Try a strategy on history, with honest costs.

    Decides at each close, fills from the next open, pays fees, spread and slippage, and checks
    itself for look-ahead. What each number means is in docs/backtest.md.
    """
    from gpt_trader.backtest.files import check_outputs
    from gpt_trader.cli import backtest_input, backtest_view
    from gpt_trader.cli.history import parse_period

    if report is not None:
        raise UsageError("--report: reports are not built yet")
    check_outputs({"--trades": trades, "--fills": fills, "--equity": equity})
    asked = backtest_input.Asked(
        profile=profile,
        flags={
            "strategy": strategy,
            "interval": interval,
            "cash": cash,
            "costs.taker_bps": taker_bps,
            "costs.maker_bps": maker_bps,
            "costs.spread_bps": spread_bps,
            "costs.slippage_bps": slippage_bps,
            "costs.participation": participation,
        },
        sets=sets or [],
        data=data or [],
        demo=demo,
        period=parse_period(start, end),
        interval=interval,
        spec=product_spec,
        risk=risk is Risk.PROFILE,
        style=None if order_style is None else order_style.value,
        close_at_end=close_at_end,
        engine=None if engine is None else engine.value,
        self_check=not no_checks,
    )
    result = backtest_input.run(asked)
    backtest_input.write_files(result, trades=trades, fills=fills, equity=equity)
    if not json:
        again = [("--profile", profile), ("--strategy", strategy)]
        again += [("--set", one) for one in asked.sets] + [("--data", one) for one in asked.data]
        flags = [*(["--demo"] if demo else []), "--trades", "trades.csv"]
        backtest_view.show(result, next_command=backtest_view.next_command(again, *flags))
    said = [note for note in (result.label, result.costs_label) if note is not None]
    emit("backtest", result.to_json_dict(), [*result.notes, *(said if json else [])], json=json)
