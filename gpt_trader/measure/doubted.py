"""What a run comes to without the prices in doubt, and what that says of the run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gpt_trader.data.checks.clean import BY_PRICE, in_doubt, without_doubt
from gpt_trader.data.checks.findings import Judged, say_doubts
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.times import format_time
from gpt_trader.measure.baselines import baselines
from gpt_trader.measure.doubt import UNTESTED, Doubt
from gpt_trader.measure.metrics import return_pct
from gpt_trader.measure.path import Listed, Path

Floats = NDArray[np.float64]
KEPT = 0.9  # share of the profit that is left, from which on doubtful prices did not make it


@dataclass(frozen=True, slots=True)
class WithoutDoubt:
    """A run and buy and hold without the prices in doubt, percent; None: it cannot be bought."""

    return_pct: float
    buy_hold_return_pct: float | None
    vol_matched_return_pct: float | None


def run_without(
    path: Path,
    costs: CostModel,
    judged: Sequence[Judged],
    run_bars: Callable[[Sequence[Bars]], Floats],
    *,
    close_at_end: bool,
) -> WithoutDoubt | None:
    """Run a strategy again without the prices in doubt; None if there are none.

    run_bars: the strategy, asked anew, on other bars of the same times: equity at their closes.
    """
    if not in_doubt(judged):
        return None
    found = {one.product: one.findings for one in judged}
    clean = [without_doubt(bars, found.get(bars.product.product_id, ())) for bars in path.bars]
    beside = {bars.product.product_id: bars for bars in clean}
    other = replace(
        path,
        bars=tuple(clean),
        equity=run_bars(clean),
        listed=tuple(
            Listed(_of(beside[one.bars.product.product_id], one.bars), one.is_delisted)
            for one in path.listed
        ),
    )
    held = baselines(other, costs, close_at_end=close_at_end)
    return WithoutDoubt(
        return_pct(path.start, float(other.equity[-1])),
        held.buy_hold_return_pct,
        held.vol_matched_return_pct,
    )


def _of(bars: Bars, part: Bars) -> Bars:
    """Return the bars of the times of a part."""
    if not len(part):
        return bars[:0]
    first, last = np.searchsorted(bars.time, [part.time[0], part.time[-1]])
    return bars[int(first) : int(last) + 1]


def bars_in_doubt(
    judged: Sequence[Judged], own_pct: float, without: WithoutDoubt | None
) -> Iterator[Doubt]:
    """Yield what about its bars keeps a run of a return from PASS.

    without: None if the run cannot be repeated, and every doubt counts; else prices in doubt do
    only if they can have made the profit, or made it look better than holding.
    """
    made = without is None or not _is_kept(own_pct, without)
    for one in judged:
        counted = [f for f in one.findings if made or f.kind not in BY_PRICE]
        yield from (
            Doubt(UNTESTED, said) for said in say_doubts([replace(one, findings=tuple(counted))])
        )
    if without is not None and made:
        held = without.buy_hold_return_pct
        beside = "" if held is None else f", buy and hold {held:+,.1f} %"
        yield Doubt(
            UNTESTED, f"Without the prices in doubt it makes {without.return_pct:+,.1f} %{beside}."
        )


def held_past_the_end(path: Path) -> Iterator[str]:
    """Yield, as sentences, what is held of a product whose bars end before the others'."""
    last = int(path.time[-1])
    for p, bars in enumerate(path.bars):
        mine = path.fills[path.fills["product"] == p]
        lots = int((mine["side"] * mine["lots"]).sum())
        ended, product = int(bars.time[-1]), bars.product
        if lots and ended < last:
            yield (
                f"It holds {product.size(lots):f} of {product.product_id}, whose bars end on "
                f"{format_time(ended)[:10]}: its value stands still since then."
            )


def _is_kept(own_pct: float, without: WithoutDoubt) -> bool:
    matched = without.vol_matched_return_pct
    return (
        without.return_pct >= KEPT * own_pct
        and matched is not None
        and without.return_pct > matched
    )
