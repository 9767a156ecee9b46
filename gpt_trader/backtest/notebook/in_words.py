"""A run in a few lines of text: what was run, the verdict, and the numbers that matter."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gpt_trader.backtest.report.words import number, percent, plural, true_minus
from gpt_trader.domain.text import printable, shown
from gpt_trader.domain.times import format_time
from gpt_trader.measure.inference import Range
from gpt_trader.observe.spark import sparkline

if TYPE_CHECKING:
    from gpt_trader.backtest.result import Result

PRODUCTS_SHOWN = 4
NOT_ASSESSED = "Verdict: not assessed (assess=True tells how far it can be trusted)"


def text(result: "Result") -> str:
    """Return a run's `repr`: at most 25 lines of 100 columns."""
    return shown(_lines(result))


def _lines(result: "Result") -> Iterator[str]:
    yield f"Result {result.run_id}{': interrupted, a part' if result.interrupted else ''}"
    yield from heading(result)
    if result.label:
        yield result.label
    if result.assessment is None:
        yield NOT_ASSESSED
    else:
        yield from map(true_minus, result.assessment.verdict.lines())
    yield ""
    yield from _numbers(result)
    yield f"equity            {sparkline(result.path.equity)}"
    if said := result.undeclared:
        yield f"Not stated or checked: {'; '.join(said)}"
    for note in (*result.remarks, *result.notes):
        yield f"Note: {note}"


def heading(result: "Result") -> Iterator[str]:
    """Say what was run on what, a line a strategy and one for the bars."""
    for used in result.strategy:
        params = ", ".join(f"{name}={value}" for name, value in used.params.items())
        left = len(used.products) - PRODUCTS_SHOWN
        on = ", ".join(used.products[:PRODUCTS_SHOWN]) + (f" and {left} more" if left > 0 else "")
        yield printable(f"{used.name} on {on}{': ' if params else ''}{params}")
    first, last = (format_time(int(result.path.time[row]))[:10] for row in (0, -1))
    bars = sum(len(one) for one in result.path.bars)
    yield (
        f"{bars:,} bars of {result.data[0].interval}, {first} to {last}, "
        f"{result.terms.engine} engine"
    )


def _numbers(result: "Result") -> Iterator[str]:
    m, found = result.metrics, result.assessment
    sure = None if found is None else found.inference
    level = "" if sure is None else f"{sure.level * 100:g} % interval"
    yield f"{'':17} {'result':>12}   {level:<24}buy and hold"
    ends = (None,) * 3 if sure is None else (sure.return_pct, sure.sharpe, sure.max_drawdown_pct)
    held_sharpe = None if found is None else found.baselines.buy_hold_sharpe
    rows = (
        ("return", percent(m.return_pct), percent(m.buy_hold_return_pct)),
        ("Sharpe ratio", number(m.sharpe), number(held_sharpe)),
        ("deepest drawdown", percent(m.max_drawdown_pct), ""),
    )
    for (name, value, beside), range_ in zip(rows, ends, strict=True):
        yield f"{name:<17} {value:>12}   {_range(range_):<24}{beside}".rstrip()
    won = "" if m.win_rate_pct is None else f", {percent(m.win_rate_pct, 0)} made money"
    still = f", {m.open_trades} open" if m.open_trades else ""
    yield f"{'trades':<17} {m.trades:>12,}   {plural(m.fills, 'fill')}{won}{still}"
    paid = m.gross_pnl - m.funding_paid - m.net_pnl
    yield (
        f"{'paid':<17} {number(paid):>12}   fees {number(m.fees_paid)}, spread and slippage "
        f"{number(m.spread_slippage_paid)}"
    )


def _range(ends: Range | None) -> str:
    return "" if ends is None else f"{number(ends.low, 1)} to {number(ends.high, 1)}"
