"""The chosen point at terms hardly worse than its own, as a backtest's verdict asks of a run."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from gpt_trader.backtest.raw_run import uncounted
from gpt_trader.measure.doubt import Doubt
from gpt_trader.measure.late import Late, fill_late
from gpt_trader.measure.metrics import return_pct
from gpt_trader.measure.sensitivity import Dearer
from gpt_trader.measure.verdict import fragile
from gpt_trader.optimize.sweep import SearchTerms, run_whole


@dataclass(frozen=True, slots=True)
class OtherTerms:
    """The chosen point over all days, at dearer fees and filled late.

    late: None if no order of the strategy was filled. uncounted: as `raw_run.uncounted` says.
    """

    dearer: Dearer
    late: Late | None
    uncounted: tuple[Doubt, ...] = ()

    def doubts(self) -> Iterator[Doubt]:
        """Yield what of it keeps a search from PASS."""
        yield from self.uncounted
        yield from fragile(self.dearer, self.late)


def at_other_terms(terms: SearchTerms, strategy: Any) -> OtherTerms:  # noqa: ANN401
    """Run a point again at other terms."""
    costs = terms.costs.dearer()
    dearer, _ = run_whole(replace(terms, costs=costs), strategy)
    made = return_pct(terms.start, float(dearer.equity[-1]))
    path, raw = run_whole(terms, strategy)
    return OtherTerms(
        Dearer(costs.taker_bps, costs.maker_bps, made), fill_late(path), tuple(uncounted(raw))
    )
