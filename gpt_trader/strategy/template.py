"""The example that `gpt-trader new-strategy NAME` writes: a strategy and its test."""

import sys
from importlib.util import find_spec
from keyword import iskeyword

from gpt_trader.errors import UsageError
from gpt_trader.strategy.registry import builtin_names

_STRATEGY = '''\
"""NAME: in while the close is above its average, with a stop below the entry.

Try it:   gpt-trader backtest --demo --strategy NAME.py:CLASS --set period=50
Test it:  pytest test_NAME.py
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.kernel.features.averages import sma
from gpt_trader.strategy.base import param
from gpt_trader.strategy.params import check_ranges


@dataclass(frozen=True)
class CLASS:
    """In while the close is above its simple moving average."""

    name: ClassVar[str] = "NAME"

    # A parameter: default, lowest, highest, meaning. --set and the optimizer read these.
    period: int = param(50, 2, 1000, doc="bars of the average")
    stop: float = param(0.05, 0.001, 0.5, doc="stop below the entry, as a fraction")
    weight: float = param(1.0, 0.01, 1.0, doc="fraction of equity while in")

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def min_bars(self) -> int:
        """Bars needed for a first opinion."""
        return self.period

    @property
    def warmup(self) -> int:
        """Bars of a window whose last row equals that of the full history, bit by bit.

        A window sum needs its window. A recursive average needs about 30 periods (EMA) or 60
        (Wilder's), rounded off with gpt_trader.kernel.features.averages.settle.
        """
        return self.period

    def targets(self, bars: Bars) -> Targets:
        """Return one row a bar; row i may use bars up to and including i only.

        bars.open, high, low and close are whole ticks (int64); bars.volume is in base units.
        """
        average = sma(bars.close, self.period)  # NaN for the first period - 1 bars

        # A state, not an event: "be in", for as long as it is true. NaN means no opinion.
        weight = np.where(bars.close > average, self.weight, 0.0)
        weight = np.where(np.isnan(average), np.nan, weight)

        # Conditions are for people (gpt-trader why). Show prices, not ticks.
        tick = bars.product.tick
        return Targets(
            weight=weight,
            stop=np.full(len(bars), self.stop),
            conditions=(
                Condition(f"close > SMA({self.period})", bars.close * tick, average * tick),
            ),
        )
'''

_TEST = '''\
"""Tests of NAME: it looks at no bar before it is there, and forgets what it says it forgets."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.product import Product
from gpt_trader.errors import UsageError
from gpt_trader.strategy.registry import create

REF = f"{Path(__file__).parent / 'NAME.py'}:CLASS"
BTC = Product("BTC-USD", Decimal("0.00000001"), Decimal("0.01"))
HOUR_MS = 3_600_000


def random_bars(n: int, seed: int) -> Bars:
    """Return a random walk; prices are whole ticks."""
    rng = np.random.default_rng(seed)
    close = 3_000_000 + np.cumsum(rng.integers(-5_000, 5_001, n))
    open_ = np.concatenate([close[:1], close[:-1]])
    high = np.maximum(open_, close) + rng.integers(0, 2_000, n)
    low = np.minimum(open_, close) - rng.integers(0, 2_000, n)
    time = np.arange(n, dtype=np.int64) * HOUR_MS
    volume = rng.uniform(1.0, 10.0, n)
    return Bars(BTC, HOUR_MS, time, open_, high, low, close, volume, np.zeros(n))


def test_weight_is_a_state_after_the_first_bars() -> None:
    strategy = create(REF, {"period": 10})
    weight = strategy.targets(random_bars(200, seed=1)).weight
    assert np.isnan(weight[: strategy.min_bars - 1]).all()
    assert set(weight[strategy.min_bars - 1 :]) == {0.0, strategy.weight}


@pytest.mark.parametrize("seed", range(5))
def test_no_row_changes_when_later_bars_arrive(seed: int) -> None:
    strategy = create(REF, {"period": 10})
    bars = random_bars(120, seed)
    whole = strategy.targets(bars)
    for n in range(1, len(bars) + 1):
        assert repr(strategy.targets(bars[:n]).row(n - 1)) == repr(whole.row(n - 1))


@pytest.mark.parametrize("seed", range(5))
def test_a_trailing_window_says_the_same_as_the_full_history(seed: int) -> None:
    strategy = create(REF, {"period": 10})
    bars = random_bars(120, seed)
    whole = strategy.targets(bars)
    for n in range(strategy.warmup, len(bars) + 1):
        window = strategy.targets(bars[n - strategy.warmup : n])
        assert repr(window.row(strategy.warmup - 1)) == repr(whole.row(n - 1))


def test_a_parameter_out_of_range_is_refused() -> None:
    with pytest.raises(UsageError, match="period"):
        create(REF, {"period": 1})
'''


def render(name: str) -> dict[str, str]:
    """Return the files of a new strategy by file name: `NAME.py` and `test_NAME.py`.

    Raises UsageError where name is no Python identifier or that of a built-in strategy or a module.
    """
    if not name.isidentifier() or iskeyword(name) or not name.isascii():
        raise UsageError(
            f"expected a Python name for the strategy, was {name!r}",
            hint="letters, digits and _ only, not starting with a digit: my_strategy",
        )
    if name in builtin_names():
        raise UsageError(f"{name} is a built-in strategy", hint=f"choose another: my_{name}")
    if name in sys.modules or find_spec(name) is not None:
        raise UsageError(
            f"{name}.py would hide the Python module {name}", hint=f"choose another: my_{name}"
        )
    class_name = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    if not class_name.isidentifier():
        class_name = "Strategy" + class_name

    def fill(text: str) -> str:
        return text.replace("NAME", name).replace("CLASS", class_name)

    return {f"{name}.py": fill(_STRATEGY), f"test_{name}.py": fill(_TEST)}
