"""Taking any guard out makes a boundary check fail (so the checks do check).

Each row is left out of the table in turn. What no row says - how marks latch, how an entry is cut
and sized - is taken out of the kernel's source, which is executed uncompiled with one piece
replaced; nothing in the package changes.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from gpt_trader.domain.costs import CostModel, order_style
from gpt_trader.kernel import codes, guards, marks, readings, sizing
from gpt_trader.kernel.bounds import Bounds, bounds_of, bounds_record
from gpt_trader.kernel.entries import read_entry, refusal_of
from gpt_trader.kernel.market import Rules
from gpt_trader.kernel.readings import Outside, no_readings
from gpt_trader.kernel.record import words
from gpt_trader.kernel.rounding import spec_table
from gpt_trader.kernel.slot import Slots, new_slots
from gpt_trader.kernel.style import style_table
from gpt_trader.risk.guards import BARS, GUARDS
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.risk.table import guard_table, where
from tests.engine_helpers import COIN, FREE, GOLD, HOUR, UNIT

POLICY = RiskPolicy().limits(HOUR)
WORTH = 10_000.0
MARKS = {"equity": WORTH, "high": WORTH, "day": 0, "day_start": WORTH, "entries": 0,
         "day_halted": 0, "halted": 0}  # fmt: skip
NOBODY = Outside(0, 0, 0, 0, 0, 0)


def uncompiled(module: Any, removed: str = "", instead: str = "", **names: Any) -> SimpleNamespace:
    """A module's source, executed without numba and with one piece replaced."""
    source = inspect.getsource(module)
    assert source.count(removed) >= 1 or not removed, f"not in the source: {removed}"
    source = source.replace(removed, instead) if removed else source
    space: dict[str, Any] = {"__name__": f"mutant_of_{module.__name__}"}
    exec(  # noqa: S102 - our own source
        source.replace(
            "from gpt_trader.kernel.compiled import compiled",
            "def compiled(function):\n    return function\n",
        ),
        space,
    )
    return SimpleNamespace(**(space | names))


def bounded(policy: Any) -> Bounds:
    return Bounds(*bounds_of(bounds_record(policy)))


def world(
    mutated: str = "", removed: str = "", instead: str = "", without: str = ""
) -> SimpleNamespace:
    """The kernel's modules, one of them mutated, and the rows, one of them left out."""
    spaces = {}
    for module in (marks, readings, guards, sizing):
        name = module.__name__.rpartition(".")[2]
        spaces[name] = uncompiled(module, *((removed, instead) if mutated == name else ()))
    # The functions look names up in their own globals: hand them the mutated ones there.
    spaces["sizing"].decide.__globals__.update(
        read_product=spaces["readings"].read_product,
        refuses_entry=spaces["guards"].refuses_entry,
        cut=spaces["guards"].cut,
    )
    return SimpleNamespace(
        mark=spaces["marks"].mark,
        Marks=spaces["marks"].Marks,
        decide=spaces["sizing"].decide,
        rows=[row for row in GUARDS if row.reason != without],
    )


def table(w: SimpleNamespace, policy: Any) -> Any:
    return guard_table(w.rows, policy, [where(BARS, is_perpetual=False)])


def slots_at(lots: int = 0, held_back: int = 0, close: int = 10_000) -> Slots:
    slots = new_slots(1)
    slots["close_ticks"], slots["lots"], slots["held_back_units"] = close, lots, held_back
    return slots


def code(
    w: SimpleNamespace,
    *,
    marks: dict[str, Any] | None = None,
    outside: Outside = NOBODY,
    weight: float = 0.2,
    lots: int = 0,
    held_back: int = 0,
    cash: int = 10_000 * UNIT,
    stop: float = math.nan,
    policy: Any = POLICY,
    costs: CostModel = FREE,
    product: Any = COIN,
) -> Any:
    """The ticket of a decision for one product at a price of 100."""
    styles = style_table([order_style("taker").kernel()])
    rules = Rules(spec_table([product.spec]), bounded(policy), table(w, policy), styles)
    ticket, _ = w.decide(
        slots_at(lots, held_back), 0, weight, stop, cash, w.Marks(**(MARKS | (marks or {}))),
        outside, no_readings(), rules, costs.kernel(),
    )  # fmt: skip
    return ticket


def operators(
    w: SimpleNamespace,
    cost: float = 1_000.0,
    *,
    least: float = 200.0,
    off_grid: float = 0.0,
    overflow: float = 0.0,
    close: int = 10_000,
    cash: int = 10_000,
    policy: Any = POLICY,
) -> int:
    """What becomes of an operator's entry that takes `cost` quote: a code, 0: it may leave."""
    specs = words(spec_table([COIN.spec]))
    marks = w.Marks(**MARKS)
    read = read_entry(slots_at(close=close), 0, cash * UNIT, 0, specs, *marks, *NOBODY)
    units = round(cost * UNIT)
    return int(refusal_of(read, table(w, policy), 0, units, least, off_grid, overflow)[0])


# The boundary checks: each is true of the code as it is.


def check_halt(w):
    assert code(w).code == codes.ACT_ENTER
    assert code(w, outside=NOBODY._replace(halt=1)).code == codes.REFUSED_HALTED


def check_pause(w):
    assert code(w, outside=NOBODY._replace(pause=1)).code == codes.REFUSED_PAUSED


def check_unknown(w):
    assert code(w, outside=NOBODY._replace(unknown_orders=1)).code == codes.REFUSED_UNKNOWN_ORDER


def check_unreconciled(w):
    assert code(w, outside=NOBODY._replace(unreconciled=1)).code == codes.REFUSED_UNRECONCILED


def check_bar_age(w):
    assert code(w, outside=NOBODY._replace(bar_age_ms=2 * HOUR)).code == codes.ACT_ENTER
    assert code(w, outside=NOBODY._replace(bar_age_ms=2 * HOUR + 1)).code == codes.REFUSED_STALE_BAR


def check_entries(w):
    assert code(w, marks={"entries": 19}).code == codes.ACT_ENTER
    assert code(w, marks={"entries": 20}).code == codes.REFUSED_ENTRIES


def check_drawdown(w):
    before = w.Marks(**MARKS)
    for loss, halted in [(1_499.99, 0), (1_500.0, 1), (math.nan, 1)]:
        assert w.mark(before, 0, WORTH - loss, bounded(POLICY)).halted == halted
    assert code(w, marks={"halted": 1}).code == codes.REFUSED_DRAWDOWN


def check_daily_loss(w):
    before = w.Marks(**MARKS)
    for loss, halted in [(299.99, 0), (300.0, 1), (math.nan, 1)]:
        assert w.mark(before, 0, WORTH - loss, bounded(POLICY)).day_halted == halted
    assert code(w, marks={"day_halted": 1}).code == codes.REFUSED_DAILY_LOSS


def check_product_cap(w):
    assert code(w, weight=0.7).quote == 2_500 * UNIT
    assert code(w, weight=0.25, held_back=2_500 * UNIT).code == codes.REFUSED_PRODUCT_CAP
    assert operators(w, 2_501.0) == codes.REFUSED_PRODUCT_CAP


def check_gross_cap(w):
    policy = {**POLICY, "max_gross": 0.1}
    assert code(w, policy=policy).quote == 1_000 * UNIT
    assert code(w, policy=policy, held_back=1_000 * UNIT).code == codes.REFUSED_GROSS_CAP
    assert operators(w, 1_001.0, policy=policy) == codes.REFUSED_GROSS_CAP


def check_cash(w):
    assert code(w, cash=500 * UNIT).quote == 500 * UNIT
    assert code(w, cash=0).code == codes.REFUSED_CASH
    assert operators(w, cash=1_000) == 0
    assert operators(w, cash=999) == codes.REFUSED_CASH


def check_minimum(w):
    assert code(w, weight=0.02).code == codes.ACT_ENTER
    assert code(w, weight=0.0199).code == codes.REFUSED_MINIMUM
    assert operators(w, 200.0) == 0
    assert operators(w, 199.0) == codes.REFUSED_MINIMUM


def check_sellable(w):
    product = replace(COIN, quote_min_size=COIN.quote_min_size * 100)
    assert code(w, weight=0.02, product=product).code == codes.ACT_ENTER
    assert code(w, weight=0.02, stop=0.5, product=product).code == codes.REFUSED_MINIMUM
    costly = CostModel(taker_bps=120, spread_bps=0, slippage_bps=0)
    finer = replace(GOLD, quote_min_size=GOLD.quote_min_size * 100)  # a lot is worth 10
    assert code(w, weight=0.0204, product=finer, costs=costly).code == codes.REFUSED_MINIMUM
    assert code(w, weight=0.0215, product=finer, costs=costly).code == codes.ACT_ENTER


def check_overflow(w):
    rich = {"equity": 1e11, "high": 1e11, "day_start": 1e11}
    assert code(w, marks=rich, cash=4 * 10**18).code == codes.REFUSED_OVERFLOW
    assert operators(w, overflow=5.0) == codes.REFUSED_OVERFLOW


def check_grid(w):
    assert operators(w, off_grid=1.0) == codes.REFUSED_GRID


def check_missing(w):
    assert code(w, marks={"equity": math.nan}).code == codes.REFUSED_MISSING_INPUT
    assert code(w, marks={"equity": 0.0}).code == codes.REFUSED_MISSING_INPUT
    assert operators(w, close=0) == codes.REFUSED_MISSING_INPUT


CHECKS: dict[str, Callable[[SimpleNamespace], None]] = {
    name.removeprefix("check_"): check
    for name, check in list(globals().items())
    if name.startswith("check_")
}
NEVER = "if False and "
# each row's check
BY_ROW = {
    "OFF_GRID": "grid",
    "MISSING_INPUT": "missing",
    "HALTED": "halt",
    "DRAWDOWN": "drawdown",
    "DAILY_LOSS": "daily_loss",
    "PAUSED": "pause",
    "UNKNOWN_ORDER": "unknown",
    "UNRECONCILED": "unreconciled",
    "STALE_BAR": "bar_age",
    "MAX_ENTRIES": "entries",
    "OVERFLOW": "overflow",
    "BELOW_MINIMUM": "minimum",
    "PRODUCT_CAP": "product_cap",
    "GROSS_CAP": "gross_cap",
    "CASH": "cash",
}
HELD_BACK = ' + quote(slot["reserve_units"] + slot["held_back_units"])'
# (module, what is removed, what stands there instead, the check that must fail)
REMOVALS = [
    ("marks", "if not high - equity < bounds", "if high - equity > bounds", "drawdown"),
    ("marks", "if not high - equity < bounds", NEVER + "not high - equity < bounds", "drawdown"),
    (
        "marks",
        "if not day_start - equity < bounds",
        "if day_start - equity > bounds",
        "daily_loss",
    ),
    (
        "marks",
        "if not day_start - equity < bounds",
        NEVER + "not day_start - equity < bounds",
        "daily_loss",
    ),
    ("guards", "if most < left:", "if False:", "cash"),
    ("guards", "return not passes", "return False", "halt"),
    ("readings", HELD_BACK, "", "product_cap"),
    ("sizing", "lots < least * spec.min_lots or", "", "minimum"),
    ("sizing", "or sellable < least * quote(spec.min_units)", "", "sellable"),
    ("sizing", "sellable *= 1.0 - costs.taker_e8 / RATE_SCALE", "pass", "sellable"),
    ("sizing", "sellable *= max(1.0 - stop, 0.0)", "pass", "sellable"),
    ("sizing", "if not spend < VALUE_MAX:", "if False:", "overflow"),
    ("sizing", "if not (equity > 0.0 and close > 0):", "if False:", "missing"),
    ("sizing", "refuses_entry(rules.guards, j, readings)", "NOWHERE", "halt"),
]


@pytest.mark.parametrize("name", CHECKS)
def test_the_boundary_holds(name):
    CHECKS[name](world())


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.reason)
def test_lesson_12_removing_a_guard_fails_its_check(guard):
    without = world(without=guard.reason)
    with pytest.raises(AssertionError):
        CHECKS[BY_ROW[guard.reason]](without)


@pytest.mark.parametrize(
    "module, removed, instead, name", REMOVALS, ids=[f"{r[3]}: {r[1][:40]}" for r in REMOVALS]
)
def test_lesson_12_removing_a_line_fails_its_check(module, removed, instead, name):
    mutant = world(module, removed, instead)
    with pytest.raises((AssertionError, ZeroDivisionError)):
        CHECKS[name](mutant)
