"""The loops over rows made by hand: what passes, what cuts, how long a refusal lasts."""

from math import inf, nan

import pytest

from gpt_trader.kernel.guards import (
    FOREVER_MS,
    NOWHERE,
    asks_sized,
    cut,
    lasts_until,
    refuses_entry,
    refuses_operator,
    refuses_sized,
    said,
    said_of_cut,
)
from gpt_trader.kernel.readings import no_readings
from gpt_trader.risk.guards import BARS, Guard
from gpt_trader.risk.table import guard_table, where

DAY_MS = 86_400_000


def row(reading: str, code: int = 50, **terms: object) -> Guard:
    words = dict.fromkeys(("words", "detail", "test"), "")
    kind = {"scope": "product", "reading": reading, "name": reading}
    return Guard(code=code, reason=f"R{code}", **(words | kind | terms))  # type: ignore[arg-type]


def table(*rows: Guard):
    return guard_table(rows, {}, [where(BARS, is_perpetual=False)])


def read(**numbers: float):
    readings = no_readings()
    for name, number in numbers.items():
        readings[name] = number
    return readings


@pytest.mark.parametrize(
    "comparison, passing",
    [
        ("below", [-inf, 0.99]),
        ("at most", [-inf, 0.99, 1.0]),
        ("at least", [1.0, 1.01, inf]),
        ("above", [1.01, inf]),
    ],
)
def test_a_reading_passes_as_it_compares_and_no_number_never(comparison, passing):
    guards = table(row("equity", comparison=comparison, limit=1.0))
    for seen in (-inf, 0.99, 1.0, 1.01, inf, nan):
        k = refuses_entry(guards, 0, read(equity=seen))
        assert (k == NOWHERE) == (seen in passing), seen


@pytest.mark.parametrize("comparison", ["below", "at most", "at least", "above"])
@pytest.mark.parametrize("seen", [-inf, 0.0, 1.0, inf, nan])
def test_a_limit_that_is_no_number_refuses_whatever_is_read(comparison, seen):
    for kind in ("entry", "order"):
        guards = table(row("equity", comparison=comparison, limit=nan, kind=kind))
        assert refuses_entry(guards, 0, read(equity=seen)) == 0
        assert refuses_operator(guards, 0, read(equity=seen)) == 0


def test_the_first_row_is_named_whoever_asks():
    about_orders = {"kind": "order", "route": "size"}
    guards = table(
        row("order_overflow", 50, **about_orders), row("halt", 51), row("pause", 52),
    )  # fmt: skip
    all_on = read(order_overflow=1.0, halt=1.0, pause=1.0)
    assert guards[0, refuses_entry(guards, 0, all_on)]["code"] == 51
    assert guards[0, refuses_operator(guards, 0, all_on)]["code"] == 50
    assert not asks_sized(guards, 0)


def test_a_sized_entry_is_asked_of_what_neither_cuts_nor_sizes():
    guards = table(row("halt", 50), row("order_worth", 51, kind="order", limit=5.0))
    assert asks_sized(guards, 0)
    assert refuses_sized(guards, 0, read(order_worth=5.0)) == NOWHERE
    assert said(guards[0, 1], read(order_worth=6.0)) == (6.0, 5.0)
    assert refuses_sized(guards, 0, read(order_worth=6.0)) == 1
    assert refuses_sized(guards, 0, read()) == 1


def test_an_entry_is_cut_to_the_tightest_room_and_to_nothing_without_a_number():
    cutting = {"kind": "order", "route": "cut"}
    guards = table(
        row("product_share_after", 50, room=("equity", "product_used"), limit=0.5, **cutting),
        row("order_worth", 51, room=("spendable", ""), limit=1.0, **cutting),
    )
    seen = {"equity": 100.0, "product_used": 20.0, "spendable": 25.0}
    assert cut(guards, 0, read(**seen), 10.0) == (10.0, NOWHERE)
    assert cut(guards, 0, read(**seen), 40.0) == (25.0, 1)
    assert cut(guards, 0, read(**seen | {"spendable": 99.0}), 40.0) == (30.0, 0)
    assert said_of_cut(guards[0, 0], read(**seen), 40.0) == (0.2, 0.5)
    assert said_of_cut(guards[0, 1], read(**seen), 40.0) == (40.0, 25.0)
    for name in seen:
        left, by = cut(guards, 0, read(**seen | {name: nan}), 40.0)
        assert left == 0.0
        assert by != NOWHERE


@pytest.mark.parametrize(
    "changes, reading, limit, until",
    [
        ("never", "halt", 0.0, FOREVER_MS),
        ("at equity", "drawdown_latch", 0.0, FOREVER_MS),
        ("at day", "entries_today", 0.0, DAY_MS),
        ("at time", "bar_ms", 5_000.0, 5_000),
        ("at time", "bar_ms", 999.0, FOREVER_MS),  # it is behind
        ("at time", "bar_ms", inf, FOREVER_MS),
        ("any bar", "halt", 0.0, 1_000),
    ],
)
def test_a_refusal_lasts_until_a_row_up_to_it_may_answer_otherwise(changes, reading, limit, until):
    first = row(reading, 50, changes=changes, limit=limit)
    steady = row("pause", 51, changes="never")
    assert lasts_until(table(first, steady), 0, 50, 1_000, DAY_MS) == until
    assert lasts_until(table(first, steady), 0, 51, 1_000, DAY_MS) == until
    assert lasts_until(table(steady, first), 0, 51, 1_000, DAY_MS) == FOREVER_MS


def test_a_refusal_by_no_row_of_entries_lasts_for_no_bar():
    guards = table(row("halt", 50, changes="never"), row("order_worth", 51, kind="order"))
    assert lasts_until(guards, 0, 51, 1_000, DAY_MS) == 1_000
    assert lasts_until(guards, 0, 52, 1_000, DAY_MS) == 1_000
