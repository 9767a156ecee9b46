"""What makes another trial: other code and other values, wherever they come from."""

import copy
import sys
import threading
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from gpt_trader import backtest
from gpt_trader.backtest.identity import is_of_file, tell_code
from gpt_trader.backtest.route import Route
from gpt_trader.backtest.told import tell_class
from gpt_trader.backtest.trials import identify, say_new
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import UsageError
from gpt_trader.strategy.registry import resolve
from gpt_trader.strategy.sma_cross import SmaCross
from tests.strategies_helpers import random_bars

BARS = [random_bars(50, 1)]


def trial(strategy):
    return identify([Route(strategy)], BARS, costs=CostModel(), risk=None, label=None)


def name(strategy):
    return trial(strategy).id


def made(k):
    @dataclass(frozen=True)
    class Mine:
        name: ClassVar[str] = "mine"
        min_bars: ClassVar[int] = 50
        warmup: ClassVar[int] = 50

        def targets(self, bars):
            return Targets(np.full(len(bars), 1.0 / k))

    return Mine()


def with_attribute(k):
    @dataclass(frozen=True)
    class Mine:
        name: ClassVar[str] = "mine"
        min_bars: ClassVar[int] = 1
        warmup: ClassVar[int] = 1
        share: ClassVar[float] = 1.0 / k
        targets: ClassVar[Any] = None

    return Mine()


def with_default(k):
    @dataclass(frozen=True)
    class Mine:
        name: ClassVar[str] = "mine"
        min_bars: ClassVar[int] = 1
        warmup: ClassVar[int] = 1

        def targets(self, bars, share=k):
            return Targets(np.full(len(bars), 1.0 / share))

    return Mine()


def with_base(k):
    class Base:
        def targets(self, bars):
            return Targets(np.full(len(bars), 1.0 / k))

    @dataclass(frozen=True)
    class Mine(Base):
        name: ClassVar[str] = "mine"
        min_bars: ClassVar[int] = 1
        warmup: ClassVar[int] = 1

    return Mine()


TYPED = """
from dataclasses import dataclass
import numpy as np
from gpt_trader.domain.targets import Targets
SHARE = {share}
def helper(n):
    return np.full(n, {helper})
@dataclass(frozen=True)
class Mine:
    name = "mine"; min_bars = 1; warmup = 1
    def targets(self, bars):
        return Targets(SHARE * helper(len(bars)) * {inside})
"""


def typed(share=0.5, helper=0.5, inside=0.5, before=""):
    space = {"__name__": "__main__"}
    exec(before + TYPED.format(share=share, helper=helper, inside=inside), space)  # noqa: S102
    return space["Mine"]()


@pytest.mark.parametrize("make", [made, with_attribute, with_default, with_base])
def test_each_class_that_a_function_makes_is_another(make):
    assert len({name(make(k)) for k in range(1, 41)}) == 40
    assert name(make(3)) == name(make(3))


def test_an_edit_of_what_is_typed_is_another():
    found = [typed(), typed(share=0.4), typed(helper=0.4), typed(inside=0.4)]
    assert len({name(one) for one in found}) == 4
    assert name(typed()) == name(typed(before="\n\n\n"))
    assert say_new(trial(typed())) is None


def test_a_class_that_is_changed_is_another():
    one = typed()
    before = name(one)
    type(one).warmup = 2
    after = name(one)
    assert before != after
    type(one).warmup = 1
    assert name(one) == before


FILE = """
from dataclasses import dataclass
from typing import ClassVar
import threading
LOCK = threading.Lock()
SHARE = 1
@dataclass(frozen=True)
class Mine:
    name: ClassVar[str] = "mine"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    def targets(self, bars):
        return SHARE{uses}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FILE.format(uses=""))
    return path


def test_a_class_of_a_file_goes_by_its_text_until_it_is_changed(file):
    strategy = resolve(f"{file}:Mine")
    first = name(strategy())
    assert is_of_file(strategy)
    assert name(resolve(f"{file}:Mine")()) == first
    sys.modules[strategy.__module__].SHARE = 2
    assert name(resolve(f"{file}:Mine")()) == first  # it is loaded anew
    loaded = resolve(f"{file}:Mine")
    assert name(loaded()) == first
    sys.modules[loaded.__module__].SHARE = 3
    assert name(loaded()) != first


def test_each_class_of_a_file_is_another(file):
    text = FILE.format(uses="")
    file.write_text(text + text.partition("SHARE = 1")[2].replace("Mine", "Other"))
    assert name(resolve(f"{file}:Mine")()) != name(resolve(f"{file}:Other")())


def test_a_file_that_was_edited_after_its_import_says_nothing_of_what_is_loaded(file):
    strategy = resolve(f"{file}:Mine")
    file.write_text(FILE.format(uses=" + 1"))
    assert not is_of_file(strategy)
    assert name(strategy()) != name(resolve(f"{file}:Mine")())


def test_what_a_file_holds_besides_is_told_by_its_text(file):
    file.write_text(FILE.format(uses=" + LOCK.locked()"))
    strategy = resolve(f"{file}:Mine")
    assert name(strategy()) == name(strategy())


def test_ids_of_files_and_of_what_is_built_in_go_by_the_text_alone(file):
    """They are in ledgers: another digest would count the same trials once more."""
    assert tell_code(SmaCross).keys() == tell_code(resolve(f"{file}:Mine")).keys() == {"code"}


def test_a_class_is_the_same_one_after_an_object_of_it_was_copied(file):
    """Python keeps in the class what slots it has, from the first copy or pickling on."""
    strategy = resolve(f"{file}:Mine")
    before = tell_code(strategy), tell_class(strategy)
    copy.copy(strategy())
    assert "__slotnames__" in vars(strategy)
    assert (tell_code(strategy), tell_class(strategy)) == before


@dataclass(frozen=True)
class Holds:
    name: ClassVar[str] = "holds"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    what: Any = field(default=None, repr=False)

    def targets(self, bars):
        return Targets(np.full(len(bars), 0.5))


class Thing:
    def __init__(self, size):
        self.size = size


def series(k):
    found = np.zeros(5000)
    found[2000 + k] = 0.5
    return found


@pytest.mark.parametrize(
    "make",
    [
        series,
        lambda k: pd.Series(series(k)),
        lambda k: pd.DataFrame({"a": series(k)}),
        lambda k: pd.Series(np.zeros(3), index=[0, 1, k + 2]),
        lambda k: np.zeros((k + 1, 2)),
        lambda k: np.zeros(2, f"S{k + 1}"),
        Thing,
        lambda k: [Thing(k)],
        lambda k: {"a": series(k)},
        lambda k: lambda: k,
        made,
        lambda k: frozenset((f"{k}", "b", "c")),
        np.random.default_rng,
    ],
)
def test_a_parameter_enters_with_all_that_it_holds(make):
    assert len({name(Holds(make(k))) for k in range(5)}) == 5
    assert name(Holds(make(1))) == name(Holds(make(1)))


def test_what_cannot_be_told_is_a_new_trial_each_time_and_says_so(monkeypatch):
    found = [Holds(threading.Lock()) for _ in range(2)]
    assert name(found[0]) != name(found[0])
    result = backtest(BARS, found[0], self_check=False)
    assert [note for note in result.notes if "every run counts as a new trial" in note]
    assert not backtest(BARS, Holds(series(1)), self_check=False).notes


def test_a_strategy_without_parameters_to_tell_is_an_error_in_words():
    class Plain:
        name = "plain"
        min_bars = warmup = 1

    for wrong in (Plain(), Holds):
        with pytest.raises((TypeError, UsageError), match="expected a strategy"):
            backtest(BARS, wrong)
