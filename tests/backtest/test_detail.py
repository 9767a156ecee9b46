"""What happens inside a bar is decided by finer ones."""

from dataclasses import replace

import pytest

from gpt_trader import backtest
from gpt_trader.data.checks.quality import digest
from gpt_trader.data.resample import resample
from gpt_trader.domain.costs import order_style
from gpt_trader.kernel.codes import BUY, FILL_ENTRY, FILL_STOP, FILL_TAKE_PROFIT, SELL, TAKER
from gpt_trader.kernel.match import LOG_EXPIRED
from gpt_trader.kernel.slot import KIND_LIMIT
from tests.backtest.test_result import FREE, Above, walk
from tests.kernel.rows import flat, holding, play, working

HOUR = 3_600_000


def parts_of(rows, *bars):
    """Meet the parts of one bar in turn; return reasons and prices of fills, and what ended."""
    last = len(bars) - 1
    seen = [play(rows, *bar, is_first=k == 0, is_last=k == last) for k, bar in enumerate(bars)]
    return (
        [(fill[4], fill[2]) for one in seen for fill in one.fills],
        [code for one in seen for code in one.log],
    )


def test_the_first_level_that_the_parts_reach_is_the_one_that_fills():
    up, down = (10_000, 11_200, 10_000), (10_000, 10_000, 8_900)
    levels = {"stop": 0.1, "take": 0.1}
    assert parts_of(holding(5, **levels), up, down)[0] == [(FILL_TAKE_PROFIT, 11_000)]
    assert parts_of(holding(5, **levels), down, up)[0] == [(FILL_STOP, 9_000)]
    whole = play(holding(5, **levels), 10_000, 11_200, 8_900).fills
    assert whole == [(SELL, 5, 9_000, TAKER, FILL_STOP)]  # without parts: the stop came first


def test_a_limit_is_judged_as_post_only_at_the_first_part_and_ends_with_the_last():
    calm, crossed = (10_000, 10_010, 9_990), (9_800, 9_900, 9_700)
    buy = {"limit": 9_850}
    assert parts_of(working(flat(), KIND_LIMIT, BUY, 5, **buy), calm, crossed)[0] == [
        (FILL_ENTRY, 9_850)
    ]
    assert parts_of(working(flat(), KIND_LIMIT, BUY, 5, **buy), crossed, calm)[0] == []
    fills, log = parts_of(working(flat(), KIND_LIMIT, BUY, 5, limit=9_000), calm, calm, crossed)
    assert (fills, log) == ([], [LOG_EXPIRED])


def test_both_engines_agree_and_a_result_can_differ_from_that_without_detail():
    fine = walk(n=2_000)
    bars = resample(fine, 4 * HOUR)
    costs = replace(FREE, impact=1.0)  # an order meets the volume of its part, not of the bar
    terms = {"costs": costs, "self_check": False, "style": order_style("taker")}
    fast = backtest(bars, Above(), detail=[fine], **terms)
    replay = backtest(bars, Above(), detail=[fine], engine="replay", **terms)
    assert fast.fills.tolist() == replay.fills.tolist()
    assert len(fast.fills) > 10
    plain = backtest(bars, Above(), **terms)
    assert fast.fills.tolist() != plain.fills.tolist()
    assert plain.to_json_dict()["detail"] == []
    (used,) = fast.to_json_dict()["detail"]
    assert (used["interval"], used["bars"], used["sha256"]) == ("1h", 2_000, digest(fine))
    assert fast.run_id == replay.run_id


def test_finer_bars_that_change_no_fill_are_part_of_the_run_id():
    fine = walk(n=100)
    terms = {"bars": resample(fine, 4 * HOUR), "strategy": Above(90), "self_check": False}
    ids = {backtest(**terms, detail=detail).run_id for detail in ((), (fine,), (fine,))}
    assert len(ids) == 2


@pytest.mark.parametrize("engine", ["fast", "replay"])
def test_detail_without_orders_changes_nothing(engine):
    fine = walk(n=100)
    result = backtest(
        resample(fine, 4 * HOUR), Above(90), detail=[fine], engine=engine, self_check=False
    )
    assert len(result.fills) == 0
