"""Late targets and late orders, in both engines."""

from dataclasses import replace

import numpy as np
import pytest

from gpt_trader import CostModel, backtest
from gpt_trader.domain.costs import order_style
from gpt_trader.errors import UsageError
from tests.backtest.test_result import FREE, Above, AboveByBar, walk

HOUR = 3_600_000
TAKER = order_style("taker")
LATE = replace(FREE, latency_ms=60_000)


def run(costs, engine="fast", **terms):
    return backtest(walk(), Above(), costs=costs, engine=engine, self_check=False, **terms)


@pytest.mark.parametrize("engine", ["fast", "replay"])
def test_targets_act_so_many_bars_later(engine):
    first, later = (
        run(replace(FREE, latency_bars=n), engine, style=TAKER, risk=None).fills for n in (1, 3)
    )
    n = len(later)
    assert n > 10
    np.testing.assert_array_equal(later["bar"], first["bar"][:n] + 2)
    np.testing.assert_array_equal(later["side"], first["side"][:n])


def test_latency_costs_money_and_both_engines_agree():
    now, late = run(FREE, style=TAKER), run(LATE, style=TAKER)
    assert now.metrics.final_equity > late.metrics.final_equity
    again = run(LATE, "replay", style=TAKER)
    assert late.fills.tolist() == again.fills.tolist()
    moved = (late.fills["ticks"] - late.fills["base"]) * late.fills["side"]
    assert (moved > 0).all()


def test_a_latency_is_a_part_of_the_bar():
    with pytest.raises(UsageError, match="below the bar's 3600000 ms"):
        run(CostModel(latency_ms=HOUR))
    with pytest.raises(UsageError, match="latency_ms of 0 or more"):
        CostModel(latency_ms=-1)


def test_what_decides_bar_by_bar_has_no_columns_to_shift():
    with pytest.raises(UsageError, match="decides bar by bar"):
        backtest(walk(), AboveByBar(), costs=CostModel(latency_bars=1), self_check=False)
