"""Every file and variable that a strategy's code rests on is told."""

import importlib
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

from gpt_trader import backtest
from gpt_trader.backtest import installed
from gpt_trader.backtest.reads import watched_reads
from gpt_trader.backtest.sources import NOTHING, code_files, sources_of
from gpt_trader.domain.bars import Bars
from gpt_trader.strategy.answers import ask_targets
from gpt_trader.strategy.registry import create
from tests.strategies_helpers import random_bars

BARS: Bars = random_bars(30, seed=1)
STRATEGY = """
import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
import numpy as np
from gpt_trader.domain.targets import Targets
{imports}

@dataclass(frozen=True)
class S:
    name: ClassVar[str] = "s"
    min_bars: int = 1
    warmup: int = 1

    def targets(self, bars):
        {body}
        return Targets(np.full(len(bars), weight))
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a strategy and files beside it; return it, made."""
    path = list(sys.path)
    modules = set(sys.modules)

    def do(imports="", body="weight = 0.5", **files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        file = tmp_path / "s.py"
        file.write_text(STRATEGY.format(imports=imports, body=body))
        with watched_reads():
            return create(f"{file}:S", {})

    yield do
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def asked(strategy):
    with watched_reads():
        weight = ask_targets(strategy, BARS).weight[-1]
    return weight, sources_of(strategy)


def test_what_is_built_in_rests_on_this_package():
    assert sources_of(create("sma_cross", {})) == NOTHING
    assert sources_of(create("ensemble", {})) == NOTHING


def test_helpers_are_told_with_theirs(write):
    files = {"near": "from far import WEIGHT", "far": "WEIGHT = 0.25", "unused": ""}
    weight, found = asked(write("from near import WEIGHT", "weight = WEIGHT", **files))
    assert weight == 0.25
    assert list(found.helpers) == ["near.py", "far.py"]
    _, other = asked(
        write("from near import WEIGHT", "weight = 0.5", **files | {"far": "WEIGHT=1"})
    )
    assert other.helpers["near.py"] == found.helpers["near.py"]
    assert other.helpers["far.py"] != found.helpers["far.py"]


def test_what_is_imported_only_when_it_is_asked_is_told_too(write):
    weight, found = asked(write("", "from later import WEIGHT as weight", later="WEIGHT = 0.125"))
    assert (weight, list(found.helpers)) == (0.125, ["later.py"])


def test_a_name_beside_two_strategies_is_each_ones_own(write, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "near.py").write_text("WEIGHT = 0.75")
    imports, body = "from near import WEIGHT", "weight = WEIGHT"
    first = write(imports, body, near="WEIGHT = 0.25")
    (other / "s.py").write_text(STRATEGY.format(imports=imports, body=body))
    second = create(f"{other / 's.py'}:S", {})
    assert (asked(first)[0], asked(second)[0]) == (0.25, 0.75)
    again = create(f"{tmp_path / 's.py'}:S", {})
    assert asked(again)[0] == 0.25


def test_a_standard_module_is_never_shadowed(write):
    weight, found = asked(
        write("import statistics", "weight = statistics.mean([0.5])", statistics="mean = None")
    )
    assert (weight, dict(found.helpers)) == (0.5, {})


def test_files_that_are_read_are_told_when_they_were(write, tmp_path):
    (tmp_path / "early.txt").write_text("0.25")
    (tmp_path / "table.csv").write_text("0.5")
    imports = 'EARLY = Path(__file__).with_name("early.txt").read_text()'
    body = 'weight = float(Path(__file__).with_name("table.csv").read_text())'
    strategy = write(imports, body)
    assert list(sources_of(strategy).read) == ["early.txt"]
    weight, found = asked(strategy)
    assert (weight, list(found.read)) == (0.5, ["early.txt", "table.csv"])
    (tmp_path / "table.csv").write_text("0.75")
    assert asked(strategy)[1].read["table.csv"] != found.read["table.csv"]


TABLE = 'Path(__file__).with_name("table.csv")'
SQL = """import sqlite3
def read(p):
    with sqlite3.connect(p) as c: return c.execute("select 0.5").fetchone()[0]"""
THREAD = """from concurrent.futures import ThreadPoolExecutor
from operator import methodcaller"""
POOL = f'weight = float(list(ThreadPoolExecutor(1).map(methodcaller("read_text"), [{TABLE}]))[0])'


@pytest.mark.parametrize(
    "imports, body",
    [
        ("", f'with open({TABLE}, "r+") as f: weight = float(f.read())'),
        ("", f"with os.fdopen(os.open({TABLE}, os.O_RDWR)) as f: weight = float(f.read())"),
        (SQL, f"weight = read({TABLE})"),
        (THREAD, POOL),
        ("", f"weight = float({TABLE}.read_text()); {TABLE}.unlink()"),
    ],
)
def test_a_file_is_told_however_it_is_read(write, tmp_path, imports, body):
    (tmp_path / "table.csv").write_text("" if imports == SQL else "0.5")
    weight, found = asked(write(imports, body))
    assert (weight, list(found.read)) == (0.5, ["table.csv"])
    assert found.unreached == ("table.csv",)


@pytest.mark.parametrize("name", ["sig.so", "sig.pyc", "sig.nbi", "site-packages/sig.txt"])
def test_no_name_makes_a_file_less_of_a_file(write, tmp_path, name):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("0.5")
    weight, found = asked(write("", f'weight = float(Path("{file}").read_text())'))
    assert (weight, list(found.read)) == (0.5, [name])


@pytest.mark.parametrize(
    "path", ["/proc/self/environ", "/etc/passwd", "/proc/self/../../etc/passwd"]
)
def test_a_file_of_the_system_is_a_file(write, path):
    _, found = asked(write("", f'open("{path}", "rb").close(); weight = 0.5'))
    assert len(found.read) == 1


def test_a_file_in_shared_memory_is_a_file(write):
    with NamedTemporaryFile("w", dir="/dev/shm") as file:
        file.write("0.5")
        file.flush()
        weight, found = asked(write("", f'weight = float(Path("{file.name}").read_text())'))
    assert (weight, list(found.read)) == (0.5, [Path(file.name).name])


def test_a_device_is_told_in_words(write):
    _, found = asked(write("", 'open("/dev/full", "rb").close(); weight = 0.5'))
    assert found.unreached == ("the device /dev/full",)


def test_a_strategy_below_a_folder_with_a_librarys_name_is_a_users(write, tmp_path):
    write()
    (tmp_path / "table.csv").write_text("0.5")
    below = tmp_path / "site-packages"
    below.mkdir()
    body = f'weight = float(Path("{tmp_path}/table.csv").read_text())'
    (below / "s.py").write_text(STRATEGY.format(imports="", body=body))
    weight, found = asked(create(f"{below / 's.py'}:S", {}))
    assert (weight, list(found.read)) == (0.5, ["table.csv"])


def test_an_installed_strategy_is_told_what_it_reads(tmp_path, monkeypatch):
    """Of files anywhere, and of those that its own package brings."""
    package = tmp_path / "bought"
    package.mkdir()
    monkeypatch.setattr(installed, "SITES", frozenset({*installed.SITES, tmp_path.resolve()}))
    (package / "table.csv").write_text("0.5")
    body = 'weight = float(Path(__file__).with_name("table.csv").read_text())'
    (package / "__init__.py").write_text(STRATEGY.format(imports="", body=body))
    monkeypatch.syspath_prepend(tmp_path)
    weight, found = asked(importlib.import_module("bought").S())
    monkeypatch.delitem(sys.modules, "bought")
    assert (weight, list(found.read)) == (0.5, ["table.csv"])


def test_what_python_and_libraries_read_by_themselves_is_not_told(write):
    body = (
        'zoneinfo.ZoneInfo.no_cache("Europe/Paris"); open("/dev/urandom", "rb").close(); '
        'os.cpu_count(); open("/proc/cpuinfo").close(); weight = 0.5'
    )
    _, found = asked(write("import zoneinfo", body))
    assert found.unreached == ()


@pytest.mark.parametrize(
    "imports, body, told",
    [
        ("import subprocess", 'subprocess.run(["true"])', "the program true"),
        ("", 'os.system("true")', "the command true"),
        ("", 'os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)', "the program true"),
        ("", "os.listdir(Path(__file__).parent)", "the folder {folder}"),
        ("", "list(Path(__file__).parent.iterdir())", "the folder {folder}"),
        ("", "list(os.scandir(Path(__file__).parent))", "the folder {folder}"),
        (
            "import mmap",
            'with open(__file__, "rb") as f: mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ).close()',
            "a file mapped into memory",
        ),
        ("import ctypes", 'ctypes.CDLL("libc.so.6")', "the library libc.so.6"),
        (
            "import socket",
            'with socket.socket() as s: s.connect_ex(("127.0.0.1", 9))',
            "the connection to 127.0.0.1:9",
        ),
        (
            "import urllib.request",
            'urllib.request.urlopen("data:,0.5?key=1")',
            "the address data:,0.5",
        ),
        (
            "import _thread",
            "d = _thread.allocate_lock(); _thread.start_new_thread(d.acquire, ())",
            "a bare thread",
        ),
        ("import pyarrow", "pass", "pyarrow (may read files unseen)"),
        ("", "import shelve", "shelve (may read files unseen)"),
    ],
)
def test_what_is_no_file_is_told_in_words(write, tmp_path, imports, body, told):
    _, found = asked(write(imports, f"{body}; weight = 0.5"))
    assert told.format(folder=tmp_path.name) in found.touched


def test_an_honest_strategy_touches_nothing(write):
    body = (
        "import numba, ctypes, pandas; from near import WEIGHT; "
        'weight = WEIGHT; open(Path(__file__).with_name("log"), "a").close()'
    )
    _, found = asked(write("import statistics", body, near="WEIGHT = 0.5"))
    assert found.unreached == ()


def test_a_result_that_reached_outside_names_it(write):
    result = backtest(BARS, write("import subprocess", 'subprocess.run(["true"]); weight = 0.5'))
    assert "what the program true knows of later bars" in result.undeclared


@pytest.mark.parametrize(
    "body, name",
    [
        ('weight = float(os.environ["W_A"])', "W_A"),
        ('weight = float(os.environ.get("W_A", "0.5"))', "W_A"),
        ('weight = float(os.getenv("W_A", "0.5"))', "W_A"),
        ('weight = 0.5 if "W_A" in os.environ else 0.25', "W_A"),
    ],
)
def test_variables_are_told_by_a_digest(write, monkeypatch, body, name):
    strategy = write("", body)
    found = []
    for value in ("0.5", "0.25", "0.5"):
        monkeypatch.setenv(name, value)
        found.append(sources_of(strategy).environment)
    assert found[0] == found[2] != found[1]
    assert "0.5" not in found[0].values()
    monkeypatch.delenv(name)
    assert sources_of(strategy).environment == {name: None}


@pytest.mark.parametrize("size, told", [(256, ()), (257, ("the variable W_A (long)",))])
def test_a_variable_that_may_be_a_table_is_told_in_words(write, monkeypatch, size, told):
    strategy = write("", 'weight = float(os.environ["W_A"][0])')
    monkeypatch.setenv("W_A", "1" * size)
    assert sources_of(strategy).unreached == told


@pytest.mark.parametrize("asks", ["os.environ[str(1)]", "dict(os.environ)", "os.environ.copy()"])
def test_names_that_no_code_has_are_said_to_be_unknown(write, asks):
    assert sources_of(write("", f"weight = 0.5 if {asks} else 0.25")).computed


def test_a_vote_rests_on_the_files_of_its_voters(write, tmp_path):
    write()
    vote = create("ensemble", {"members": f"sma_cross,{tmp_path / 's.py'}:S"})
    assert list(sources_of(vote).helpers) == ["s.py"]


def test_a_class_of_a_package_rests_on_what_that_imports():
    names = {path.name for path in code_files(type(Says))}
    assert {"test_sources.py", "strategies_helpers.py"} <= names


class Says:
    pass


Says = Says()
