"""The chosen point at terms hardly worse than its own, as a backtest's verdict asks of a run."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from gpt_trader.backtest.raw_run import uncounted
from gpt_trader.measure.doubt import Doubt
from gpt_trader.measure.funding import unfunded
from gpt_trader.measure.late import Late, fill_late
from gpt_trader.measure.metrics import return_pct, sharpe
from gpt_trader.measure.path import day_returns
from gpt_trader.measure.sensitivity import Dearer
from gpt_trader.measure.size import too_large
from gpt_trader.measure.verdict import fragile, like_a_leak
from gpt_trader.optimize.sweep import SearchTerms, run_whole


@dataclass(frozen=True, slots=True)
class OtherTerms:
    """The chosen point over all days: as it is, at dearer fees, filled late, and a bar later.

    return_pct, delayed_return_pct: percent; sharpe: annualized, None: undefined. late: None if no
    order of the strategy was filled. unreal: what nobody could have traded, and what overflowed.
    """

    return_pct: float
    sharpe: float | None
    delayed_return_pct: float
    dearer: Dearer
    late: Late | None
    unreal: tuple[Doubt, ...] = ()

    def doubts(self) -> Iterator[Doubt]:
        """Yield what of it keeps a search from PASS."""
        yield from self.unreal
        yield from fragile(self.dearer, self.late)
        yield from like_a_leak(self.return_pct, self.sharpe, self.delayed_return_pct)


def at_other_terms(terms: SearchTerms, strategy: Any) -> OtherTerms:  # noqa: ANN401
    """Run a point again at other terms."""
    costs = terms.costs
    path, raw = run_whole(terms, strategy)
    slow = replace(costs, latency_bars=costs.latency_bars + 1)
    dear = costs.dearer()
    made, later, dearer = (
        return_pct(terms.start, float(equity[-1]))
        for equity in (
            path.equity,
            *(run_whole(replace(terms, costs=one), strategy)[0].equity for one in (slow, dear)),
        )
    )
    return OtherTerms(
        made,
        sharpe(day_returns(path)),
        later,
        Dearer(dear.taker_bps, dear.maker_bps, dearer),
        fill_late(path),
        (*uncounted(raw), *too_large(path, costs), *unfunded(path)),
    )
