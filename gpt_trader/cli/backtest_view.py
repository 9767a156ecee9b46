"""A backtest as people read it: numbers, costs in money, refusals, checks, what next."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from gpt_trader.backtest.checks import Checks
from gpt_trader.backtest.metrics import drawdown_curve_pct
from gpt_trader.backtest.result import Result
from gpt_trader.cli.output import console
from gpt_trader.data.times import format_time
from gpt_trader.domain.costs import CostModel
from gpt_trader.observe.spark import sparkline

NAMES_SHOWN = 4


def show(result: Result, *, next_command: str) -> None:
    """Print a result to stdout."""
    from rich.text import Text

    out = console()
    for line in heading(result):
        out.print(Text(line, style="bold" if line else ""))
    out.print()
    out.print(_numbers(result))
    out.print()
    equity = result.path.equity
    start = result.path.start
    out.print(_pair("equity", sparkline(equity)))
    out.print(_pair("drawdown", sparkline(drawdown_curve_pct(equity, start), floor=0.0)))
    out.print()
    for label, text in remarks(result):
        out.print(_pair(label, text))
    out.print()
    out.print(f"Next: {next_command}")


def heading(result: Result) -> list[str]:
    """Say what was run on what."""
    lines = [
        f"{s.name}({', '.join(f'{k}={v}' for k, v in s.params.items())}) on {', '.join(s.products)}"
        for s in result.strategy
    ]
    first = min(d.first for d in result.data)
    last = max(d.last for d in result.data)
    bars = sum(d.bars for d in result.data)
    gaps = sum(d.gaps for d in result.data)
    lines.append(
        f"{bars:,} bars of {result.data[0].interval}, {day(first)} to {day(last)}"
        f"{f', {gaps:,} gaps' if gaps else ''}, {result.terms.engine} engine"
    )
    return [*lines, result.label] if result.label else lines


def day(time_ms: int) -> str:
    """Return the UTC date of a time."""
    return format_time(time_ms)[:10]


def _numbers(result: Result) -> Any:  # noqa: ANN401
    """The result beside its costs, four columns."""
    from rich.table import Table

    m = result.metrics
    left = [
        ("return", percent(m.return_pct)),
        ("buy and hold", percent(m.buy_hold_return_pct)),
        ("a year", percent(m.cagr_pct)),
        ("deepest drawdown", percent(-m.max_drawdown_pct)),
        ("longest drawdown", f"{m.max_drawdown_days:,.1f} days"),
        ("Sharpe", number(m.sharpe)),
        ("Sortino", number(m.sortino)),
        ("trades", f"{m.trades:,} + {m.open_trades} open" if m.open_trades else f"{m.trades:,}"),
        ("won", percent(m.win_rate_pct)),
        ("profit factor", number(m.profit_factor)),
        ("in the market", percent(m.exposure_pct)),
    ]
    right = [
        ("start", f"{m.start_equity:,.2f}"),
        ("final", f"{m.final_equity:,.2f}"),
        ("gross", f"{m.gross_pnl:+,.2f}"),
        ("fees", f"{-m.fees_paid:,.2f}"),
        ("spread, slippage", f"{-m.spread_slippage_paid:,.2f}"),
        ("net", f"{m.net_pnl:+,.2f}"),
        ("turnover", f"{m.turnover:,.1f} x equity"),
        ("maker share", percent(m.maker_share_pct)),
        ("cost a round trip", bps(m.cost_per_round_trip_bps)),
        ("break-even move", bps(m.break_even_move_bps)),
        ("fees a year", percent(m.fees_per_year_pct)),
    ]
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for justify in ("left", "right", "left", "right"):
        grid.add_column(justify=justify)
    for (name, value), (cost, money) in zip(left, right, strict=True):
        grid.add_row(name, value, f"  {cost}", money)
    return grid


def remarks(result: Result) -> list[tuple[str, str]]:
    """Say what decisions came to, what was refused, halted and checked."""
    groups = result.decisions
    lines = [("held", named(groups["held"])), ("acted", named(groups["acted"]))]
    lines.append(("refused", named(groups["refused"])))
    halts = []
    if result.halts.drawdown is not None:
        halts.append(f"drawdown limit reached {format_time(result.halts.drawdown)}: no entry since")
    if result.halts.loss_days:
        halts.append(f"daily loss limit reached on {result.halts.loss_days} days")
    if halts:
        lines.append(("halts", "; ".join(halts)))
    lines.append(("checks", checked(result.checks)))
    lines.append(("costs", result.costs_label or rates(result.terms.costs)))
    if result.terms.risk is None:
        lines.append(("risk", "no limits"))
    return lines


def checked(checks: Checks) -> str:
    """Say what the checks came to; one that fails ends the command."""
    lookahead, warmup = (
        "not checked" if ok is None else "ok" for ok in (checks.lookahead_ok, checks.warmup_ok)
    )
    return (
        f"look-ahead {lookahead} ({checks.sampled} rows cut off), "
        f"warm-up {warmup} ({checks.warmup_bars} bars)"
    )


def rates(costs: CostModel) -> str:
    """Say what trading costs."""
    return (
        f"taker {costs.taker_bps:g}, maker {costs.maker_bps:g}, half spread "
        f"{costs.spread_bps:g}, slippage {costs.slippage_bps:g} bps"
    )


def named(counts: Mapping[str, int]) -> str:
    """Return the commonest names with their counts."""
    shown = [f"{name} {count:,}" for name, count in list(counts.items())[:NAMES_SHOWN]]
    rest = len(counts) - len(shown)
    return (", ".join(shown) or "none") + (f", {rest} more" if rest else "")


def percent(value: float | None) -> str:
    """Return a percentage; a dash where it is undefined."""
    return "-" if value is None else f"{value:,.2f} %"


def number(value: float | None) -> str:
    """Return a ratio; a dash where it is undefined."""
    return "-" if value is None else f"{value:,.2f}"


def bps(value: float | None) -> str:
    """Return basis points; a dash where they are undefined."""
    return "-" if value is None else f"{value:,.0f} bps"


def _pair(label: str, text: str) -> str:
    return f"{label:<10}{text}"


def next_command(options: Sequence[tuple[str, str | None]], *flags: str) -> str:
    """Return the command again with the options given and further flags."""
    given = [part for name, value in options if value is not None for part in (name, value)]
    return shlex.join(["gpt-trader", "backtest", *given, *flags])
