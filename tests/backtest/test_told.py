"""What is loaded is told whole, or what cannot be told is named."""

import importlib
import linecache
import sys

import numpy as np
import pandas as pd
import pytest

from gpt_trader.backtest.told import tell_whole

HEAD = """
import datetime, enum, functools, os, math, operator, sys
from collections import defaultdict, deque
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar
import numpy as np
import pandas as pd
from gpt_trader import Targets
"""
CLASS = """
@dataclass(frozen=True)
class S:
    name: ClassVar[str] = "s"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    m: Any = {m}

    def targets(self, bars):
        return Targets((bars.price.close > {what}) * 1.0)
"""


class Session:
    """A prompt: cells in one namespace, without a file."""

    def __init__(self):
        self.names = {"__name__": "__main__"}
        self.run(HEAD)

    def run(self, text):
        name = f"<cell {len(linecache.cache)}>"
        linecache.cache[name] = len(text), None, text.splitlines(True), name
        exec(compile(text, name, "exec", dont_inherit=True), self.names)  # noqa: S102 - a cell is
        return self

    def strategy(self, what, m="0"):
        return self.run(CLASS.format(what=what, m=m))

    @property
    def whole(self):
        return tell_whole([self.names["S"]()])


WRAP = """
class Scaled:
    def __init__(self, f, k):
        functools.update_wrapper(self, f)
        self.f, self.k = f, k
    def __call__(self, n):
        return self.f(n) * {how}
def one(n):
    return n
level = Scaled(one, {k})
"""
ENUM = "class M(enum.Enum):\n    LOW = {}\n"
CLOSURE = "def made(k):\n    def g():\n        return k\n    return g\ng = made({})\n"
SLOTS = """
class O:
    __slots__ = ("k", "f")
    def __init__(self, k):
        self.k, self.f = k, O
    def level(self):
        return {how}
o = O({k})
"""
QUEUE = "def f():\n    return {}\nq = deque([f])\n"
FACTORY = "d = defaultdict(lambda: {})\n"
HELPER = "def {name}(bars):\n    return {k}\n"
READER = """
class Reader:
    def level(self):
        return self.read_level()
    def read_level(self):
        return {k}
r = Reader()
"""
ACCESSOR = """
@pd.api.extensions.register_series_accessor("told_k")
class A:
    def __init__(self, s): pass
    def get(self): return {k}
"""
ON_INIT = """
def tune(k):
    def d(cls):
        made = cls.{name}
        @functools.wraps(made)
        def w(self, *a):
            made(self, *a); object.__setattr__(self, "k", k)
        cls.{name} = w
        return cls
    return d
@tune({k})
@dataclass
class O:
    a: int = 0
o = O()
"""
NAMED_AS_MADE = "def __create_fn__():\n    def q():\n        return {}\n    return q\n"
NOTED = "@dataclass\nclass O:\n    a: int = field(default=0, metadata={{'k': {}}})\no = O()\n"
ORDERED = "F = pd.Series(pd.Categorical(['a'], categories={}))"
# by a name: what the code asks for, what it asks there, and how that is edited
CASES = {
    "a global": ("K", "K = 1.0", "K = 2.0"),
    "an attribute of the class": ("self.K", "", "S.K = 2.0"),
    "a method": ("self.k()", "", "S.k = lambda self: 2.0"),
    "a closure": ("g()", CLOSURE.format(1), CLOSURE.format(2)),
    "a member of a list": ("L[0]", "L = [1.0]", "L[0] = 2.0"),
    "a lambda in a mapping": ("D['a']()", "D = {'a': lambda: 1.0}", "D['a'] = lambda: 2.0"),
    "a partial": ("p(-1.0)", "p = functools.partial(max, 0.0)", "p = functools.partial(max, 1.0)"),
    "a default factory": ("d['a']", FACTORY.format(1), FACTORY.format(2)),
    "a function in a deque": (
        "q[0]()", QUEUE.format(1), QUEUE.format(2),
    ),
    "slots": ("o.k", SLOTS.format(how="0", k=1), "o.k = 2"),
    "a method of slots": ("o.level()", SLOTS.format(how="1", k=1), SLOTS.format(how="2", k=1)),
    "a global Enum": ("e.value", ENUM.format(1) + "e = M.LOW", ENUM.format(2) + "e = M.LOW"),
    "a decorator's state": (
        "level(2)", WRAP.format(how="self.k", k=1), WRAP.format(how="self.k", k=2)
    ),
    "a decorator's call": (
        "level(2)", WRAP.format(how="self.k", k=1), WRAP.format(how="self.k + 1", k=1)
    ),
    "a mask": (
        "float(F.sum())", "F = np.ma.array([0.0, 2.0], mask=[0, 1])", "F.mask = [0, 0]",
    ),
    "a wrapper that says it is numpy's": (
        "w([1])",
        "def w(x):\n    return 1\nfunctools.update_wrapper(w, np.mean); del w.__wrapped__",
        "def w(x):\n    return 2\nfunctools.update_wrapper(w, np.mean); del w.__wrapped__",
    ),
    "a helper that is named as what reads": (
        "load_k(bars)", HELPER.format(name="load_k", k=1), HELPER.format(name="load_k", k=2),
    ),
    "such a helper in a mapping": (
        "D['a'](bars)",
        HELPER.format(name="query", k=1) + "D = {'a': lambda bars: query(bars)}",
        HELPER.format(name="query", k=2),
    ),
    "a method that is named so": ("r.level()", READER.format(k=1), READER.format(k=2)),
    "a number of one's own kind": (
        "k.times", "class K(float):\n    times = 1\nk = K(1)", "K.times = 2",
    ),
    "an accessor": ("pd.Series([1]).told_k.get()", ACCESSOR.format(k=1), ACCESSOR.format(k=2)),
    "a method put on a class of pandas": (
        "pd.Series([1]).told_f()",
        "pd.Series.told_f = lambda s: 1", "pd.Series.told_f = lambda s: 2",
    ),
    "a property put on a class of pandas": (
        "pd.Series([1]).told_p",
        "pd.Series.told_p = property(lambda s: 1)", "pd.Series.told_p = property(lambda s: 2)",
    ),
    "a mapping put on a package": ("np.told_d['k']", "np.told_d = {'k': 1}", "np.told_d['k'] = 2"),
    "a class put on a package": (
        "np.told_c.k", "class C:\n    k = 1\nnp.told_c = C", "C.k = 2",
    ),
    "attrs of a frame": ("F.attrs['k']", "F = pd.DataFrame({'a': [1]})", "F.attrs['k'] = 2"),
    "attrs of a Series": ("F.attrs['k']", "F = pd.Series([1])", "F.attrs['k'] = 2"),
    "order of categories": (
        "F.cat.codes[0]", ORDERED.format(["a", "b"]), ORDERED.format(["b", "a"]),
    ),
    "step of moments": (
        "F.freq.n",
        "F = pd.date_range('2020', periods=1, freq='10D')",
        "F = pd.date_range('2020', periods=1, freq='20D')",
    ),
    "metadata of a field": ("fields(o)[0].metadata['k']", NOTED.format(1), NOTED.format(2)),
    "a wrapper round what dataclass made": (
        "o.k", ON_INIT.format(name="__init__", k=1), ON_INIT.format(name="__init__", k=2),
    ),
    "what is named as what dataclass makes": (
        "C.q()",
        NAMED_AS_MADE.format(1) + "class C:\n    q = __create_fn__()\n",
        NAMED_AS_MADE.format(2) + "class C:\n    q = __create_fn__()\n",
    ),
    "a fold": (
        "T.fold", "T = datetime.time(1, fold=0)", "T = datetime.time(1, fold=1)",
    ),
    "metadata of a dtype": (
        "T.metadata['k']",
        "T = np.dtype('f8', metadata={'k': 1})", "T = np.dtype('f8', metadata={'k': 2})",
    ),
    "names for matching": (
        "len(V.__match_args__)", "class V:\n    __match_args__ = ('a',)", "V.__match_args__ = ()",
    ),
}  # fmt: skip


def take_off():
    """Take off installed packages what cases put on them."""
    for one in (pd.Series, np):
        for name in [name for name in vars(one) if name.startswith("told_")]:
            delattr(one, name)
    pd.Series._accessors -= {"told_k"}


@pytest.mark.filterwarnings("ignore:registration of accessor")
@pytest.mark.parametrize("case", CASES)
def test_what_is_edited_is_told_apart(case, request):
    what, first, then = CASES[case]
    request.addfinalizer(take_off)
    session = Session().run(first).strategy(what)
    before, again = session.whole, session.whole
    assert before == again
    assert before.untold == ()
    after = session.run(then).whole
    assert after.untold == ()
    assert after.digest != before.digest


def test_an_edited_enum_is_another_default():
    session = Session().run(ENUM.format(1)).strategy("self.m.value", "M.LOW")
    before = session.whole
    assert session.run(ENUM.format(1)).strategy("self.m.value", "M.LOW").whole == before
    after = session.run(ENUM.format(2)).strategy("self.m.value", "M.LOW").whole
    assert after.untold == before.untold == ()
    assert after.digest != before.digest


@pytest.mark.parametrize(
    "what",
    [
        "eval('K')",
        "globals()['K']",
        "getattr(sys.modules['__main__'], 'K')",
        "vars()",
        "float(os.environ['KK'])",
        "float(os.getenv('KK'))",
        "float(open('k').read())",
        "pd.read_csv('k').k[0]",
        "pd.read_parquet('k').k[0]",
        "np.load('k')[0]",
        "np.fromfile('k')[0]",
        "pd.DataFrame({'c': bars.close}).eval('c > @K')",
        "pd.DataFrame({'c': bars.close}).query('c > @K').c",
        "operator.attrgetter('K')(M)",
        "__import__('levels').K",
        "pd.Timestamp.now().day",
        "int(type(self).__doc__)",
        "type(self).__annotations__['m']",
        "int(type(self).__qualname__)",
        "pd.get_option('display.max_rows')",
    ],
)
def test_what_cannot_be_told_is_named(what):
    assert Session().run("K = 1.0").strategy(what).whole.untold


@pytest.mark.parametrize(
    "first",
    [
        "from os import environ as level",
        "from pandas import read_csv as level",
        "from io import open as level",
        "from pathlib import Path as level",
        "level = functools.partial(pd.read_csv, 'k')",
        "level = open",
        "level = os.environ.get",
        "level = (n for n in range(3))",
        "level = {'a': np}\nlevel['b'] = sys",
        "def level(k):\n    import levels\n    return levels.K",
        "def level(k):\n    global K\n    K = k",
        "def load(k):\n    return open(k).read()\nlevel = load",
        "load_level = pd.read_csv\ndef level(k):\n    return load_level(k)",
        "import pandas as far\ndef level(k):\n    return far.read_csv(k)",
        "def read_level(frame):\n    return frame.read_k()\nlevel = read_level",
        (
            "class R:\n    read_k = pd.read_csv\n    def f(self, k):\n"
            "        return self.read_k(k)\nlevel = R().f"
        ),
        (
            "class R:\n    def read_k(self):\n        return 1\n    def f(self, k):\n"
            "        self = K\n        return self.read_k(k)\nlevel = R().f"
        ),
        (
            "class R:\n    def read_k(self):\n        return 1\ndef level(other):\n"
            "    return other.read_k()"
        ),
    ],
)
def test_what_a_name_stands_for_cannot_be_told(first):
    assert Session().run(first).strategy("level('k')").whole.untold


def test_what_somebody_put_into_builtins_cannot_be_told(monkeypatch):
    monkeypatch.setattr("builtins.KQ", 1.0, raising=False)
    assert Session().strategy("KQ").whole.untold == ("targets uses KQ",)
    monkeypatch.setattr("builtins.max", min)
    assert Session().strategy("max(1, 2)").whole.untold


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Write modules of a user's; return what writes one."""
    known = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(name, text):
        file = tmp_path / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    yield write
    for name in set(sys.modules) - known:
        if name.startswith("told_"):
            del sys.modules[name]


def test_a_module_is_told_by_what_is_taken_from_it(modules):
    modules("told_cfg", "LEVEL = 5\nOTHER = 1\n")
    session = Session().run("import told_cfg").strategy("told_cfg.LEVEL")
    before = session.whole
    assert session.run("told_cfg.OTHER = 2").whole == before
    modules("told_cfg", "LEVEL = 6  # edited\n")
    assert session.whole == before, "as it is loaded"
    importlib.reload(sys.modules["told_cfg"])
    after = session.whole
    assert after.untold == ()
    assert after.digest != before.digest


@pytest.mark.parametrize(
    "far, name, taken",
    [
        ("told_levels", "told_levels", "told_levels.K"),
        ("told_pkg/sub", "told_pkg.sub", "told_pkg.sub.K"),
    ],
)
def test_a_module_is_told_through_another(modules, far, name, taken):
    modules(far, "K = 5\n")
    modules("told_rules", f"import {name}\ndef level():\n    return {taken}\n")
    session = Session().run("import told_rules").strategy("told_rules.level()")
    before = session.whole
    sys.modules[name].K = 6
    after = session.whole
    assert before.untold == after.untold == ()
    assert after.digest != before.digest


def test_a_module_that_is_handed_on_cannot_be_told(modules):
    modules("told_cfg", "LEVEL = 5\n")
    session = Session().run("import told_cfg\ndef level(m):\n    return m.LEVEL\n")
    [untold] = session.strategy("level(told_cfg)").whole.untold
    assert untold == "the module told_cfg, handed on as a whole"


def test_what_was_set_in_an_installed_module_is_told(monkeypatch):
    session = Session().strategy("np.MY_LEVEL")
    monkeypatch.setattr("numpy.MY_LEVEL", 1.0, raising=False)
    before = session.whole
    monkeypatch.setattr("numpy.MY_LEVEL", 2.0)
    assert session.whole.digest != before.digest


class Refuses:
    """Stands in for what is made later, as pydantic has it: asked for an attribute, it fails."""

    __slots__ = ()

    def __getattr__(self, name: str):
        raise RuntimeError(name)


def test_what_refuses_to_be_asked_for_its_attributes_is_not_asked(monkeypatch):
    monkeypatch.setattr(pd.DataFrame, "odd", Refuses(), raising=False)
    assert not Session().run("K = 1.0").strategy("bars.close > K").whole.untold
