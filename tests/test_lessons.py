"""The index of the lessons: which tests would have caught each failure of an earlier bot.

LESSONS maps a lesson's number to tests by name; each must exist. The short tests that belong
to no single module, about the shape of the code itself, stand below.
"""

import ast
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from gpt_trader.config.load import load_profile
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.targets import Reading
from gpt_trader.engine import events as ev
from gpt_trader.strategy.registry import builtin_names, create
from tests.engine_helpers import COIN, Desk, fills_of, sent

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "gpt_trader"
# the loop, which halts; a command's end; and who carries an error to the loop, which raises it
# The loop and the command; and what another thread, process or point of a search is told by.
CATCH_ALLS = {
    "runtime/loop.py",
    "cli/main.py",
    "broker/exchange/carry.py",
    "backtest/anew.py",
    "optimize/failing.py",
}

LESSONS: dict[int, tuple[str, ...]] = {
    1: (
        "test_import_time.py::test_lesson_01_installed_command_starts_as_a_user_starts_it",
        "e2e/test_bad_input.py::test_lesson_01_the_installed_command_runs_once_as_a_user_starts_it",
    ),
    2: ("test_lessons.py::test_lesson_02_history_counts_before_the_first_decision",),
    3: ("strategy/test_builtin.py::test_lesson_03_a_missed_bar_cannot_lose_a_position",),
    4: (
        "engine/test_explain.py::test_lesson_04_every_hold_names_condition_value_and_threshold",
        "engine/test_explain.py::test_lesson_04_a_hold_in_the_warmup_says_how_many_bars_are_missing",
    ),
    5: ("test_lessons.py::test_lesson_05_product_code_has_no_scenario_hooks",),
    6: ("config/test_load.py::test_lesson_6_only_flags_that_were_given_override_the_profile",),
    7: (
        "risk/test_guards.py::test_lesson_07_an_order_of_500_percent_of_equity_is_never_sent",
        "risk/test_guards.py::test_lesson_07_a_70_percent_order_does_not_pass_a_1_percent_cap",
        "risk/test_guards.py::test_the_default_policy_is_on_everywhere",
    ),
    8: (
        "property/test_amendments.py::test_lesson_08_amendments_keep_side_and_intent",
        "broker/simulated/test_paper.py::test_lesson_08_two_brackets_never_sell_more_than_is_held",
    ),
    9: (
        "property/test_exits.py::test_lesson_09_any_state_can_be_left",
        "risk/test_guards.py::test_lesson_09_a_sale_passes_every_guard",
    ),
    10: (
        "config/test_load.py::test_lesson_10_all_mistakes_are_named_at_once_with_place_and_nearest_key",
        "config/test_load.py::test_every_documented_key_has_a_change_here",
        "config/test_load.py::test_changing_a_key_in_the_profile_changes_the_settings",
    ),
    11: (
        "engine/test_events.py::test_lesson_11_transfers_are_neither_profit_nor_loss",
        "engine/test_events.py::test_lesson_11_the_daily_loss_ends_with_the_utc_day_across_a_restart",
    ),
    12: ("risk/test_guard_removal.py::test_lesson_12_removing_a_guard_fails_its_check",),
    13: ("broker/simulated/test_paper.py::test_lesson_13_stops_and_trails_work_at_any_price",),
    15: (
        "engine/test_ids.py::test_lesson_15_ids_name_their_cause_and_nothing_else",
        "engine/test_ids.py::test_lesson_15_the_log_is_the_same_under_any_hash_seed",
    ),
    17: (
        "test_lessons.py::test_lesson_17_a_decision_at_a_close_fills_at_the_next_open",
        "test_lessons.py::test_lesson_17_no_strategy_has_a_cost_among_its_parameters",
        "broker/simulated/test_paper.py::test_a_limit_waits_and_fills_at_its_price_as_maker",
    ),
    20: ("test_lessons.py::test_lesson_20_there_is_one_of_each",),
    21: (
        "test_lessons.py::test_lesson_21_errors_are_caught_by_name",
        "test_lessons.py::test_lesson_21_no_attribute_is_guessed",
    ),
    22: (
        "test_lessons.py::test_lesson_22_paper_means_live_public_prices",
        "cli/backtest/test_backtest.py::test_the_demo_is_labeled_synthetic",
    ),
    23: (
        "cli/test_main.py::test_lesson_23_json_stdout_parses",
        "e2e/test_bad_input.py::test_lesson_23_a_mistake_with_json_parses_too",
    ),
    24: (
        "domain/test_times.py::test_lesson_24_time_is_utc_under_another_zone",
        "e2e/test_crash.py::test_lesson_24_another_time_zone_and_hash_seed_change_nothing",
    ),
    25: ("data/test_catalog.py::test_lesson_25_usd_usdc_and_perp_are_different_products",),
}


@pytest.mark.parametrize("node", [node for nodes in LESSONS.values() for node in nodes])
def test_every_named_test_exists(node):
    path, name = node.split("::")
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    assert name in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}


@cache
def trees() -> dict[str, ast.Module]:
    """The package, parsed: by the first test that asks, not by every worker that collects."""
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in PACKAGE.rglob("*.py")
    }


def test_lesson_02_history_counts_before_the_first_decision():
    desk = Desk(min_bars=5, window_bars=5)
    desk.want(0.2, readings=(Reading("x > y", 2.0, ">", 1.0),))
    other = Desk()
    bars = tuple(other.bar(10_000 + i)[0].event.bar for i in range(6))
    desk.send(ev.HistoryLoaded(bars[4].open_ms, "COIN-USD", bars[:5]))
    desk.send(ev.BarClosed(bars[5].open_ms + 3_600_000, bars[5]))
    assert desk.decision().action == "buy"
    assert desk.state.cycles == 1


def test_lesson_05_product_code_has_no_scenario_hooks():
    words = ("mock", "fake", "scenario", "force_entry", "for_testing", "pytest")
    for name, tree in trees().items():
        named = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        named |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        named |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        hooks = {word for word in named if any(hook in word.lower() for hook in words)}
        assert not hooks, f"{name}: {hooks}"


def test_lesson_05_the_synthetic_market_is_only_a_data_source():
    users = {name for name in trees() if "gpt_trader.data.synthetic" in imports(name)}
    core = ("kernel/", "domain/", "strategy/", "risk/", "engine/", "broker/", "journal/")
    assert not [name for name in users if name.startswith(core)]


def imports(name: str) -> set[str]:
    found = set()
    for node in ast.walk(trees()[name]):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_lesson_17_a_decision_at_a_close_fills_at_the_next_open():
    desk = Desk(COIN)
    desk.want(0.2)
    assert sent(desk.bar(10_000, open=9_000))
    assert not fills_of(desk.entries)
    [fill] = fills_of(desk.bar(12_000, open=10_700))
    assert fill.ticks == 10_700
    assert fill.time_ms == desk.state.last_bar_ms[0]


def test_lesson_17_no_strategy_has_a_cost_among_its_parameters():
    costs = {field.name for field in fields(CostModel)} | {"fee", "fees", "tier", "commission"}
    for name in builtin_names():
        assert not costs & {field.name for field in fields(create(name, {}))}, name


def test_lesson_20_there_is_one_of_each():
    functions = [
        (node.name, name)
        for name, tree in trees().items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    ]
    for one, home in [
        ("simulate", "kernel/simulate.py"),
        ("decide", "kernel/sizing.py"),
        ("refuses", "kernel/guards.py"),
        ("step", "engine/step.py"),
        ("apply", "engine/apply.py"),
        ("drive", "engine/drive.py"),
        ("load_profile", "config/load.py"),
    ]:
        assert [name for function, name in functions if function == one] == [home]


def test_lesson_21_errors_are_caught_by_name():
    for name, tree in trees().items():
        for handler in (n for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler)):
            caught = ast.unparse(handler.type) if handler.type else "everything"
            passes_on = isinstance(last := handler.body[-1], ast.Raise) and last.exc is None
            if passes_on:
                continue  # it tidies up, or adds a word
            if caught == "BaseException":
                assert isinstance(last, ast.Raise), f"{name}:{handler.lineno}"
            elif caught in {"Exception", "everything"}:
                assert name in CATCH_ALLS, f"{name}:{handler.lineno} catches {caught}"


def test_lesson_21_no_attribute_is_guessed():
    for name, tree in trees().items():
        for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id == "getattr":
                assert len(call.args) == 2, f"{name}:{call.lineno}: getattr with a default"
                assert not call.keywords


@pytest.mark.parametrize("profile", ["paper", "observe", "canary", "spot", "prod"])
def test_lesson_22_paper_means_live_public_prices(profile):
    env = {"GPT_TRADER_ALERTS__WEBHOOK_URL": "https://example.com/alert"}
    settings = load_profile(profile, env=env).settings
    assert settings.feed == "coinbase"
    assert (settings.mode == "live") == (profile in {"canary", "spot", "prod"})
