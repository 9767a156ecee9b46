"""Taking any guard out of the source makes a boundary check fail (so the checks do check).

The kernel's source is executed uncompiled with one line replaced; nothing in the package changes.
"""

import ast
import inspect
import math
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from gpt_trader.domain.costs import CostModel, order_style
from gpt_trader.kernel import codes, limits, sizing
from gpt_trader.kernel.rounding import spec_table
from gpt_trader.kernel.settings import style_table
from gpt_trader.kernel.slot import new_slots
from gpt_trader.risk.policy import RiskPolicy
from tests.engine_helpers import COIN, FREE, GOLD, HOUR, UNIT

POLICY = RiskPolicy().limits(HOUR)
WORTH = 10_000.0
MARKS = {"equity": WORTH, "high": WORTH, "day": 0, "day_start": WORTH, "entries": 0,
         "day_halted": 0, "halted": 0}  # fmt: skip


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


def world(mutated: str = "", removed: str = "", instead: str = "") -> SimpleNamespace:
    """The kernel's limits and sizing, one of them mutated."""
    guards = uncompiled(limits, *((removed, instead) if mutated == "limits" else ()))
    sizes_source = (removed, instead) if mutated == "sizing" else ()
    sizes = uncompiled(sizing, *sizes_source)
    # The functions look names up in their own globals: hand them the mutated guards there.
    sizes.decide.__globals__.update(
        entry_stop=guards.entry_stop, stop_reading=lambda *_: (1.0, 0.0)
    )
    return SimpleNamespace(
        limits=guards, decide=sizes.decide, Marks=guards.Marks, Guards=guards.Guards
    )


def code(
    w: SimpleNamespace,
    *,
    marks: dict[str, Any] | None = None,
    guards: tuple[int, ...] = (0, 0, 0, 0),
    unreconciled: int = 0,
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
    slots = new_slots(1)
    slots["close_ticks"], slots["lots"], slots["held_back_units"] = 10_000, lots, held_back
    ticket, _ = w.decide(
        slots, 0, weight, stop, cash, w.Marks(**(MARKS | (marks or {}))),
        w.Guards(*guards, unreconciled),
        spec_table([product.spec]), costs.kernel(), policy,
        style_table([order_style("taker").kernel()]),
    )  # fmt: skip
    return ticket


# The boundary checks: each is true of the code as it is.


def check_halt(w):
    assert code(w).code == codes.ACT_ENTER
    assert code(w, guards=(1, 0, 0, 0)).code == codes.REFUSED_HALTED


def check_pause(w):
    assert code(w, guards=(0, 1, 0, 0)).code == codes.REFUSED_PAUSED


def check_unknown(w):
    assert code(w, guards=(0, 0, 1, 0)).code == codes.REFUSED_UNKNOWN_ORDER


def check_unreconciled(w):
    assert code(w, unreconciled=1).code == codes.REFUSED_UNRECONCILED


def check_bar_age(w):
    assert code(w, guards=(0, 0, 0, 2 * HOUR)).code == codes.ACT_ENTER
    assert code(w, guards=(0, 0, 0, 2 * HOUR + 1)).code == codes.REFUSED_STALE_BAR


def check_entries(w):
    assert code(w, marks={"entries": 19}).code == codes.ACT_ENTER
    assert code(w, marks={"entries": 20}).code == codes.REFUSED_ENTRIES


def check_drawdown(w):
    before = w.Marks(**MARKS)
    for loss, halted in [(1_499.99, 0), (1_500.0, 1), (math.nan, 1)]:
        assert w.limits.mark(before, 0, WORTH - loss, POLICY).halted == halted
    assert code(w, marks={"halted": 1}).code == codes.REFUSED_DRAWDOWN


def check_daily_loss(w):
    before = w.Marks(**MARKS)
    for loss, halted in [(299.99, 0), (300.0, 1), (math.nan, 1)]:
        assert w.limits.mark(before, 0, WORTH - loss, POLICY).day_halted == halted
    assert code(w, marks={"day_halted": 1}).code == codes.REFUSED_DAILY_LOSS


def check_product_cap(w):
    assert code(w, weight=0.7).quote == 2_500 * UNIT
    assert code(w, weight=0.25, held_back=2_500 * UNIT).code == codes.REFUSED_PRODUCT_CAP


def check_gross_cap(w):
    policy = POLICY._replace(max_gross=0.1)
    assert code(w, policy=policy).quote == 1_000 * UNIT
    assert code(w, policy=policy, held_back=1_000 * UNIT).code == codes.REFUSED_GROSS_CAP


def check_cash(w):
    assert code(w, cash=500 * UNIT).quote == 500 * UNIT
    assert code(w, cash=0).code == codes.REFUSED_CASH


def check_minimum(w):
    assert code(w, weight=0.02).code == codes.ACT_ENTER
    assert code(w, weight=0.0199).code == codes.REFUSED_MINIMUM


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


def check_missing(w):
    assert code(w, marks={"equity": math.nan}).code == codes.REFUSED_MISSING_INPUT
    assert code(w, marks={"equity": 0.0}).code == codes.REFUSED_MISSING_INPUT


CHECKS: dict[str, Callable[[SimpleNamespace], None]] = {
    name.removeprefix("check_"): check
    for name, check in list(globals().items())
    if name.startswith("check_")
}
NEVER = "if False and "
# (module, what is removed, what stands there instead, the check that must fail)
REMOVALS = [
    ("limits", "if guards.halted:", "if False:", "halt"),
    ("limits", "if marks.halted:", "if False:", "drawdown"),
    ("limits", "if marks.day_halted:", "if False:", "daily_loss"),
    ("limits", "if guards.paused:", "if False:", "pause"),
    ("limits", "if guards.unknown:", "if False:", "unknown"),
    ("limits", "if guards.unreconciled:", "if False:", "unreconciled"),
    ("limits", "if guards.bar_age_ms > limits.max_bar_age_ms:", "if False:", "bar_age"),
    ("limits", "if marks.entries >= limits.max_entries:", "if False:", "entries"),
    ("limits", "if not high - equity < limits", "if high - equity > limits", "drawdown"),
    ("limits", "if not high - equity < limits", NEVER + "not high - equity < limits", "drawdown"),
    (
        "limits",
        "if not day_start - equity < limits",
        "if day_start - equity > limits",
        "daily_loss",
    ),
    (
        "limits",
        "if not day_start - equity < limits",
        NEVER + "not day_start - equity < limits",
        "daily_loss",
    ),
    ("sizing", "min(planned.amount, product_room,", "min(planned.amount,", "product_cap"),
    ("sizing", "product_room, gross_room, free_quote)", "product_room, free_quote)", "gross_cap"),
    ("sizing", "gross_room, free_quote)", "gross_room)", "cash"),
    ("sizing", ' + quote(slot["held_back_units"])', "", "product_cap"),
    ("sizing", "lots < least * spec.min_lots or", "", "minimum"),
    ("sizing", "or sellable < least * quote(spec.min_units)", "", "sellable"),
    ("sizing", "sellable *= 1.0 - costs.taker_e8 / RATE_SCALE", "pass", "sellable"),
    ("sizing", "sellable *= max(1.0 - stop, 0.0)", "pass", "sellable"),
    ("sizing", "if not spend < VALUE_MAX:", "if False:", "overflow"),
    ("sizing", "if not (equity > 0.0 and close > 0):", "if False:", "missing"),
    ("sizing", "refusal = entry_stop(marks, limits, guards)", "refusal = 0", "halt"),
]


@pytest.mark.parametrize("name", CHECKS)
def test_the_boundary_holds(name):
    CHECKS[name](world())


@pytest.mark.parametrize(
    "module, removed, instead, name", REMOVALS, ids=[f"{r[3]}: {r[1][:40]}" for r in REMOVALS]
)
def test_lesson_12_removing_a_guard_fails_its_check(module, removed, instead, name):
    mutant = world(module, removed, instead)
    with pytest.raises((AssertionError, ZeroDivisionError)):
        CHECKS[name](mutant)


def test_every_line_of_entry_stop_is_removed_once():
    tree = ast.parse(inspect.getsource(limits))
    function = next(
        n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "entry_stop"
    )
    tests = [f"if {ast.unparse(n.test)}:" for n in ast.walk(function) if isinstance(n, ast.If)]
    assert sorted(tests) == sorted(
        r[1] for r in REMOVALS if r[2] == "if False:" and r[0] == "limits"
    )


def test_every_cap_of_an_entry_is_removed_once():
    source = inspect.getsource(sizing)
    caps = "min(planned.amount, product_room, gross_room, free_quote)"
    assert source.count(caps) == 1, "a new cap needs its row in REMOVALS"
