"""A guard that is added as one row is enforced everywhere, with no other edit; and fails closed.

The rows here stand in no file of the package: plans and runs are handed them.
"""

import math
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gpt_trader
from gpt_trader.backtest.raw_run import RawRun
from gpt_trader.backtest.run import run_fast, run_replay
from gpt_trader.backtest.signals import MixedSignals
from gpt_trader.broker.simulated.quotes import QuotePaper
from gpt_trader.cli.orders.view import VERDICTS
from gpt_trader.data.panel import build_panel
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.targets import Targets
from gpt_trader.engine.explain import tripped
from gpt_trader.kernel.bounds import Bounds
from gpt_trader.kernel.codes import ACT_ENTER, FILL_ENTRY
from gpt_trader.kernel.readings import UNATTENDED
from gpt_trader.risk.guards import BARS, EVERYWHERE, GUARDS, LIVE, PERPETUAL, SPOT, Guard
from gpt_trader.risk.policy import Limits, RiskPolicy, no_policy
from gpt_trader.risk.settings import Setting
from gpt_trader.risk.table import guard_table, where
from tests.engine_helpers import FREE, HOUR, UNIT, Desk, fills_of, refusal
from tests.property.strategies import PRODUCTS, market

SPREAD = Guard(
    code=61,
    reason="WIDE_SPREAD",
    name="spread",
    words="half the quoted spread is above the limit",
    detail="the spread is too wide",
    reading="half_spread_e8",
    setting=Setting(
        key="max_half_spread_e8",
        limit="max_half_spread_e8",
        words="widest half spread",
        unit="count",
        default=100_000,
        off=math.inf,
    ),
    scope="product",
    test="test_rows",
)
WORTH = Guard(
    code=62,
    reason="ORDER_VALUE",
    name="order value",
    words="an order is worth more than the limit",
    detail="the order is worth too much, quote",
    reading="order_worth",
    limit=1_500.0,
    scope="order",
    kind="order",
    test="test_rows",
)
NARROW = {"max_half_spread_e8": 100_000}  # 10 basis points
POLICY = RiskPolicy()
WIDE = CostModel(taker_bps=0, maker_bps=0, spread_bps=10.01, slippage_bps=0)
FITTING = CostModel(taker_bps=0, maker_bps=0, spread_bps=10, slippage_bps=0)


def desk_with(*guards: Guard, limits: Limits, costs: CostModel = FREE, source: str = BARS) -> Desk:
    """A desk one bar old whose plan has further guards."""
    desk = Desk(costs=costs)
    desk.plan = replace(
        desk.plan, guards=(*GUARDS, *guards), limits={**desk.plan.limits, **limits}, source=source
    )
    desk.bar(10_000)
    return desk


def decided(desk: Desk, weight: float = 0.2) -> str:
    desk.want(weight)
    desk.bar(10_000)
    return desk.decision().name


def both(guards: tuple[Guard, ...], limits: Limits) -> tuple[RawRun, RawRun]:
    """One market, some of whose bars quote a spread, through the fast engine and in replay."""
    bars = market(3, 400, PRODUCTS[0], 1.0)
    weight = np.repeat(np.tile([0.0, 0.2], 20), 10)
    terms = {
        "cash": 10_000 * UNIT,
        "costs": FREE.kernel(),
        "limits": limits,
        "styles": [Desk().plan.order_styles[0]],
        "budgets": [1.0],
        "guards": guards,
    }
    panel = build_panel([bars])
    targets = [Targets(weight)]
    fast = run_fast(panel, targets, **terms)
    signals = MixedSignals([None], targets)
    return fast, run_replay(panel, signals, min_bars=[0], window_bars=[1], **terms)


# A row is enforced in fast backtests, replay, paper and for an operator's orders


@pytest.mark.parametrize("guard, extra", [(SPREAD, NARROW), (WORTH, {})])
def test_a_row_is_enforced_in_fast_and_in_replay(guard, extra):
    limits = {**no_policy(HOUR), "max_entries": 10**6, **extra}
    without = both(GUARDS, limits)
    fast, replay = both((*GUARDS, guard), limits)
    assert fast.counts[0, guard.code] == replay.counts[0, guard.code] > 0
    assert fast.fills.tolist() != without[0].fills.tolist()
    assert fast.fills.tolist() == replay.fills.tolist()
    assert fast.refusals.tolist() == replay.refusals.tolist()
    np.testing.assert_array_equal(fast.counts, replay.counts)


@pytest.mark.parametrize(
    "changed, is_asked",
    [({}, False), ({"comparison": "below"}, True), ({"limit": math.nan}, True),
     ({"reading": "bar_ms"}, True), ({"latch": "drawdown_latch"}, True),
     ({"against": "equity"}, True)],
)  # fmt: skip
def test_a_guard_is_left_out_only_if_it_surely_passes(changed, is_asked):
    guard = replace(GUARDS[2], **{"reading": "halt", "changes": "any bar", **changed})
    rows = guard_table((guard,), {}, [where(BARS, is_perpetual=False)], UNATTENDED)
    assert (rows[0, 0]["entry_end"] == 1) == is_asked
    asked = guard_table((guard,), {}, [where(BARS, is_perpetual=False)])
    assert asked[0, 0]["entry_end"] == 1


def test_no_entry_of_a_run_left_at_a_spread_above_the_limit():
    bars = market(3, 400, PRODUCTS[0], 1.0)
    fast, _ = both((*GUARDS, SPREAD), {**no_policy(HOUR), **NARROW})
    causes = [int(fill["cause"]) for fill in fast.fills if fill["reason"] == FILL_ENTRY]
    assert causes
    assert bars.half_spread_e8 is not None
    assert bars.half_spread_e8[causes].max() <= NARROW["max_half_spread_e8"]


@pytest.mark.parametrize("costs, code", [(FITTING, "ENTER"), (WIDE, "WIDE_SPREAD")])
def test_a_row_is_enforced_in_paper_and_for_an_operator(costs, code):
    desk = desk_with(SPREAD, limits=NARROW, costs=costs)
    assert refusal(desk.place(1, lots=5)) == (None if code == "ENTER" else code)
    desk = desk_with(SPREAD, limits=NARROW, costs=costs)
    assert decided(desk) == code
    reason = desk.decision().reasons[0]
    if code != "ENTER":
        assert reason == ("WIDE_SPREAD", "the spread is too wide", 100_100.0, 100_000.0)
        shown = desk.decision().guards[-1]
        assert shown == ("half_spread_e8", "TRIPPED", 100_100.0, 100_000.0)


def test_a_row_is_enforced_where_quotes_fill():
    desk = desk_with(SPREAD, limits=NARROW, costs=WIDE)
    desk.broker = QuotePaper()
    assert decided(desk) == "WIDE_SPREAD"


def test_a_row_about_an_order_refuses_a_sized_entry_and_an_operators():
    desk = desk_with(WORTH, limits={})
    assert refusal(desk.place(1, lots=15)) is None
    assert refusal(desk.place(1, lots=16)) == "PRODUCT_CAP"
    assert refusal(desk_with(WORTH, limits={}).place(1, lots=16)) == "ORDER_VALUE"
    assert decided(desk_with(WORTH, limits={}), 0.15) == "ENTER"
    desk = desk_with(WORTH, limits={})
    assert decided(desk, 0.16) == "ORDER_VALUE"
    reason = desk.decision().reasons[0]
    assert (reason.value, reason.threshold) == (1_600.0, 1_500.0)


# What did not arrive and what was not read refuses; an exit passes


@pytest.mark.parametrize("guard", [g for g in GUARDS if g.setting], ids=lambda g: g.reason)
def test_a_limit_that_did_not_arrive_refuses_entries_and_no_exit(guard):
    desk = Desk()
    desk.want(0.2)
    desk.bar(10_000)
    desk.bar(10_000)
    assert desk.lots() == 20
    short = {name: n for name, n in desk.plan.limits.items() if name != guard.setting.limit}
    desk.plan = replace(desk.plan, limits=short)
    assert refusal(desk.place(1, lots=2)) == guard.reason
    assert desk.decision().action == "hold"
    desk.want(0.0)
    assert desk.bar(10_000)
    assert desk.decision().name == "EXIT"
    assert fills_of(desk.bar(10_000))
    assert desk.lots() == 0
    assert decided(desk) in {guard.reason, "DAILY_LOSS", "DRAWDOWN"}
    assert desk.decision().action == "blocked"


@pytest.mark.parametrize("arrived", [{}, {"rebalance_band": math.nan}])
def test_without_a_rebalance_band_nothing_enters_and_exits_leave(arrived):
    desk = Desk()
    desk.want(0.2)
    desk.bar(10_000)
    desk.bar(10_000)
    short = {name: n for name, n in desk.plan.limits.items() if name != "rebalance_band"}
    desk.plan = replace(desk.plan, limits=short | arrived)
    assert refusal(desk.place(1, lots=2)) == "MISSING_INPUT"
    assert decided(desk, 0.25) == "MISSING_INPUT"
    assert decided(desk, 0.1) == "REDUCE"
    assert decided(desk, 0.0) == "EXIT"
    fast, replay = both(GUARDS, short | arrived)
    assert fast.counts[0, ACT_ENTER] == replay.counts[0, ACT_ENTER] == 0
    np.testing.assert_array_equal(fast.counts, replay.counts)


def test_a_row_needs_each_limit_that_the_arithmetic_names():
    assert set(Bounds._fields) <= {s.limit for guard in GUARDS for s in guard.settings}


def test_a_row_whose_limit_did_not_arrive_refuses_everywhere():
    limits = no_policy(HOUR)
    fast, replay = both((*GUARDS, SPREAD), limits)
    for run in (fast, replay):
        assert run.counts[0, ACT_ENTER] == 0
        assert run.counts[0, SPREAD.code] > 0
    desk = desk_with(SPREAD, limits={})
    assert refusal(desk.place(1, lots=5)) == "WIDE_SPREAD"
    assert decided(desk) == "WIDE_SPREAD"
    assert desk.decision().guards[-1].state == "UNKNOWN"


def test_a_reading_that_nobody_took_refuses():
    unread = replace(WORTH, reading="order_least", limit=1e9)  # sizing sees to it for routes
    assert decided(desk_with(unread, limits={})) == "ORDER_VALUE"
    assert math.isnan(desk_reason(desk_with(unread, limits={})))


def desk_reason(desk: Desk) -> float:
    decided(desk)
    return float(desk.decision().reasons[0].value)


def test_an_equity_that_is_no_number_is_never_green():
    desk = desk_with(limits={})
    desk.want(0.2)
    desk.state = desk.state._replace(marks=desk.state.marks._replace(equity=math.nan))
    assert refusal(desk.place(1, lots=5)) == "MISSING_INPUT"


# A row that does not apply is shown, and is not green


@pytest.mark.parametrize("elsewhere", [EVERYWHERE - {BARS}, frozenset({BARS, PERPETUAL, "rules"})])
def test_a_row_that_does_not_apply_is_shown_and_not_green(elsewhere):
    guard = replace(SPREAD, applies=elsewhere)
    desk = desk_with(guard, limits=NARROW, costs=WIDE)
    assert decided(desk) == "ENTER"
    shown = desk.decision().guards[-1]
    assert (shown.name, shown.state) == ("half_spread_e8", "NOT_APPLICABLE")
    assert shown.state not in VERDICTS, "neither PASS nor BLOCK"
    assert tripped(desk.decision().guards) == ()
    assert (
        Counter(one.state for one in desk.decision().guards)["OK"]
        == len(desk.decision().guards) - 1
    )


@pytest.mark.parametrize(
    "words", [(SPOT,), ("bars",), ("rules",), ("live", "bars", SPOT), ()], ids=" ".join
)
def test_a_group_of_which_a_row_has_no_word_does_not_restrict_it(words):
    guard = replace(SPREAD, applies=frozenset(words))
    assert decided(desk_with(guard, limits=NARROW, costs=WIDE)) == "WIDE_SPREAD"
    assert refusal(desk_with(guard, limits=NARROW, costs=WIDE).place(1, lots=5)) == "WIDE_SPREAD"


def test_a_product_is_decided_on_something_that_rows_know():
    with pytest.raises(ValueError, match="'bar'"):
        where("bar", is_perpetual=False)


def test_a_row_for_live_sessions_refuses_there():
    guard = replace(SPREAD, applies=EVERYWHERE - {BARS})
    assert decided(desk_with(guard, limits=NARROW, costs=WIDE, source=LIVE)) == "WIDE_SPREAD"


# A row cannot contradict itself, and nobody else knows one


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": 39},
        {"code": 64},
        {"reading": "moon_phase"},
        {"reading": "order_worth"},
        {"latch": "moon_phase"},
        {"route": "cut"},
        {"room": ("equity", "")},
        {"applies": frozenset({"mars"})},
        {"kind": "order", "route": "size"},
        {"kind": "order", "route": "size", "reading": "order_worth"},
        {"kind": "order", "route": "size", "reading": "least_input"},
        {"kind": "order", "route": "size", "reading": "order_overflow", "limit": 1.0},
        {"kind": "order", "route": "size", "reading": "order_overflow", "latch": "halt"},
    ],
)
def test_a_row_that_contradicts_itself_is_no_row(wrong):
    with pytest.raises(ValueError, match="spread"):
        replace(SPREAD, **wrong)


@pytest.mark.parametrize(
    "row, words",
    [
        ({"reading": "halt"}, {"never"}),
        ({"reading": "bar_age_ms"}, {"never"}),
        ({"reading": "entries_today"}, {"at day"}),
        ({"reading": "entries_today", "against": "halt"}, {"at day"}),
        ({"reading": "entries_today", "against": "drawdown_latch"}, set()),
        ({"reading": "drawdown_latch"}, {"at equity"}),
        ({"reading": "gross_share", "latch": "daily_loss_latch"}, {"at equity"}),
        ({"reading": "daily_loss_latch", "latch": "equity"}, set()),
        ({"reading": "halt", "against": "equity"}, set()),
        ({"reading": "bar_ms"}, {"at time"}),
        ({"reading": "bar_ms", "against": "entries_today"}, set()),
        ({"reading": "bar_ms", "against": "halt"}, set()),
        ({"reading": "halt", "latch": "bar_ms"}, set()),
        ({"reading": "gross_share"}, set()),
        ({"reading": "half_spread_e8"}, set()),
    ],
)
def test_a_row_changes_when_its_readings_move_or_at_any_bar(row, words):
    for changes in ("never", "at time", "at equity", "at day", "any bar"):
        if changes in words | {"any bar"}:
            replace(SPREAD, **row, changes=changes)
        else:
            with pytest.raises(ValueError, match="spread: its answer changes"):
                replace(SPREAD, **row, changes=changes)


def test_two_settings_never_share_a_limit():
    assert SPREAD.setting is not None
    other = replace(SPREAD.setting, key="other")
    rows = [SPREAD, replace(WORTH, setting=other, limit=0.0)]
    with pytest.raises(ValueError, match="two settings have the limit max_half_spread_e8"):
        guard_table(rows, NARROW, [where(BARS, is_perpetual=False)])
    guard_table(
        [SPREAD, replace(WORTH, setting=SPREAD.setting)], NARROW, [where(BARS, is_perpetual=False)]
    )


@pytest.mark.parametrize("limit", [None, "5", True])
def test_a_limit_that_is_no_number_is_named(limit):
    with pytest.raises(ValueError, match="the limit max_half_spread_e8"):
        guard_table([SPREAD], {"max_half_spread_e8": limit}, [where(BARS, is_perpetual=False)])


def test_a_table_is_its_askers_own():
    place = where(BARS, is_perpetual=False)
    guard_table(GUARDS, NARROW, [place])["code"] = 0
    assert (guard_table(GUARDS, NARROW, [place])["code"] > 0).all()


@pytest.mark.parametrize("same", [{"code": SPREAD.code}, {"reason": SPREAD.reason}])
def test_two_rows_never_share_a_code(same):
    place = where(BARS, is_perpetual=False)
    with pytest.raises(ValueError, match="two guards"):
        guard_table([SPREAD, replace(WORTH, **same)], {}, [place])


def test_a_guard_is_named_in_its_row_and_nowhere_else():
    """A new guard touches its row, a reading, where that is taken, and its test: four files."""
    root = Path(gpt_trader.__file__).parent
    named = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if re.search(r"\bREFUSED_[A-Z]{4,}", path.read_text(encoding="utf-8"))
        and path.name != "feed.py"
    }
    assert named == {
        "kernel/codes.py",  # the numbers that journals have
        "kernel/sizing.py",  # what sizing itself sees to: minimum, overflow, missing input
        "engine/operator.py",  # the grid, of whatever way an order points
        "backtest/raw_run.py",  # overflow, which bars PASS
        "risk/guards.py",
    }
