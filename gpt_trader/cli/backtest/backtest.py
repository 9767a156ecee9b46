"""`gpt-trader backtest`: try a strategy on history."""

from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gpt_trader.cli.compiling import ENGINE, SIMULATOR, say_if_compiling
from gpt_trader.cli.flags import MarketFlags, backtest_asked, takes
from gpt_trader.cli.options import StateDir, again
from gpt_trader.cli.output import Json, ProfileName
from gpt_trader.errors import UsageError

LEAST_NULLS, MOST_NULLS = 19, 100_000


class Engine(StrEnum):
    """What runs the bars."""

    FAST = "fast"
    REPLAY = "replay"


class Every(StrEnum):
    """When a universe is chosen anew."""

    DAY = "1d"
    WEEK = "1w"
    MONTH = "1M"


def _file(flag: str, text: str) -> Any:  # noqa: ANN401
    return typer.Option(flag, metavar="FILE", help=text)


def _stored(flag: str, text: str) -> Any:  # noqa: ANN401
    return typer.Option(
        flag, metavar="RUN", help=text, autocompletion=complete_runs, show_default=False
    )


def complete_runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the ids of stored runs that begin so, the newest first."""
    from gpt_trader.backtest.store import run_ids

    return [
        one for one in run_ids(_root(ctx.params.get("state_dir"))) if one.startswith(incomplete)
    ]


@takes(*(field.name for field in fields(MarketFlags)))
def command(  # noqa: PLR0913 - typer reads the flags from the arguments
    ctx: typer.Context,
    *,
    profile: ProfileName = None,
    market: MarketFlags,
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
    report: Annotated[Path | None, _file("--report", "Write a page of charts as HTML.")] = None,
    no_checks: Annotated[
        bool, typer.Option("--no-checks", help="Do not look for look-ahead and short warm-up.")
    ] = False,
    nulls: Annotated[
        int | None,
        typer.Option(
            "--nulls",
            metavar="N",
            min=LEAST_NULLS,
            max=MOST_NULLS,
            help="Runs of its own targets at other times (default: 0.3 s of them).",
        ),
    ] = None,
    unseal: Annotated[
        bool, typer.Option("--unseal", help="Read the sealed bars, once and for ever.")
    ] = False,
    cold_start: Annotated[
        bool, typer.Option("--cold-start", help="Do not warm up on the bars before --from.")
    ] = False,
    no_memory_check: Annotated[
        bool, typer.Option("--no-memory-check", help="Run even what may not fit in memory.")
    ] = False,
    show: Annotated[str | None, _stored("--show", "Show a stored run again.")] = None,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--diff",
            metavar="RUN RUN",
            help="Show what differs between two.",
            autocompletion=complete_runs,
            show_default=False,
        ),
    ] = None,
    reproduce: Annotated[
        str | None, _stored("--reproduce", "Run a stored run again and compare.")
    ] = None,
    universe: Annotated[
        str | None,
        typer.Option("--universe", metavar="top:N", help="Trade the N largest as of each week."),
    ] = None,
    universe_file: Annotated[
        Path | None, _file("--universe-file", "Listings, dated; see docs/data.md.")
    ] = None,
    universe_every: Annotated[
        Every, typer.Option("--universe-every", help="When to choose anew.")
    ] = Every.WEEK,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Try a strategy on history, with honest costs.

    Decides at each close, fills from the next open, pays fees, spread and slippage, and checks
    itself for look-ahead. What each number means is in docs/backtest.md.
    """
    from gpt_trader.app import backtest as backtest_input
    from gpt_trader.cli.backtest import stored as backtest_stored
    from gpt_trader.cli.commands import INTERRUPTED
    from gpt_trader.runtime.stop import on_interrupt

    root = _root(state_dir)
    files = backtest_input.Files(trades, fills, equity, report)
    if _one_of(ctx, {"--show": show, "--diff": diff, "--reproduce": reproduce}):
        if show is not None:
            backtest_stored.show(root, show, again(None, state_dir), json=json)
        elif diff is not None:
            backtest_stored.diff(root, *diff, json=json)
        elif reproduce is not None:
            files.check()
            backtest_stored.reproduce(root, reproduce, files, json=json)
        return
    files.check()
    asked = backtest_asked(
        profile,
        market,
        close_at_end=close_at_end,
        engine=None if engine is None else engine.value,
        self_check=not no_checks,
        nulls=nulls,
        unseal=unseal,
        universe=universe,
        universe_file=universe_file,
        universe_every=universe_every.value,
        cold_start=cold_start,
    )
    inputs = backtest_input.resolve(asked)
    if not no_memory_check:
        backtest_input.check_memory(inputs)
    say_if_compiling(SIMULATOR if engine is not Engine.REPLAY else ENGINE)
    with on_interrupt() as stop:
        result = backtest_input.run(inputs, root, stop)
    if result.interrupted:
        backtest_stored.show_part(result, files, json=json)
        raise typer.Exit(INTERRUPTED)
    backtest_stored.finish(root, result, inputs, files, again(None, state_dir), json=json)


def _root(state_dir: Path | None) -> Path:
    import os

    from gpt_trader.journal.root import state_root

    return state_root(state_dir, os.environ)


def _one_of(ctx: typer.Context, asked: dict[str, object]) -> bool:
    """Whether a stored run is asked for.

    Raises UsageError if more than one flag asks, or others are given that have no effect then.
    """
    flags = [flag for flag, value in asked.items() if value is not None]
    if not flags:
        return False
    allowed = {flag.removeprefix("--") for flag in flags[:1]} | {"state_dir", "json"}
    if flags[0] == "--reproduce":
        allowed |= {"trades", "fills", "equity", "report"}
    given = [
        param.opts[0]
        for param in ctx.command.params
        if param.name not in allowed
        and str(ctx.get_parameter_source(param.name)).endswith("COMMANDLINE")
    ]
    if given:
        raise UsageError(
            f"{flags[0]} and {given[0]} exclude each other",
            hint=f"a stored run has all its inputs: gpt-trader backtest {flags[0]} RUN",
        )
    return True
