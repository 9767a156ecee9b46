"""A parameter that may be a table of signals is told, one that is a setting is not."""

import random
import re
import weakref
from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, make_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache, lru_cache, partial
from logging import getLogger
from operator import itemgetter
from pathlib import Path
from threading import Event, Lock, RLock, local
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any, ClassVar, cast
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from gpt_trader import backtest
from gpt_trader.backtest.outside import outside
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel
from gpt_trader.domain.targets import Targets
from gpt_trader.measure.assess import Trials
from gpt_trader.measure.doubt import UNTESTED
from gpt_trader.strategy.registry import builtin, create
from tests.brought.meddlers import Honest, Prints
from tests.strategies_helpers import random_bars


@dataclass(frozen=True)
class Holds:
    name: ClassVar[str] = "holds"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    size: float = 0.5
    what: Any = None

    def targets(self, bars):
        on = self.what or ()
        return Targets(np.array([float(int(t) in on) for t in bars.time]))


class Thing:
    def __init__(self, table):
        self.table = table

    def read(self, row=0):
        return self.table[row]


class Slotted:
    __slots__ = ("table",)

    def __init__(self, table):
        self.table = table


def closed_over(table):
    return lambda: table


def repr_short(what):
    return type(what).__name__


TABLE = tuple(range(17))


@pytest.mark.parametrize(
    "what",
    [
        TABLE,
        list(TABLE),
        frozenset(TABLE),
        dict.fromkeys(TABLE, 1),
        [TABLE[:9], TABLE[9:]],
        np.zeros(17),
        np.array(["2020-01-01"], "M8[D]"),
        pd.Series([1.0]),
        pd.DataFrame({"a": [1.0]}),
        pd.Timestamp("2020-01-01"),
        datetime(2020, 1, 1, tzinfo=UTC),
        1 << 2_000,
        "01" * 300,
        Thing(TABLE),
        closed_over(TABLE),
        Holds(what=TABLE),
        iter(TABLE),
        TABLE.__getitem__,
        dict.fromkeys(TABLE, 1).get,
        Thing(TABLE).read,
        Slotted(TABLE),
    ],
)
def test_a_table_is_told(what):
    assert outside(Holds(what=what)) == ("parameter what",)


@pytest.mark.parametrize(
    "what",
    [
        re.compile("u|" * 300),
        Decimal("0." + "01" * 300),
        Fraction(1, 1 << 2_000),
        slice(TABLE, None),
        ValueError(*TABLE),
        type("Own", (ValueError,), {})(*TABLE),
        type("Own", (int,), {"__module__": "own"})(1 << 2_000),
        ContextVar("signs", default=TABLE),
        weakref.ref(Thing(TABLE)),
        compile("(1, 2)", "signs", "eval"),
        itemgetter(*TABLE),
        np.frompyfunc(TABLE.__getitem__, 1, 1),
        np.dtype("f8", metadata={"signs": TABLE}),
        range(0, 1 << 2_000, 3),
        deque(TABLE),
        local(),
        SimpleNamespace(signs=TABLE),
        Annotated[int, TABLE],
        list[TABLE],
        random.Random(1),
    ],
    ids=repr_short,
)
def test_what_may_hold_a_table_unseen_is_told(what):
    assert outside(Holds(what=what)) == ("parameter what",)


LOG = getLogger(__name__)


class Kind(Enum):
    A = 1


@pytest.mark.parametrize(
    "what",
    [
        None,
        7,
        0.5,
        Decimal("0.1"),
        "a few words",
        Path("somewhere"),
        Kind.A,
        (1, 2, 3),
        {"fast": 2, "slow": 5},
        np.ones(5),
        range(1_000),
        np.mean,
        closed_over(3),
        np.random.default_rng(1),
        Holds(),
        re.compile("a few words"),
        Fraction(1, 3),
        slice(1, 5),
        itemgetter("close"),
        timedelta(days=3),
        ZoneInfo("Europe/Berlin"),
        np.float32(0.5),
        np.dtype("f8"),
        np.add,
        Lock(),
        RLock(),
        Event(),
        deque([1, 2]),
        ValueError("a few words"),
        SimpleNamespace(fast=2, slow=5),
        dict[str, list[float]],
        float | None,
        LOG,
        object(),
        ...,
    ],
)
def test_a_setting_is_not(what):
    assert outside(Holds(what=what)) == ()


ROWS = np.zeros(17)
MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BESIDE = ModuleType("beside")
BESIDE.ROWS = ROWS


def from_helper():
    return ROWS


def by_default(rows=ROWS):
    return rows


@lru_cache
def remembered():
    return ROWS


def of_module():
    return BESIDE.ROWS


def written_out():
    return np.array([0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1])


HELPERS = {"helper": from_helper}
BARS = random_bars(20, seed=1)
HOLDER = Thing(ROWS)


def a_strategy(does, **also):
    """Return a strategy whose answer calls something."""
    kind = type("Does", (Holds,), {"targets": lambda _self, _bars: does(), **also})
    return kind()


MOMENTS = "\n".join(f"s{i} = datetime.date(2020, 1, {1 + i % 28})" for i in range(200))
FIELDS = [("k", int, field(default=1, metadata={"signs": TABLE}))]
NOTED = type("Noted", (), {"__annotations__": {"signs": TABLE}})
KNOWN = make_dataclass("Known", FIELDS)
TOLD = getLogger(f"{__name__}.told")
TOLD.signs = TABLE
FILTERED = getLogger(f"{__name__}.filtered")
FILTERED.addFilter(Thing(TABLE))
PATTERN = re.compile("u|" * 300)


class Described:
    pass


Described.__doc__ = "01" * 300


def annotated(row: "int" = 0, *, signs: TABLE = 0):
    return row + signs


@cache
def tagged():
    return 1


tagged.signs = TABLE


def closing_over(rows):
    return lambda: rows


@pytest.mark.parametrize(
    "does, where",
    [
        (lambda: ROWS, "global ROWS"),
        (lambda: [x for x in range(3) if ROWS[x]], "global ROWS"),
        (lambda: BARS.close, "global BARS"),
        (HOLDER.read, "bound object"),
        (lambda: HOLDER.read(0), "global HOLDER"),
        (from_helper, "global ROWS"),
        (lambda: HELPERS["helper"](*()), "global ROWS"),
        (remembered, "global ROWS"),
        (partial(from_helper), "global ROWS"),
        (of_module, "global ROWS"),
        (by_default, "default of by_default"),
        (closing_over(ROWS), "closure variable rows"),
        (closing_over(pd.Series([1.0])), "closure variable rows"),
        (ROWS.take, "bound object"),
        (written_out, "text of written_out"),
        (lambda: NOTED.__annotations__["signs"], "annotation signs"),
        (annotated, "annotation signs"),
        (lambda: fields(KNOWN)[0].metadata["signs"], "metadata of k"),
        (lambda: TOLD.signs, "global TOLD"),
        (lambda: FILTERED.filters[0].table, "global FILTERED"),
        (lambda: PATTERN.pattern, "global PATTERN"),
        (lambda: Described.__doc__, "docstring of Described"),
        (tagged, "attribute of a cache"),
    ],
)
def test_a_table_that_its_code_refers_to_is_told(does, where):
    assert outside(a_strategy(does)) == (where,)


def test_a_table_that_its_class_or_itself_holds_is_told():
    assert outside(a_strategy(dict, rows=ROWS)) == ("class attribute rows",)
    strategy = a_strategy(dict)
    vars(strategy)["rows"] = ROWS
    assert outside(strategy) == ("attribute rows",)


PAIR = (2, 5)
NEEDED = 3
close = ROWS


@pytest.mark.parametrize(
    "does",
    [
        lambda: (PAIR, NEEDED, EPOCH, Kind.A),
        lambda: MONTHS["jan"],
        lambda: LOG.info("a word"),
        lambda: np.log(np.pi) + pd.Timestamp(0).value,
        lambda: norm(1),
        lambda: BARS_OF.close,
        closing_over(PAIR),
        lambda: create("sma_cross", {}),
        lambda: DEFAULT_COSTS,
        lambda: cast(Weights, {}),
    ],
)
def test_a_constant_that_its_code_refers_to_is_not(does):
    assert outside(a_strategy(does)) == ()


Weights = dict[str, float]
BARS_OF = Thing(1)


def norm(value):
    return float(np.linalg.norm(value))


FILLED = {}


class Fills(Holds):
    def targets(self, bars):
        FILLED.update(zip(bars.time.tolist(), bars.close.tolist(), strict=True))
        return Targets(np.zeros(len(bars)))


def test_a_table_that_it_fills_as_it_is_asked_is_its_own():
    FILLED.clear()
    assert backtest(BARS, Fills(), self_check=False).checks.outside == ()
    assert len(FILLED) == len(BARS)
    assert backtest(BARS, Fills(), self_check=False).checks.outside == ("global FILLED",)


MANY = {f"s{i}": i % 2 for i in range(200)}
CODED = {
    "globals": (
        "\n".join(f"s{i} = {value}" for i, value in enumerate(MANY.values())),
        f"[{', '.join(MANY)}]",
    ),
    "truths": (
        "\n".join(f"s{i} = {bool(value)}" for i, value in enumerate(MANY.values())),
        f"[{', '.join(MANY)}]",
    ),
    "globals by made names": (
        "\n".join(f"s{i} = {value}" for i, value in enumerate(MANY.values())),
        "[globals()[f's{i}'] for i in range(200)]",
    ),
    "words": (
        "\n".join(f"s{i} = 'ab'[{value}]" for i, value in enumerate(MANY.values())),
        f"[{', '.join(MANY)}]",
    ),
    "attributes": (
        "class Signs:\n" + "\n".join(f"    s{i} = {v}" for i, v in enumerate(MANY.values())),
        "[getattr(Signs, f's{i}') for i in range(200)]",
    ),
    "answers": (
        "def sign(i):\n"
        + "\n".join(f"    if i == {i}:\n        return {v}" for i, v in enumerate(MANY.values())),
        "[sign(i) for i in range(200)]",
    ),
    "moments": (
        f"import datetime\n{MOMENTS}",
        f"[{', '.join(MANY)}]",
    ),
    "small tables": (
        "\n".join(f"s{i} = [{', '.join('01' * 5)}]" for i in range(20)),
        f"[{', '.join(list(MANY)[:20])}]",
    ),
}


def made_of(text, answer):
    """Return a strategy of a module of its own."""
    module = ModuleType("coded")
    exec(f"{text}\ndef answers():\n    return {answer}\n", vars(module))  # noqa: S102
    return a_strategy(module.answers)


@pytest.mark.parametrize("how", CODED)
def test_many_numbers_one_by_one_are_a_table(how):
    (place,) = outside(made_of(*CODED[how]))
    assert place.endswith(" numbers and texts in code")
    assert int(place.split()[0]) > 190


def test_many_parameters_are_a_table():
    kind = make_dataclass("Many", [(name, int, value) for name, value in MANY.items()], bases=())
    (place,) = outside(kind())
    assert place == "202 numbers and texts in code"  # with two that `Many` is made of


def test_as_many_numbers_as_a_strategy_has_are_none():
    few = "\n".join(f"s{i} = {i}" for i in range(60))
    assert outside(made_of(few, f"[{', '.join(list(MANY)[:60])}]")) == ()
    assert outside(made_of("ONE = 1", "[globals()['ONE']]")) == ()
    assert [outside(kind()) for kind in (Honest, Prints)] == [(), ()]


@pytest.mark.parametrize("text", ["B = 0x" + "a5" * 150, "B = b'" + "01" * 300 + "'"])
def test_one_long_number_or_text_is_a_table(text):
    assert outside(made_of(text, "[(B, i) for i in range(9)]")) == ("global B",)


def test_what_is_built_in_has_settings_only():
    assert [outside(kind()) for kind in builtin().values()] == [()] * len(builtin())


def test_a_result_of_a_table_is_not_proven_and_says_so_first():
    bars = random_bars(1_500, 1, size=60_000)
    up = np.append(bars.close[1:] > bars.close[:-1], False)
    table = frozenset(bars.time[up].tolist())
    result = backtest(
        bars,
        Holds(what=table),
        assess=True,
        trials=Trials(),
        costs=CostModel(taker_bps=1, slippage_bps=0),
    )
    assert result.undeclared[0] == "signals made outside (parameter what)"
    assert result.assessment.verdict.word != "PASS"
    assert UNTESTED in result.assessment.verdict.kinds
    said = "What came in by its parameter what was made outside: nothing was cut off there."
    assert said in result.assessment.verdict.reasons


def test_a_result_of_a_global_table_is_not_proven():
    bars = random_bars(1_500, 1, size=60_000)
    up = np.append(bars.close[1:] > bars.close[:-1], False).astype(float)

    class Knows(Holds):
        def targets(self, bars):
            return Targets(up[: len(bars)] if len(bars) > 1 else up[np.isin(times, bars.time)])

    times = bars.time.copy()
    costs = CostModel(taker_bps=1, slippage_bps=0)
    result = backtest(bars, Knows(), assess=True, trials=Trials(), costs=costs)
    assert result.undeclared[0] == (
        "signals made outside (closure variable times, closure variable up)"
    )
    assert result.assessment.verdict.word != "PASS"
    assert UNTESTED in result.assessment.verdict.kinds
