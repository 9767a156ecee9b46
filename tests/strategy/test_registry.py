"""Finding strategies by name, file and entry point; and what is said when it fails."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from gpt_trader.errors import UsageError
from gpt_trader.strategy import registry
from gpt_trader.strategy.registry import all_strategies, builtin, create, resolve
from gpt_trader.strategy.sma_cross import SmaCross

ARRAY = """\
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from gpt_trader.domain.targets import Targets
from gpt_trader.strategy.base import param

@dataclass(frozen=True)
class Mine:
    name: ClassVar[str] = "mine"
    count: int = param(3, 1, 9, doc="some number")
    share: float = param(0.5, doc="any number")
    loud: bool = param(False, doc="or not")
    min_bars = 1
    warmup = 1
    def targets(self, bars):
        return Targets(np.zeros(len(bars)))

class Plain:
    def targets(self, bars): ...

@dataclass
class Empty: ...

@dataclass
class Nameless:
    def targets(self, bars): ...

@dataclass(frozen=True)
class Slow:
    name: ClassVar[str] = "slow"
    min_bars = 1
    warmup = 1
    def on_bar(self, view, memory):
        return None, memory
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(ARRAY)
    return path


def test_the_registry_lists_names_without_loading_the_compiler():
    code = (
        "import sys; from gpt_trader.strategy.registry import builtin_names; builtin_names();"
        "print([m for m in ('numba', 'numpy') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_builtin_maps_each_name_to_the_class_of_that_name():
    found = builtin()
    assert tuple(found) == (
        "sma_cross", "ema_trend", "mean_reversion", "breakout", "momentum", "rank_momentum",
        "regime_trend", "rebalance", "risk_parity", "pair_reversion", "accumulate",
        "grid", "ensemble", "hold", "buy_and_hold",
    )  # fmt: skip
    for name, strategy in found.items():
        assert strategy.name == name
        assert resolve(name) is strategy


def test_all_strategies_names_the_source():
    assert all(s.source == "built-in" for s in all_strategies() if s.name in builtin())


@pytest.mark.parametrize(
    "ref, said, hint",
    [
        ("sma_cros", "unknown strategy 'sma_cros'", "did you mean sma_cross?"),
        ("qqq", "unknown strategy 'qqq'", "known: sma_cross"),
        ("", "unknown strategy", "known:"),
        ("none.py:X", "does not exist", "file.py:Class"),
        ("none.py", "expected a class after none.py", "none.py:MyStrategy"),
    ],
)
def test_an_unknown_reference_is_refused_with_a_hint(ref, said, hint):
    with pytest.raises(UsageError, match=said) as refused:
        resolve(ref)
    assert hint in refused.value.hint


def test_a_class_in_a_file_is_found_and_made(file):
    made = create(f"{file}:Mine", {"count": "7", "loud": "yes"})
    assert (made.name, made.count, made.share, made.loud) == ("mine", 7, 0.5, True)
    assert registry.is_array_strategy(type(made))


def test_a_bar_strategy_in_a_file_is_found_and_cannot_join_an_ensemble(file):
    slow = create(f"{file}:Slow", {})
    assert not registry.is_array_strategy(type(slow))
    assert slow.on_bar(None, 5) == (None, 5)
    with pytest.raises(UsageError, match="slow has on_bar"):
        create("ensemble", {"members": f"{file}:Slow"})


@pytest.mark.parametrize(
    "class_name, said",
    [
        ("Min", "no class 'Min'"),
        ("Plain", "to be a dataclass"),
        ("param", "to be a dataclass"),
        ("Empty", "targets"),
        ("Nameless", "to have name and min_bars and warmup"),
    ],
)
def test_what_is_no_strategy_is_refused(file, class_name, said):
    with pytest.raises(UsageError, match=said) as refused:
        resolve(f"{file}:{class_name}")
    assert refused.value.hint


def test_a_missing_class_names_the_nearest(file):
    with pytest.raises(UsageError) as refused:
        resolve(f"{file}:Min")
    assert refused.value.hint == "did you mean Mine?"


def test_a_syntax_error_names_file_line_and_column(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("x = 1\ndef f(:\n")
    with pytest.raises(UsageError, match="not valid Python") as refused:
        resolve(f"{path}:X")
    assert refused.value.where == f"{path}:2:7"


@pytest.mark.parametrize(
    "line", ["import no_such_module", "x = nothing", "1 / 0", "{}['a']", "import sys; sys.exit(3)"]
)
def test_a_file_that_fails_to_import_is_refused(tmp_path, line):
    path = tmp_path / "fails.py"
    path.write_text(line)
    before = set(sys.modules)
    with pytest.raises(UsageError, match="cannot be imported"):
        resolve(f"{path}:X")
    assert not {name for name in set(sys.modules) - before if name.startswith("gpt_trader_file")}


def test_files_of_one_name_do_not_meet(tmp_path, file):
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.py").write_text(ARRAY.replace('"mine"', '"other"'))
    assert resolve(f"{file}:Mine").name == "mine"
    assert resolve(f"{other / 'mine.py'}:Mine").name == "other"
    assert resolve(f"{file}:Mine").name == "mine"


# ------------------------------------------------------------------------- entry points


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package on the path that brings strategies by entry points."""
    (tmp_path / "brought.py").write_text(ARRAY)
    info = tmp_path / "brought-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n")

    def declare(lines: str) -> None:
        (info / "entry_points.txt").write_text(f"[gpt_trader.strategies]\n{lines}\n")
        monkeypatch.syspath_prepend(str(tmp_path))

    yield declare
    sys.modules.pop("brought", None)


def test_an_installed_strategy_is_found_and_listed_with_its_package(installed):
    installed("mine = brought:Mine\nsma_cross = brought:Mine")
    assert resolve("mine").name == "mine"
    assert resolve("sma_cross") is SmaCross  # a built-in name cannot be taken over
    assert [(s.name, s.source) for s in all_strategies()][-1] == ("mine", "brought")


@pytest.mark.parametrize("target", ["brought:Nothing", "no_such_module:X"])
def test_an_installed_strategy_that_fails_is_named(installed, target):
    installed(f"mine = {target}")
    with pytest.raises(UsageError, match=r"strategy mine .* cannot be imported"):
        resolve("mine")


def test_an_entry_point_without_a_package_is_listed(monkeypatch, installed):
    installed("")
    point = EntryPoint("bare", "brought:Mine", registry.GROUP)
    monkeypatch.setattr(registry, "_plugins", lambda: {"bare": point})
    assert all_strategies()[-1].source == "?"
