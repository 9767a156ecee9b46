"""What a strategy's code refers to is found; what was remembered before is read again."""

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from json import loads
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from gpt_trader import backtest
from gpt_trader.backtest.refers import empty_caches
from gpt_trader.domain.targets import Targets
from gpt_trader.strategy.registry import create
from tests.strategies_helpers import random_bars

BARS = random_bars(30, seed=1)
FILE: list[Path] = []


class Model:
    @cached_property
    def signs(self):
        return loads(FILE[0].read_text())


@cache
def by_cache():
    return loads(FILE[0].read_text())


@lru_cache(maxsize=4)
def by_lru_cache(_of=0):
    return loads(FILE[0].read_text())


MODEL = Model()
HELD = {"model": [MODEL]}
READ = cache(Path.read_text)


@dataclass(frozen=True)
class Remembers:
    name: ClassVar[str] = "remembers"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    ask: Any = by_cache

    def targets(self, bars):
        return Targets(np.full(len(bars), float(self.ask()[0])))


@dataclass(frozen=True)
class KeepsItself:
    name: ClassVar[str] = "keeps"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    file: str = ""

    @cached_property
    def signs(self):
        return loads(Path(self.file).read_text())

    def targets(self, bars):
        return Targets(np.full(len(bars), float(self.signs[0])))


@pytest.fixture
def file(tmp_path):
    FILE[:] = [tmp_path / "signs.json"]
    FILE[0].write_text("[1, 0]")
    yield FILE[0]
    empty_caches([Remembers(one) for one in ASKED])


ASKED = (
    by_cache,
    by_lru_cache,
    lambda: MODEL.signs,
    lambda: HELD["model"][0].signs,
    lambda: loads(READ(FILE[0])),
)


@pytest.mark.parametrize("ask", ASKED)
def test_a_file_that_was_read_before_and_remembered_is_told(file, ask):
    assert ask() == [1, 0]
    assert backtest(BARS, Remembers(ask)).checks.unreached == (file.name,)


def test_a_file_that_the_strategy_itself_remembers_is_told(file):
    strategy = KeepsItself(str(file))
    assert strategy.signs == [1, 0]
    assert backtest(BARS, strategy).checks.unreached == (file.name,)


def test_caches_of_installed_packages_stay():
    own = create.__globals__["_loaded"] = cache(len)  # a module's own
    own.__module__, own.__qualname__ = create.__module__, "_loaded"
    try:
        own("ab")
        empty_caches([Remembers(lambda: own("ab"))])
        assert own.cache_info().currsize == 1
    finally:
        del create.__globals__["_loaded"]


def test_what_is_read_only_where_it_is_asked_again_is_told(tmp_path):
    (tmp_path / "weight.json").write_text("1")
    (tmp_path / "s.py").write_text(
        "from dataclasses import dataclass\n"
        "from pathlib import Path\n"
        "from typing import ClassVar\n"
        "import numpy as np\n"
        "from gpt_trader.domain.targets import Targets\n"
        "WEIGHT = float(Path(__file__).with_name('weight.json').read_text())\n"
        "@dataclass(frozen=True)\n"
        "class S:\n"
        "    name: ClassVar[str] = 's'\n"
        "    min_bars: ClassVar[int] = 1\n"
        "    warmup: ClassVar[int] = 1\n"
        "    def targets(self, bars):\n"
        "        return Targets(np.full(len(bars), WEIGHT))\n"
    )
    strategy = create(f"{tmp_path / 's.py'}:S", {})  # where nobody watches
    result = backtest(BARS, strategy)
    assert result.checks.reach.asked_in == "process"
    assert result.checks.unreached == ("weight.json",)
