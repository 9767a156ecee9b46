"""Forty ways to see the future are refused, and their honest twins pass."""

import builtins
import contextlib
import inspect
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import synthetic_market
from gpt_trader.backtest.anew import asked_anew
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import StrategyError, ValidationGateError
from gpt_trader.measure.checks import Ask, begin, begin_each, finish, finish_each
from gpt_trader.measure.sample import Budget, chance_to_miss, found_from
from gpt_trader.strategy.answers import ask_targets
from gpt_trader.strategy.asked import ask_ends, ask_groups
from gpt_trader.strategy.registry import create, import_file
from gpt_trader.strategy.sight import groups_of

BROUGHT = Path(__file__).parents[1] / "brought"
HOUR = 3_600_000
NAMES = [
    name
    for name, kind in vars(import_file(BROUGHT / "peeks.py")).items()
    if inspect.isclass(kind) and kind.__module__.startswith("gpt_trader_file") and name[0] != "_"
]
[BARS] = synthetic_market(seed=11, products=["BTC-USD"], n_bars=250, interval_ms=HOUR)


def made(file, name):
    return create(f"{BROUGHT / file}.py:{name}", {})


def checked(strategy):
    """What a backtest checks of itself, in its order, without the trading."""
    groups = groups_of([strategy], [BARS])
    with asked_anew(groups) as asks:
        begun = begin_each(groups, asks, seed=0)
        return finish_each(begun, ask_groups(groups))


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch, tmp_path):
    """Give each test what no other one has filled, outside of the strategies' own modules too."""
    monkeypatch.setenv("PEEK_FILE", str(tmp_path / "kept.npy"))
    monkeypatch.setenv("SEEN_BY_PEEK", "")
    for module in (builtins, np):
        monkeypatch.setitem(vars(module), "_kept_by_peek", {})


@pytest.mark.parametrize("name", NAMES)
def test_a_peek_is_refused(name):
    expected = StrategyError if name == "WritesItsInput" else ValidationGateError
    with pytest.raises(expected, match=r"look-ahead|read-only"):
        checked(made("peeks", name))


@pytest.mark.parametrize("name", NAMES)
def test_its_honest_twin_passes(name):
    checks = checked(made("twins", name))
    assert (checks.lookahead_ok, checks.warmup_ok) == (True, True)
    assert checks.reach.rows_checked == checks.reach.rows
    assert checks.reach.asked_in == "process"


def test_there_are_thirty_and_more():
    assert len(NAMES) >= 30


OUTSIDE = ["CacheInBuiltins", "CacheInNumpy", "CacheInEnvironment", "CacheOnDisk"]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("Cache")])
def test_what_its_modules_kept_from_before_does_not_help(name):
    """A run without checks fills what it keeps. What it left outside of its modules stays there."""
    strategy = made("peeks", name)
    ask_targets(strategy, BARS)
    if name in OUTSIDE:
        checked(strategy)  # not found: docs/backtest.md says so
    else:
        with pytest.raises(ValidationGateError):
            checked(strategy)


@dataclass(frozen=True)
class PeeksAtSome:
    """Changes at every bar, and at some of a long history it is not what a window would say."""

    name: ClassVar[str] = "peeks_at_some"
    rows: tuple[int, ...]
    min_bars: int = 10
    warmup: int = 10

    def targets(self, bars):
        weight = bars.time // HOUR % 97 / 100.0
        if len(bars) > 1_900:
            weight[[row for row in self.rows if row < len(bars)]] += 0.01
        return Targets(weight)


@pytest.mark.parametrize("size", [1, 10, 25, 60])
def test_a_rare_peek_is_missed_as_often_as_is_said(size):
    [bars] = synthetic_market(seed=11, products=["BTC-USD"], n_bars=2_000, interval_ms=HOUR)
    pool, budget, runs = len(bars) - 10, Budget(100, 100_000, 0), 120
    missed, least = 0, found_from(pool, 100)
    for seed in range(runs):
        rows = np.random.default_rng([seed, size]).choice(pool, size, replace=False) + 9
        strategy = PeeksAtSome(tuple(rows.tolist()))
        ask = Ask(partial(ask_ends, strategy, bars), lambda: "same")
        begun = begin(strategy, bars, ask, seed=seed, budget=budget)
        with contextlib.suppress(ValidationGateError):
            reach = finish(begun, [strategy.targets(bars)]).reach
            assert (reach.rows_checked, reach.rows, reach.peek_changes) == (100, pool, least)
            missed += 1
    expected = chance_to_miss(pool, 100, size)
    assert missed / runs == pytest.approx(
        expected, abs=3.5 * (expected * (1 - expected) / runs) ** 0.5 + 1e-9
    )


def test_what_was_kept_of_one_product_does_not_help_another():
    """Each is asked as if it were the first: no later bar of another one is known by then."""
    series = synthetic_market(
        seed=12, products=["BTC-USD", "ETH-USD"], n_bars=250, interval_ms=HOUR
    )
    strategies = [made("across", "FirstProductsNext") for _ in series]
    groups = groups_of(strategies, series)
    with asked_anew(groups) as asks:
        begun = begin_each(groups, asks, seed=0)
        answers = ask_groups(groups)
        with pytest.raises(ValidationGateError, match="weight of the ETH-USD bar at 2024-01-01T0"):
            finish_each(begun, answers)


def test_a_value_that_was_set_from_outside_is_not_called_a_look_ahead():
    strategy = made("across", "ByItsModule")
    module = sys.modules[type(strategy).__module__]
    module.FAST = 10
    said = r"otherwise in a fresh process about weight .*: state set from outside, or kept"
    with pytest.raises(ValidationGateError, match=said):
        checked(strategy)
    module.FAST = 5
    assert checked(strategy).lookahead_ok
