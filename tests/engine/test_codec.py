"""Every event, record, command and state survives JSON exactly."""

import json
import math
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.domain.order import (
    Amendment,
    Order,
    OrderIntent,
    OrderStatus,
    OrderType,
    Protection,
    TimeInForce,
)
from gpt_trader.domain.targets import Target
from gpt_trader.engine import records as rec
from gpt_trader.engine.codec import (
    command_from_json,
    event_from_json,
    plain_memory,
    record_from_json,
    state_from_json,
    state_text,
)
from gpt_trader.engine.commands import Approved, Command, SubmitOrder
from gpt_trader.engine.events import Adjusted, Event, PositionFound
from gpt_trader.engine.names import SLOT_COLUMNS
from gpt_trader.engine.records import Decided, PositionTaken, Record
from gpt_trader.engine.written import tagged_text, written
from gpt_trader.errors import JournalError, UsageError
from gpt_trader.journal.encode import canonical_json
from gpt_trader.kernel.slot import SLOT
from tests.engine_helpers import COIN, FREE, GOLD, Desk, records_of, sent
from tests.examples import examples

READERS = {Event: event_from_json, Record: record_from_json, Command: command_from_json}
KINDS = [(kind, read) for union, read in READERS.items() for kind in get_args(union)]


def objects(items: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with their keys in the order in which they are written."""
    drawn = st.dictionaries(st.text(max_size=3), items, max_size=2)
    return drawn.map(lambda found: dict(sorted(found.items())))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | objects(inner),
    max_leaves=4,
)


def values(hint: Any, *, absent: bool = False) -> st.SearchStrategy[Any]:
    """Values of an annotated type; where a number may be absent, none is NaN (it reads None)."""
    if hint is float:
        return st.floats(allow_nan=not absent)
    if hint in {int, str, bool}:
        return {int: st.integers(-(2**63), 2**63), str: st.text(max_size=8), bool: st.booleans()}[
            hint
        ]
    if hint is Any:
        return json_values
    origin = get_origin(hint)
    if origin is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=2).map(tuple)
    if origin is dict:
        return objects(json_values)
    if origin is UnionType:
        inner = next(arg for arg in get_args(hint) if arg is not NoneType)
        none = st.none() if NoneType in get_args(hint) else st.nothing()
        return none | values(inner, absent=NoneType in get_args(hint))
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    hints = get_type_hints(hint)
    if hint is Protection:
        return st.builds(Protection, *[st.floats(0, 1)] * 3, st.integers(0, 10**6))
    return st.builds(hint, **{name: values(hints[name]) for name in hint._fields})


@pytest.mark.parametrize("kind, read", KINDS, ids=lambda x: getattr(x, "__name__", ""))
@examples(15)
@given(data=st.data())
def test_every_type_survives_json(kind, read, data):
    value = data.draw(values(kind))
    text = tagged_text(value)
    assert text == canonical_json(json.loads(text))
    again = read(json.loads(text))
    assert type(again) is kind
    assert repr(again) == repr(value)


def test_numbers_of_numpy_are_written_as_pythons_are():
    assert written([np.float64(0.1), np.int64(3), np.bool_(True), np.float64("nan")]) == (
        "[0.1,3,true,null]"
    )


def test_what_json_does_not_know_is_refused():
    with pytest.raises(TypeError, match="was object"):
        written({"a": (object(),)})


def test_not_a_number_and_infinity_are_kept_apart():
    desk = Desk()
    desk.want(math.nan, stop=math.inf, take_profit=math.nan, trail=-math.inf)
    [decided] = [r for r in desk.bar(10_000)[0].records if isinstance(r, Decided)]
    data = json.loads(tagged_text(decided))
    assert (data["stop"], data["take_profit"], data["trail"]) == ("Infinity", None, "-Infinity")


def test_an_unknown_type_names_itself():
    with pytest.raises(JournalError, match="Invented"):
        event_from_json({"type": "Invented"})
    with pytest.raises(JournalError, match="None"):
        record_from_json({})


DEPOSIT = Adjusted(1, "USD", "2", "deposit", "ann", "x")


def test_a_known_types_unknown_fields_are_ignored():
    data = {**json.loads(tagged_text(DEPOSIT)), "later": 1}
    assert event_from_json(data) == DEPOSIT


def test_orders_keep_their_priority_through_a_snapshot():
    desk = Desk(risk=None, costs=FREE)
    desk.bar(10_000)
    for n in range(6):
        desk.place(1, type=OrderType.LIMIT, lots=1, limit=9_900, command_id=f"k{n}")
    again = state_from_json(desk.plan, json.loads(state_text(desk.state)))
    assert list(again.orders) == list(desk.state.orders)


def test_memory_is_at_once_what_a_restart_would_read():
    memory = {"b": (1, 2), "a": {1: 0.5}}
    plain = plain_memory(memory)
    assert plain == {"a": {"1": 0.5}, "b": [1, 2]}
    assert list(plain) == ["a", "b"]
    assert plain_memory(plain) == plain
    assert plain_memory(None) is None


@pytest.mark.parametrize("memory", [math.nan, {"x": -math.inf}, {1: 1, "x": 1}, object(), {1, 2}])
def test_memory_that_is_no_json_is_refused_and_names_the_strategy(memory):
    with pytest.raises(UsageError, match="sma"):
        plain_memory(memory, "sma")


def test_a_strategy_sees_a_copy_of_the_memory_that_was_journaled():
    class Counting(Desk):
        def signals(self, state, j):
            memory = state.memory[j] or {"n": 0}
            memory["n"] += 1
            return Target(0.0), memory

    desk = Counting()
    for _ in range(3):
        desk.bar(10_000)
    decided = records_of(desk.entries, rec.Decided)
    assert [record.memory for record in decided] == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_an_event_of_an_older_journal_is_read_under_its_new_name():
    data = {"type": "FreezeRequested", "time_ms": 1, "product_id": "COIN-USD", "by": "t"}
    assert event_from_json(data | {"reason": "odd"}) == PositionFound(1, "COIN-USD", "t", "odd")


def test_what_an_older_journal_took_over_brought_in_nothing():
    assert record_from_json({"type": "PositionTaken"}) == PositionTaken(0)


def test_an_order_of_an_older_journal_has_the_fields_it_lacks():
    order = desk_order()
    data = json.loads(tagged_text(SubmitOrder(Approved(order))))
    del data["order"]["amend_lots"]
    assert command_from_json(data) == SubmitOrder(Approved(order))


WRITTEN_BEFORE = (
    '{"order":{"amend_limit":13,"amend_lots":12,"client_order_id":"id","exchange_id":"x",'
    '"expire_ms":8,"filled":10,"filled_fees":"15","filled_value":"14",'
    '"guard":[0.17,0.18,0.19,20.0],"is_new":false,"limit":6,"lots":4,"origin":"route",'
    '"post_only":true,"product_id":"COIN-USD","quote":5,"reason":9,"reduce_only":false,'
    '"reserve":11,"sent_ms":16,"side":1,"status":"OPEN","stop":7,"tif":"GTD","triggered":true,'
    '"type":"stop_limit"},"type":"SubmitOrder"}'
)


def test_an_order_is_the_flat_object_that_it_was_before_it_was_an_intent_and_its_life():
    intent = OrderIntent(
        "id", "COIN-USD", 1, OrderType.STOP_LIMIT, TimeInForce.GTD, 4, 5, 6, 7,
        post_only=True, expire_ms=8, reason=9, sent_ms=16,
        protection=Protection(stop=0.17, take_profit=0.18, trail=0.19, max_bars=20),
    )  # fmt: skip
    order = Order(
        intent, OrderStatus.OPEN, filled=10, reserve=11, is_new=False, triggered=True,
        amendment=Amendment(lots=12, limit=13), exchange_id="x", filled_value="14",
        filled_fees="15",
    )  # fmt: skip
    command = SubmitOrder(Approved(order))
    assert tagged_text(command) == WRITTEN_BEFORE
    assert command_from_json(json.loads(WRITTEN_BEFORE)) == command


def desk_order():
    desk = Desk()
    desk.bar(10_000)
    return sent(desk.place(1, lots=10))[0]


def test_a_state_survives_json():
    desk = Desk(COIN, GOLD)
    desk.want(0.2, 0, stop=0.05, trail=math.inf, max_bars=3)
    for _ in range(3):
        desk.bar(10_000, j=0)
        desk.bar(10_000, j=1)
    desk.bar(10_000, j=0)
    text = state_text(desk.state)
    again = state_from_json(desk.plan, json.loads(text))
    assert state_text(again) == text
    assert again.orders == desk.state.orders
    assert again.arrived == {0}
    assert again.window(0).close.tolist() == desk.state.window(0).close.tolist()


def test_every_field_of_a_slot_has_one_place_in_a_snapshot():
    placed = [name for names in SLOT_COLUMNS.values() for name in names]
    assert sorted(placed) == sorted(SLOT.names)
    slots = np.array([tuple(range(36)), tuple(range(36, 72))], SLOT)
    desk = Desk(COIN, GOLD)
    data = json.loads(state_text(desk.state._replace(slots=slots)))
    for key, names in SLOT_COLUMNS.items():
        assert data[key] == [[slots[name][j] for name in names] for j in (0, 1)]
    assert state_from_json(desk.plan, data).slots.tobytes() == slots.tobytes()
