"""`gpt-trader optimize`: search a strategy's parameters, and say what the search is worth."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gpt_trader.cli.compiling import SIMULATOR, say_if_compiling
from gpt_trader.cli.flags import MarketFlags, backtest_asked, takes
from gpt_trader.cli.options import StateDir
from gpt_trader.cli.output import Json, ProfileName, emit
from gpt_trader.errors import Interrupted


class Goal(StrEnum):
    """What is wanted of a point."""

    SHARPE = "sharpe"
    RETURN = "return"
    CALMAR = "calmar"


@takes(
    "strategy",
    "sets",
    "data",
    "read",
    "demo",
    "start",
    "end",
    "sealed_after",
    "interval",
    "cash",
    "taker_bps",
    "maker_bps",
    "spread_bps",
    "slippage_bps",
    "fee_tier",
    "region",
    "participation",
    "impact",
    "latency_ms",
    "latency_bars",
    "touch_fills",
    "product_spec",
    "min_coverage",
    "data_dir",
    "risk",
    "order_style",
    "check_seed",
    "check_all",
)
def command(
    *,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid", metavar="NAME=VALUES", help="START:STOP:STEP or a,b,c; once a parameter."
        ),
    ] = None,
    folds: Annotated[int, typer.Option("--folds", metavar="K", help="Walk-forward tests.")] = 5,
    objective: Annotated[
        Goal, typer.Option("--objective", help="What a point is chosen by.")
    ] = Goal.SHARPE,
    profile: ProfileName = None,
    market: MarketFlags,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write a page of HTML.")
    ] = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Search a strategy's parameters, tested on days that no choice has seen.

    Every point is run with all costs. What was made out of sample comes first; finished points
    are kept, so that a search that was stopped goes on. See docs/optimize.md.
    """
    from gpt_trader.app import optimize as optimize_run
    from gpt_trader.backtest.files import check_outputs, write_each, write_text
    from gpt_trader.cli.optimize import view as optimize_view
    from gpt_trader.cli.optimize.progress import ProgressLine, again, next_command
    from gpt_trader.optimize.document import document
    from gpt_trader.optimize.page import html
    from gpt_trader.optimize.space import parse_axis

    check_outputs({"--report": report})
    asked = backtest_asked(profile, market)
    say_if_compiling(SIMULATOR)
    axes = [parse_axis(text) for text in grid or []]
    shown = ProgressLine(axes)
    try:
        search = optimize_run.run(
            asked,
            axes,
            folds=folds,
            objective=objective.value,
            state_dir=state_dir,
            progress=shown.note,
        )
    except KeyboardInterrupt as error:
        shown.clear()
        done = f"{shown.done:,} of {shown.total:,} points are" if shown.done else "no point is"
        raise Interrupted(
            f"stopped: {done} done and kept", hint=f"go on with: {again()}"
        ) from error
    finally:
        shown.clear()
    writers = [] if report is None else [lambda: write_text(report, html(search))]
    refused = write_each(writers)  # before anything is printed: its reader may stop (`| head`)
    if not json:
        optimize_view.show(search, then=next_command(search, market, profile, state_dir))
    said = [*search.notes, *([search.label] if json and search.label else [])]
    emit("optimize", document(search), said, json=json, refused=refused)
