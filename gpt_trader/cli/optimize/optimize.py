"""`gpt-trader optimize`: search a strategy's parameters, and say what the search is worth."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gpt_trader.cli.compiling import SIMULATOR, say_if_compiling
from gpt_trader.cli.options import (
    Cash,
    DataDir,
    DataFiles,
    FeeRegion,
    FeeTierName,
    FromTime,
    Impact,
    Interval,
    LatencyBars,
    LatencyMs,
    MakerBps,
    MinCoverage,
    Participation,
    ProductSpec,
    Risk,
    RiskChoice,
    SlippageBps,
    SpreadBps,
    StateDir,
    StrategyName,
    StyleChoice,
    TakerBps,
    ToTime,
    TouchFills,
)
from gpt_trader.cli.output import Json, ProfileName, Sets, emit, note


class Goal(StrEnum):
    """What is wanted of a point."""

    SHARPE = "sharpe"
    RETURN = "return"
    CALMAR = "calmar"


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
    fee_tier: FeeTierName = None,
    region: FeeRegion = None,
    participation: Participation = None,
    impact: Impact = None,
    latency_ms: LatencyMs = None,
    latency_bars: LatencyBars = None,
    touch_fills: TouchFills = None,
    product_spec: ProductSpec = None,
    min_coverage: MinCoverage = None,
    data_dir: DataDir = None,
    risk: RiskChoice = Risk.PROFILE,
    order_style: StyleChoice = None,
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
    from gpt_trader.app import backtest as backtest_input
    from gpt_trader.app import optimize as optimize_run
    from gpt_trader.app.history import parse_period
    from gpt_trader.backtest.files import check_outputs, write_lines
    from gpt_trader.cli.main import INTERRUPTED
    from gpt_trader.cli.optimize import view as optimize_view
    from gpt_trader.cli.optimize.progress import Shown, again, next_command
    from gpt_trader.optimize.document import document
    from gpt_trader.optimize.page import html
    from gpt_trader.optimize.space import parse_axis

    check_outputs({"--report": report})
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
            "costs.fee_tier": fee_tier,
            "costs.region": region,
            "costs.participation": participation,
            "costs.touch_fills": touch_fills,
            "costs.impact": impact,
            "costs.latency_ms": latency_ms,
            "costs.latency_bars": latency_bars,
            "data.min_coverage_pct": min_coverage,
        },
        sets=sets or [],
        data=data or [],
        demo=demo,
        period=parse_period(start, end),
        interval=interval,
        data_dir=data_dir,
        spec=product_spec,
        risk=risk is Risk.PROFILE,
        style=None if order_style is None else order_style.value,
        close_at_end=False,
        engine=None,
        self_check=True,
    )
    say_if_compiling(SIMULATOR)
    axes = [parse_axis(text) for text in grid or []]
    shown = Shown(axes)
    try:
        search = optimize_run.run(
            asked,
            axes,
            folds=folds,
            objective=objective.value,
            state_dir=state_dir,
            progress=shown.note,
        )
    except KeyboardInterrupt:
        shown.clear()
        note(f"stopped: {shown.done:,} of {shown.total:,} points are done and kept")
        note(f"go on with: {again()}")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        shown.clear()
    if report is not None:
        write_lines(report, html(search), [])
    if not json:
        optimize_view.show(search, then=next_command(asked, search))
    labels = [search.label] if json and search.label else []
    emit("optimize", document(search), labels, json=json)
