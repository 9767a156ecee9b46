"""What was measured of a run, in a few lines of text."""

from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING

from gpt_trader.domain.text import shown

if TYPE_CHECKING:
    from gpt_trader.measure.assess import Assessment
    from gpt_trader.measure.inference import Range
    from gpt_trader.measure.measured import Metrics
    from gpt_trader.measure.verdict import Verdict

DASH = "-"
LEADING = (
    "start_equity", "final_equity", "return_pct", "cagr_pct", "buy_hold_return_pct", "sharpe",
    "sortino", "calmar", "volatility_pct", "max_drawdown_pct", "max_drawdown_days", "exposure_pct",
    "trades", "open_trades", "win_rate_pct", "profit_factor", "expectancy", "fills", "turnover",
    "gross_pnl", "fees_paid", "spread_slippage_paid", "funding_paid", "net_pnl",
)  # fmt: skip


def metrics_text(found: "Metrics") -> str:
    """Return the `repr` of a run's numbers: those that matter by their names, two in a line."""
    cells = [f"{name:<22}{_value(getattr(found, name)):>16}" for name in LEADING]
    half = len(cells) // 2
    rows = (f"  {a}     {b}" for a, b in zip(cells[:half], cells[half:], strict=True))
    return shown([f"Metrics: {len(fields(found))} numbers, all of them in to_series()", *rows])


def verdict_lines(found: "Verdict") -> Iterator[str]:
    """Yield a verdict, and each of its reasons on a line of its own."""
    kinds = f" ({', '.join(found.kinds)})" if found.kinds else ""
    yield f"Verdict: {found.word}{kinds}"
    yield from (f"  - {reason}" for reason in found.reasons)


def assessment_text(found: "Assessment") -> str:
    """Return the `repr` of an assessment: verdict, intervals, luck and what it hangs on."""
    return shown(_assessed(found))


def _assessed(found: "Assessment") -> Iterator[str]:
    sure, proof, beside = found.inference, found.proof, found.baselines
    yield "Assessment"
    yield from verdict_lines(found.verdict)
    yield (
        f"{sure.level:.0%} intervals: return {_range(sure.return_pct)} %, Sharpe "
        f"{_range(sure.sharpe)}, deepest drawdown {_range(sure.max_drawdown_pct)} %"
    )
    yield (
        f"proof: chance of luck {_chance(proof.luck)}, of timing {_chance(proof.timing)} (below "
        f"{proof.level:.0%} each), {proof.trials:,} trials, {proof.days:,} days"
    )
    if found.nulls is not None:
        yield f"nulls: {found.nulls.as_good:,} of {found.nulls.count:,} at other times as good"
    yield (
        f"buy and hold {_value(beside.buy_hold_return_pct)} %, at equal risk "
        f"{_value(beside.vol_matched_return_pct)} %"
    )


def _range(ends: "Range | None") -> str:
    return DASH if ends is None else f"{ends.low:,.2f} to {ends.high:,.2f}"


def _chance(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2g}"


def _value(value: float | Decimal | None) -> str:
    if value is None:
        return DASH
    return (
        f"{value:,}"
        if isinstance(value, int)
        else f"{value:,.4g}"
        if _is_ratio(value)
        else (f"{value:,.2f}")
    )


def _is_ratio(value: float | Decimal) -> bool:
    return isinstance(value, float) and abs(value) < 1.0
