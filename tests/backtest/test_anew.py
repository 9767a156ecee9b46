"""Code of a user is asked again where it keeps nothing, and ends only its own process."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import synthetic_market
from gpt_trader.backtest import anew
from gpt_trader.backtest.anew import asked_anew
from gpt_trader.backtest.imported import imported_anew, is_importable
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import StrategyError, UsageError
from gpt_trader.strategy.registry import create
from gpt_trader.strategy.sight import groups_of
from gpt_trader.strategy.sma_cross import SmaCross

BROUGHT = Path(__file__).parents[1] / "brought"
[BARS] = synthetic_market(seed=3, products=["BTC-USD"], n_bars=100, interval_ms=3_600_000)
WINDOWS = [(0, 20), (5, 40)]


def made(name, file="meddlers"):
    return create(f"{BROUGHT / file}.py:{name}", {})


def ends(strategy):
    with asked_anew(groups_of([strategy], [BARS])) as [ask]:
        found = ask.ends(WINDOWS).values[:, 0].tolist()
        return ask.asked_in(), found


def test_built_in_strategies_are_asked_here():
    assert ends(SmaCross(3, 8))[0] == "built in"


def test_a_file_is_asked_in_a_process_of_its_own_with_the_same_answers():
    strategy = made("Honest")
    whole = [float(strategy.targets(BARS[slice(*one)]).weight[-1]) for one in WINDOWS]
    assert ends(strategy) == ("process", whole)


def test_where_no_process_can_be_forked_its_code_is_imported_once_more(monkeypatch):
    strategy = made("Honest")
    answers = ends(strategy)[1]
    monkeypatch.setattr(anew, "FORKS", False)
    before = dict(sys.modules)
    assert ends(strategy) == ("module", answers)
    assert {n: m for n, m in sys.modules.items() if n in before} == before


@dataclass(frozen=True)
class ByFunction:
    name: ClassVar[str] = "by_function"
    min_bars: int = 1
    warmup: int = 1

    def targets(self, bars):
        raise AssertionError


def test_what_no_file_has_is_asked_as_it_is():
    def make():
        @dataclass(frozen=True)
        class Local(ByFunction):
            def targets(self, bars):
                return made("Honest").targets(bars)

        return Local()

    assert not is_importable(make())
    assert ends(make())[0] == "fork"
    assert imported_anew(one := make()) is one


def test_what_it_fails_with_is_told_with_its_place():
    line = 1 + (BROUGHT / "meddlers.py").read_text().splitlines().index("        sys.exit(0)")
    with pytest.raises(StrategyError, match="meddler ended the program") as caught:
        ends(made("Leaves"))
    assert caught.value.where == f"{BROUGHT / 'meddlers.py'}:{line}"


def test_who_ends_the_process_ends_only_that_one():
    with pytest.raises(UsageError, match="meddler ended the process that asked it"):
        ends(made("EndsTheProcess"))


def test_a_class_and_its_helpers_are_made_anew():
    strategy = made("CacheInHelper", "peeks")
    kept = sys.modules["peeks_helper"].KEPT
    kept["all"] = np.zeros(3)
    known = dict(sys.modules)
    again = imported_anew(strategy)
    assert type(again) is not type(strategy)
    assert sys.modules["peeks_helper"].KEPT == {}
    sys.modules.update(known)
    kept.clear()


@dataclass(frozen=True)
class Reads:
    name: ClassVar[str] = "reads"
    descriptor: int = 0
    min_bars: int = 1
    warmup: int = 1

    def targets(self, bars):
        return Targets(np.full(len(bars), float(os.pread(self.descriptor, 3, 0))))


@pytest.mark.skipif(not anew.FORKS, reason="nothing is forked")
def test_what_was_left_open_for_this_program_is_empty_to_a_strategy(tmp_path):
    file = tmp_path / "table"
    file.write_text("0.5")
    with file.open() as own:
        assert ends(Reads(descriptor=own.fileno())) == ("process", [0.5, 0.5])
        os.set_inheritable(own.fileno(), True)
        with pytest.raises(StrategyError, match="could not convert"):
            ends(Reads(descriptor=own.fileno()))
        assert own.read() == "0.5"


def working(pool):
    @dataclass(frozen=True)
    class Working(ByFunction):
        def targets(self, bars):
            return pool.submit(lambda: Targets(np.full(len(bars), 0.5))).result()

    return Working()


@pytest.mark.skipif(not anew.FORKS, reason="nothing is forked")
def test_a_fork_that_waits_for_a_thread_of_this_process_is_ended(monkeypatch):
    monkeypatch.setattr(anew, "PATIENCE_S", 1)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        assert ends(working(pool)) == ("same", [0.5, 0.5])
        assert ends(made("Honest"))[0] == "module"  # and no other is made


@pytest.mark.skipif(not anew.FORKS, reason="nothing is forked")
def test_a_fork_that_works_longer_is_waited_for(monkeypatch):
    monkeypatch.setattr(anew, "PATIENCE_S", 1)

    @dataclass(frozen=True)
    class Slow(ByFunction):
        def targets(self, bars):
            begun = time.process_time()
            while time.process_time() < begun + 1.3:
                pass
            return Targets(np.full(len(bars), 0.5))

    assert ends(Slow())[0] == "fork"
