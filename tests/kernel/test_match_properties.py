"""What holds for any slot and any bar."""

from math import nan

from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.kernel.codes import BUY, FILL_ENTRY, FILL_EXIT, FILL_REDUCE, MAKER, SELL
from gpt_trader.kernel.ledger import cash_after
from gpt_trader.kernel.match import (
    MAX_FILLS_PER_BAR,
    MAX_LOG_PER_BAR,
    fill_fee,
    is_quiet,
    room_lots,
)
from gpt_trader.kernel.slot import KIND_LIMIT, KIND_NONE, KIND_SIZE, KIND_VALUE
from tests.kernel.rows import CASH, DEAR, PERP, UNIT, flat, holding, play, working

prices = st.integers(9_000, 11_000)
fractions = st.sampled_from([nan, 0.01, 0.05])


@st.composite
def any_slots(draw):
    """Return the slot of any position and any order that a decision can have placed on it."""
    lots = draw(st.integers(-9, 9))
    guards = {name: draw(fractions) for name in ("stop", "take", "trail")}
    slot = holding(lots, draw(prices), **guards) if lots else flat()
    kind = draw(st.sampled_from([KIND_NONE, KIND_SIZE, KIND_VALUE, KIND_LIMIT]))
    if kind == KIND_NONE:
        return slot
    adding = lots == 0 or draw(st.booleans()) or kind == KIND_VALUE
    side = draw(st.sampled_from([BUY, SELL])) if lots == 0 else (BUY if lots > 0 else SELL)
    if kind == KIND_VALUE:
        if side != BUY:
            kind = KIND_SIZE
        amount = draw(st.integers(0, 2000)) * UNIT if side == BUY else 5
    else:
        amount = draw(st.integers(1, 12))
    if not adding:
        amount = min(amount, abs(lots))
    reason = FILL_ENTRY if adding else draw(st.sampled_from([FILL_REDUCE, FILL_EXIT]))
    side = side if adding else -side
    next_guards = {name: draw(fractions) for name in ("stop", "take", "trail")}
    return working(slot, kind, side, amount, limit=draw(prices), reason=reason, **next_guards)


@st.composite
def bars(draw):
    first, second, third = draw(prices), draw(prices), draw(prices)
    return first, max(first, second, third), min(first, second, third)


@given(any_slots(), bars(), st.floats(0.0, 100.0))
def test_fills_add_up_to_position_and_cash_within_bar_and_volume(slot, bar, volume):
    before = int(slot["lots"])
    limit = int(slot["limit_ticks"])
    costs = DEAR._replace(participation=0.1)
    seen = play(slot, *bar, volume=volume, costs=costs, spec=PERP)
    position, cash = before, CASH
    for side, lots, ticks, liquidity, reason in seen.fills:
        rate = costs.maker_e8 if liquidity == MAKER else costs.taker_e8
        cash = cash_after(cash, side, lots, ticks, fill_fee(side, lots, ticks, rate, PERP), PERP)
        after = position + side * lots
        if reason == FILL_ENTRY:
            assert position * side >= 0
        else:
            assert position * side < 0
            assert after * position >= 0, "a reducing fill never crosses zero"
        if liquidity == MAKER and reason in {FILL_ENTRY, FILL_EXIT, FILL_REDUCE}:
            assert ticks == limit
        position = after
    assert slot["lots"] == position
    assert seen.cash == cash
    assert sum(fill[1] for fill in seen.fills) <= room_lots(volume, costs, PERP)
    assert len(seen.fills) <= MAX_FILLS_PER_BAR
    assert len(seen.fills) + len(seen.log) <= MAX_LOG_PER_BAR


@given(any_slots(), bars())
def test_a_quiet_bar_changes_nothing(slot, bar):
    before = repr(slot)
    quiet = is_quiet(slot, bar[1], bar[2])
    seen = play(slot, *bar)
    if quiet:
        assert seen == ([], [], CASH)
        assert repr(slot) == before
