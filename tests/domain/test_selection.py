"""Selection by rules, and membership that knows nothing of later bars."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.domain.bars import Bar, bars_from_rows
from gpt_trader.domain.selection import (
    DAY_MS,
    Candidate,
    Criteria,
    candidate,
    choices,
    inside,
    members,
    moments,
    select,
    while_listed,
)
from gpt_trader.errors import DataError, UsageError
from tests.engine_helpers import COIN

ALWAYS = (0, 10**15)


def one(product_id="A-USD", **changes):
    return Candidate(product_id, 100, 5000.0, 10.0, 50.0, 0.5)._replace(**changes)


def daily(product_id, closes, volumes):
    product = replace(COIN, product_id=product_id)
    rows = [
        Bar(product_id, i * DAY_MS, c, c, c, c, float(v))
        for i, (c, v) in enumerate(zip(closes, volumes, strict=True))
    ]
    return bars_from_rows(product, DAY_MS, rows)


BOUNDS = [
    ("min_age_days", "age_days", 100, 99, "TOO_YOUNG"),
    ("min_quote_volume", "quote_volume", 5000.0, 4999.9, "TOO_LITTLE_VOLUME"),
    ("max_spread_bps", "spread_bps", 10.0, 10.1, "SPREAD_TOO_WIDE"),
    ("max_spread_bps", "spread_bps", 10.0, None, "SPREAD_TOO_WIDE"),
    ("min_price", "price", 50.0, 49.9, "PRICE_TOO_LOW"),
    ("max_price", "price", 50.0, 50.1, "PRICE_TOO_HIGH"),
    ("min_volatility", "volatility", 0.5, 0.49, "TOO_CALM"),
    ("max_volatility", "volatility", 0.5, 0.51, "TOO_WILD"),
    ("max_volatility", "volatility", 0.5, float("nan"), "TOO_WILD"),
]


@pytest.mark.parametrize("rule, field, bound, beyond, code", BOUNDS)
def test_a_bound_takes_its_own_value_and_refuses_the_next(rule, field, bound, beyond, code):
    rules = Criteria(**{rule: bound})
    at, past = select([one(**{field: bound}), one("B-USD", **{field: beyond})], rules)
    assert (at.code, past.code, past.threshold) == ("IN", code, bound)
    assert select([one(**{field: beyond})], Criteria())[0].kept


def test_the_top_are_ranked_and_ties_go_by_name():
    found = [one("C-USD"), one("A-USD"), one("B-USD", quote_volume=6000.0)]
    assert [c.kept for c in select(found, Criteria(top=2))] == [False, True, True]
    assert select(found, Criteria(top=2))[0] == ("C-USD", "TOO_LOW_RANK", 3.0, 2.0)
    wild = [one("A-USD"), one("B-USD", volatility=0.6), one("C-USD", volatility=float("nan"))]
    by = select(wild, Criteria(top=1, by="volatility"))
    assert [c.kept for c in by] == [False, True, False]
    with pytest.raises(UsageError, match="at least 1"):
        Criteria(top=0)


def test_a_candidate_is_made_of_closed_bars_only():
    bars = daily("A-USD", [100, 110, 121, 500], [3, 0, 6, 9])
    assert candidate(bars, DAY_MS - 1) is None
    found = candidate(bars, 3 * DAY_MS)
    tick = COIN.tick
    assert found.age_days == 3
    assert found.price == pytest.approx(121 * tick)
    assert found.quote_volume == pytest.approx((300 + 6 * 121) * tick / 30)
    assert found.volatility == pytest.approx(0.0, abs=1e-12)
    assert found.spread_bps is None
    assert candidate(bars, 3 * DAY_MS, listed_ms=DAY_MS).age_days == 2
    uneven = candidate(daily("A-USD", [100, 110, 100], [1, 1, 1]), 3 * DAY_MS)
    returns = np.log([110 / 100, 100 / 110])
    assert uneven.volatility == pytest.approx(np.std(returns, ddof=1) * np.sqrt(365))


def test_a_product_is_in_only_while_it_is_listed():
    bars = daily("A-USD", [100] * 14, [1] * 14)
    spans = {"A-USD": ((2 * DAY_MS, 6 * DAY_MS), (8 * DAY_MS, 12 * DAY_MS))}
    found = members([bars], spans, Criteria(), "1d")
    assert (found.moments[found.mask[:, 0]] // DAY_MS).tolist() == [2, 3, 4, 5, 8, 9, 10, 11]
    assert np.flatnonzero(inside(bars, found)).tolist() == [1, 2, 7, 8]  # out two bars before
    assert np.flatnonzero(inside(bars, found, delay_bars=1)).tolist() == [1, 7]
    assert while_listed(bars, found) == [(slice(2, 6), True), (slice(8, 12), True)]
    assert while_listed(bars[:5], found) == [(slice(2, 5), False)]
    assert choices([bars], {}, Criteria(), DAY_MS)[0].code == "NOT_LISTED"
    assert choices([bars], {"A-USD": [ALWAYS]}, Criteria(), 0)[0].code == "NO_BARS"
    with pytest.raises(UsageError, match="nothing of B-USD"):
        inside(daily("B-USD", [1], [1]), found)
    with pytest.raises(DataError, match="name none of the products of the data: A-USD"):
        members([bars], {"B-USD": [ALWAYS]}, Criteria(), "1d")
    never = members([bars], {"A-USD": ()}, Criteria(), "1d")
    assert not inside(bars, never).any()
    assert while_listed(bars, never) == [(slice(0, 0), False)]


def test_a_listing_ends_with_its_bars_and_one_of_the_future_does_not():
    longer, shorter = daily("A-USD", [100] * 14, [1] * 14), daily("B-USD", [100] * 9, [1] * 9)
    spans = {"A-USD": ((0, 15 * DAY_MS),), "B-USD": ((0, 12 * DAY_MS),)}
    found = members([longer, shorter], spans, Criteria(), "1w")
    assert found.listed == (((0, 15 * DAY_MS),), ((0, 9 * DAY_MS),))
    assert not inside(shorter, found)[-2:].any()
    assert while_listed(shorter, found) == [(slice(0, 9), True)]
    assert while_listed(longer, found) == [(slice(0, 14), False)]


def test_the_moments_are_days_mondays_and_firsts():
    begin, end = 17 * DAY_MS + 5, 40 * DAY_MS  # 1970-01-18, a Sunday, to February 10th
    assert (moments(begin, end, "1d") // DAY_MS).tolist() == list(range(17, 41))
    assert (moments(begin, end, "1w") // DAY_MS).tolist() == [11, 18, 25, 32, 39]
    assert (moments(begin, end, "1M") // DAY_MS).tolist() == [0, 31]


@given(st.integers(1, 39), st.sampled_from(["1d", "1w", "1M"]), st.integers(0, 99))
def test_later_bars_never_change_a_choice(day, every, seed):
    rng = np.random.default_rng(seed)
    closes, volumes = rng.integers(50, 150, (3, 40)), rng.integers(0, 9, (3, 40))
    ids = ("A-USD", "B-USD", "C-USD")
    rules = Criteria(top=1, min_volatility=0.1)
    listings = {name: [ALWAYS] for name in ids}

    def found():
        rows = zip(ids, closes.tolist(), volumes.tolist(), strict=True)
        return members([daily(*row) for row in rows], listings, rules, every)

    before = found()
    closes[:, day:] = rng.integers(50, 150, (3, 40 - day))
    volumes[:, day:] = rng.integers(0, 9, (3, 40 - day))
    then = before.moments <= day * DAY_MS
    assert then.any()
    assert found().mask[then].tolist() == before.mask[then].tolist()
