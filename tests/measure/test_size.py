"""What a run takes of its bars' volume, and from which size on nothing is proven by it."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import CostModel, backtest
from gpt_trader.backtest.prepare import cash_units
from gpt_trader.domain.costs import order_style
from gpt_trader.domain.targets import Targets
from gpt_trader.measure.size import shares, too_large
from gpt_trader.optimize.sweep import SearchTerms
from gpt_trader.optimize.terms import at_other_terms
from tests.power.rates import NOTHING_BEFORE
from tests.power.worlds import CHEAP, DECLARED, Tide, market
from tests.strategies_helpers import random_bars

TAKER = order_style("taker")


@dataclass(frozen=True)
class InAndOut:
    """Two bars in, two out."""

    name: ClassVar[str] = "in_and_out"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1

    def targets(self, bars):
        return Targets((bars.time // bars.interval_ms % 4 < 2).astype(np.float64))


def run(volume, **costs):
    """A run of fills of about 0.33 BTC each (10,000 at 30,000) in bars of a volume."""
    bars = replace(random_bars(200, 3), volume=np.broadcast_to(volume, 200).astype(np.float64))
    terms = CostModel(taker_bps=0.0, maker_bps=0.0, **costs)
    return backtest(bars, InAndOut(), costs=terms, style=TAKER, risk=None, self_check=False), terms


def said(volume, **costs):
    result, terms = run(volume, **costs)
    return [doubt.sentence for doubt in too_large(result.path, terms)]


def test_shares_are_of_the_bar_that_a_fill_is_in():
    result, _ = run(np.arange(1.0, 201.0))
    fills, bars = result.path.fills, result.path.bars[0]
    lot = float(bars.product.base_increment)
    np.testing.assert_allclose(
        shares(result.path), fills["lots"] * lot / bars.volume[fills["bar"]], rtol=1e-12
    )


@pytest.mark.parametrize("costs", [{}, {"impact": 1.0}, {"participation": 1.0}])
def test_fills_that_its_bars_have_no_room_for_bar_pass(costs):
    (told,) = said(2.0, **costs)
    assert told.startswith("Its middle fill is ")
    assert "of what its bar traded, above 1%" in told


def test_the_bound_is_where_capacity_is_the_equity_used():
    fits, _ = run(50.0)
    assert said(50.0) == []
    assert float(fits.metrics.capacity) > float(fits.metrics.start_equity)
    narrow, _ = run(20.0)
    assert len(said(20.0)) == 1
    assert float(narrow.metrics.capacity) < float(narrow.metrics.start_equity)


def test_a_cap_of_participation_bounds_the_fills():
    assert said(2.0, participation=0.05) == []


def test_volume_that_is_not_known_is_another_question():
    assert said(0.0) == []


def test_some_fills_larger_than_their_bars_are_enough():
    volume = np.where(np.arange(200) % 20 < 3, 0.01, 1_000.0)
    (told,) = said(volume)
    assert "larger than all that their bars traded" in told


@dataclass(frozen=True)
class HighTide(Tide):
    """In while the volume is that of a high tide, whatever the unit."""

    level: float = 0.002


def test_a_run_and_a_search_of_an_edge_in_tiny_bars_do_not_pass():
    bars = market(replace(DECLARED, costs=CHEAP, days=200, sharpe=8.0), 1)
    tiny = replace(bars, volume=bars.volume * 1e-6)
    terms = {"costs": CHEAP, "style": TAKER, "risk": None, "self_check": False}
    result = backtest(tiny, HighTide(), assess=True, trials=NOTHING_BEFORE, nulls=19, **terms)
    assert "fragile" in result.assessment.verdict.kinds
    assert any("middle fill" in one for one in result.assessment.verdict.reasons)
    searched = SearchTerms((tiny,), cash_units(10_000), CHEAP, None, TAKER, 1.0)
    found = [doubt.sentence for doubt in at_other_terms(searched, HighTide()).doubts()]
    assert any("middle fill" in one for one in found)
