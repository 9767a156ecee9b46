"""Events, records, commands and state from JSON, exactly as `written` wrote them.

Driven by the types' annotations: a NamedTuple is an object of its fields, a tuple an array, an
enum its value, NaN null, an infinity the text "Infinity" or "-Infinity". Values of a union
carry their tag under "type". Where a number may be absent, NaN and None read as None. What types
and fields are called on disk is said by `names`.
"""

import json
import math
from collections.abc import Callable
from decimal import Decimal
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import numpy as np

from gpt_trader.domain.bars import Bar
from gpt_trader.domain.decision import Decision, Told, Why
from gpt_trader.domain.order import Order
from gpt_trader.domain.product import AS_COUNTED, Grid, Product
from gpt_trader.engine.commands import Command
from gpt_trader.engine.events import Event
from gpt_trader.engine.names import (
    FLAT,
    OLD_TAGS,
    ROWS,
    SLOT_COLUMNS,
    TAGS,
    bare,
    hints_of,
    name_of,
)
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import Record
from gpt_trader.engine.state import (
    AS_SENT,
    COVERED,
    STAYING,
    Absence,
    Doubt,
    Exposure,
    Leaving,
    Resized,
    State,
    open_of,
)
from gpt_trader.engine.window import Window, window_of
from gpt_trader.engine.written import written
from gpt_trader.errors import JournalError, UsageError
from gpt_trader.kernel.marks import Marks
from gpt_trader.kernel.slot import Slots, new_slots

Decoder = Callable[[Any], Any]


def _number(data: float | str | None) -> float:
    return math.nan if data is None else float(data)


@cache
def _decoder(hint: Any) -> Decoder:  # noqa: ANN401
    if hint is float:
        return _number
    if hint is Any or hint in (int, str, bool, NoneType):
        return _same
    origin = get_origin(hint)
    if origin is tuple:
        item = _decoder(get_args(hint)[0])
        return lambda data: tuple(item(one) for one in data)
    if bare(hint) in ROWS:
        row, read = _decoder(tuple[float, ...]), ROWS[bare(hint)][1]
        return lambda data: read(row(data))
    if origin is UnionType:
        inner = _decoder(bare(hint))
        return lambda data: None if data is None else inner(data)
    if origin is dict:
        return _same
    if hasattr(hint, "_fields"):
        return _record_decoder(hint)
    enum: Decoder = hint
    return enum


def _same(data: Any) -> Any:  # noqa: ANN401
    return data


def _reader(kind: Any, field: str, hint: Any) -> tuple[str | None, Decoder]:  # noqa: ANN401
    """Return what a field is read from, None for the whole object that has it, and how."""
    if hint in FLAT:
        return None, _decoder(hint)
    if kind is Decision and field == "why":
        told = _decoder(Told)
        return None, lambda data: Why(partial(told, data))  # recovery never asks why
    return name_of(kind, field), _decoder(hint)


def _record_decoder(kind: Any) -> Decoder:  # noqa: ANN401
    """Return what makes a NamedTuple of an object; a field that it lacks has its default."""
    hints = hints_of(kind)
    readers = [_reader(kind, field, hint) for field, hint in hints.items()]

    def decoded(data: dict[str, Any]) -> Any:  # noqa: ANN401
        try:
            return kind._make(
                [
                    decode(data)
                    if name is None
                    else data[name]
                    if decode is _same
                    else decode(data[name])
                    for name, decode in readers
                ]
            )
        except KeyError:
            return kind(
                **{
                    field: decode(data if name is None else data[name])
                    for field, (name, decode) in zip(hints, readers, strict=True)
                    if name is None or name in data
                }
            )

    return decoded


@cache
def _by_name(union: Any) -> dict[str, Decoder]:  # noqa: ANN401
    kinds = get_args(union)
    known = {TAGS[kind]: _decoder(kind) for kind in kinds}
    return known | {tag: _decoder(kind) for tag, kind in OLD_TAGS.items() if kind in kinds}


def _untagged(union: Any, data: dict[str, Any]) -> Any:  # noqa: ANN401
    known = _by_name(union)
    if data.get("type") not in known:
        raise JournalError(
            f"expected a known type in the journal, was {data.get('type')!r}",
            hint="a newer version wrote this journal: use it to read it",
        )
    return known[data["type"]](data)


def event_from_json(data: dict[str, Any]) -> Event:
    """Return the event that `tagged_text` wrote. Raises JournalError on an unknown type."""
    event: Event = _untagged(Event, data)
    return event


def record_from_json(data: dict[str, Any]) -> Record:
    """Return the record that `tagged_text` wrote. Raises JournalError on an unknown type."""
    record: Record = _untagged(Record, data)
    return record


def command_from_json(data: dict[str, Any]) -> Command:
    """Return the command that `tagged_text` wrote. Raises JournalError on an unknown type."""
    command: Command = _untagged(Command, data)
    return command


def _slots_to_json(slots: Slots) -> dict[str, Any]:
    return {
        key: [list(row) for row in zip(*(slots[name].tolist() for name in names), strict=True)]
        for key, names in SLOT_COLUMNS.items()
    }


def _slots_from_json(data: dict[str, Any]) -> Slots:
    slots = new_slots(len(data["si"]))
    for key, names in SLOT_COLUMNS.items():
        for j, row in enumerate(data[key]):
            for name, value in zip(names, row, strict=True):
                slots[name][j] = math.nan if value is None else value
    return slots


def state_text(state: State) -> str:
    """Return the whole state as its one JSON text.

    What only a session at an exchange has is left out while there is nothing of it.
    """
    parts = {
        "cash": state.cash,
        **_slots_to_json(state.slots),
        "marks": state.marks,
        "orders": list(state.orders.values()),  # their order is priority
        "windows": [None if w is None else _window_to_json(w) for w in state.windows],
        "bars_seen": state.bars_seen,
        "last_bar_ms": state.last_bar_ms,
        "arrived": sorted(state.arrived),
        "arriving_ms": state.arriving_ms,
        "cycle_ms": state.cycle_ms,
        "cycles": state.cycles,
        "halted": state.halted,
        "paused": state.paused,
        "switched_by": state.switched_by,
        "switch_reason": state.switch_reason,
        "flattening": state.flattening,
        "fees": state.fees,
        "funding": state.funding,
        "transfers": state.transfers,
        "memory": state.memory,
        "fee_book": state.fee_book.tolist(),
        "ledger": state.ledger,
        "guarded_ms": state.protected_ms,
        "frozen": state.frozen,
        "reconciled_ms": state.reconciled_ms,
        "foreign_orders": state.foreign_orders,
    }
    if any(state.closed):
        parts["closed"] = state.closed
    if any(state.unproven):
        parts["unproven"] = state.unproven
    if any(state.passed_ms):
        parts["passed_ms"] = state.passed_ms
    if any(state.limit_only):
        parts["limit_only"] = state.limit_only
    if any(one != AS_COUNTED for one in state.grids):
        parts["grids"] = state.grids
    if any(state.lacking):
        parts["lacking"] = state.lacking
    if any(one != STAYING for one in state.leaving):
        parts["leaving"] = state.leaving
    if any(one != COVERED for one in state.exposure):
        parts["exposure"] = state.exposure
    if any(one != AS_SENT for one in state.resized):
        parts["resized"] = state.resized
    if state.reads:
        parts["reads"] = {name: _read_to_json(window) for name, window in state.reads.items()}
    if state.absences:
        parts["absences"] = state.absences
    if state.doubts:
        parts["doubts"] = state.doubts
    if state.unwanted:
        parts["unwanted"] = sorted(state.unwanted)
    return written(parts)


def state_from_json(plan: Plan, data: dict[str, Any]) -> State:
    """Return the state that `state_text` wrote, now or in a version before."""
    p = len(plan.products)
    absent: dict[str, Any] = {"ledger": {}, "guarded_ms": [0] * p}  # before version 4, and 5
    # before version 6, and where there is nothing of it
    absent |= {
        "leaving": [{}] * p,
        "absences": {},
        "doubts": {},
        "unwanted": [],
        "exposure": [{}] * p,
    }
    absent |= {"closed": [""] * p, "limit_only": [False] * p, "grids": [{}] * p}
    absent |= {"unproven": [""] * p}
    absent |= {"lacking": [0] * p, "passed_ms": [0] * p, "resized": [{}] * p}
    absent |= {"reads": {}}
    absent |= {"flattening": False, "frozen": [""] * p, "reconciled_ms": 0, "foreign_orders": 0}
    data = absent | data
    marks: Marks = _decoder(Marks)(data["marks"])
    orders = {order.client_order_id: order for order in map(_decoder(Order), data["orders"])}
    return State(
        cash=data["cash"],
        slots=_slots_from_json(data),
        marks=marks,
        orders=orders,
        open_orders=open_of(orders),
        windows=tuple(
            None if rows is None else _window_from_json(product, plan.interval_ms, rows)
            for product, rows in zip(plan.products, data["windows"], strict=True)
        ),
        reads={name: _read_from_json(one) for name, one in data["reads"].items()},
        bars_seen=tuple(data["bars_seen"]),
        last_bar_ms=tuple(data["last_bar_ms"]),
        arrived=frozenset(data["arrived"]),
        arriving_ms=data["arriving_ms"],
        cycle_ms=data["cycle_ms"],
        cycles=data["cycles"],
        halted=data["halted"],
        paused=data["paused"],
        switched_by=data["switched_by"],
        switch_reason=data["switch_reason"],
        flattening=data["flattening"],
        fees=data["fees"],
        funding=data["funding"],
        transfers=data["transfers"],
        memory=tuple(data["memory"]),
        fee_book=np.array(data["fee_book"], np.int64),
        ledger=data["ledger"],
        protected_ms=tuple(data["guarded_ms"]),
        passed_ms=tuple(data["passed_ms"]),
        frozen=tuple(data["frozen"]),
        closed=tuple(data["closed"]),
        unproven=tuple(data["unproven"]),
        limit_only=tuple(data["limit_only"]),
        grids=tuple(map(_decoder(Grid), data["grids"])),
        lacking=tuple(data["lacking"]),
        reconciled_ms=data["reconciled_ms"],
        foreign_orders=data["foreign_orders"],
        leaving=tuple(map(_decoder(Leaving), data["leaving"])),
        exposure=tuple(map(_decoder(Exposure), data["exposure"])),
        resized=tuple(map(_decoder(Resized), data["resized"])),
        unwanted=frozenset(data["unwanted"]),
        absences={key: _decoder(Absence)(one) for key, one in data["absences"].items()},
        doubts={key: _decoder(Doubt)(one) for key, one in data["doubts"].items()},
    )


def plain_memory(value: Any, whose: str = "the strategy") -> Any:  # noqa: ANN401
    """Return a strategy's memory as a restart would read it: JSON with sorted keys, a copy.

    Raises UsageError if it is no JSON, or holds a number that is not finite.
    """
    if value is None:
        return None
    try:
        return json.loads(json.dumps(value, sort_keys=True, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"expected {whose} to keep JSON as its memory, was {type(value).__name__}: {error}",
            hint="keep numbers that are finite, texts, lists and dicts; None for an absent number",
        ) from error


def _window_to_json(window: Window) -> list[list[Any]]:
    return [list(bar[1:]) for bar in window.rows]


def _read_to_json(window: Window) -> dict[str, Any]:
    """Return a window with its grid: the plan of a later session may have another, or none."""
    product = window.product
    return {
        "product_id": product.product_id,
        "base_increment": str(product.base_increment),
        "price_increment": str(product.price_increment),
        "interval_ms": window.interval_ms,
        "bars": _window_to_json(window),
    }


def _read_from_json(data: dict[str, Any]) -> Window:
    product = Product(
        data["product_id"], Decimal(data["base_increment"]), Decimal(data["price_increment"])
    )
    return _window_from_json(product, data["interval_ms"], data["bars"])


def _window_from_json(product: Product, interval_ms: int, rows: list[list[Any]]) -> Window:
    bars = [Bar(product.product_id, *row) for row in rows]
    return window_of(product, interval_ms, bars)
