"""A parameter that may be a table of signals is told, one that is a setting is not."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from gpt_trader import backtest
from gpt_trader.backtest.outside import outside
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.targets import Targets
from gpt_trader.measure.assess import Trials
from gpt_trader.measure.doubt import UNTESTED
from gpt_trader.strategy.registry import builtin
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


def closed_over(table):
    return lambda: table


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
    ],
)
def test_a_table_is_told(what):
    assert outside(Holds(what=what)) == ("what",)


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
    ],
)
def test_a_setting_is_not(what):
    assert outside(Holds(what=what)) == ()


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
