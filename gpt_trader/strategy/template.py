"""The examples that `gpt-trader new-strategy NAME` writes: a strategy and its test."""

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


_MARKET_STRATEGY = '''\
"""NAME: equal parts of what rose over some bars, asked about all products of its route at once.

Try it:   gpt-trader backtest --demo --strategy NAME.py:CLASS --set look=24
Test it:  pytest test_NAME.py
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader.domain.market import Market
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.strategy.base import param
from gpt_trader.strategy.params import check_ranges


@dataclass(frozen=True)
class CLASS:
    """Equal parts of each product that rose."""

    name: ClassVar[str] = "NAME"

    # What is read and not traded would be named here: reads = ("BTC-USD", "ETH-USD@1d").

    # A parameter: default, lowest, highest, meaning. --set and the optimizer read these.
    look: int = param(24, 1, 1000, doc="bars over which a product must have risen")
    weight: float = param(1.0, 0.01, 1.0, doc="fraction of equity in all products")

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def min_bars(self) -> int:
        """Bars that a product needs for a first opinion."""
        return self.look + 1

    @property
    def warmup(self) -> int:
        """Rows of a window whose last row equals that of the full history, bit by bit."""
        return self.look + 1

    def targets(self, market: Market) -> dict[str, Targets]:
        """Return targets by product; row i may use rows up to and including i only.

        market.close and its like are prices, a column a product, NaN where it has no bar.
        """
        close = market.close
        rose = np.full(close.shape, np.nan)
        rose[self.look :] = close[self.look :] / close[: -self.look] - 1.0

        # A state, not an event: "be in", for as long as it is true. NaN means no opinion.
        share = self.weight / len(market.products)
        weight = np.where(np.isnan(rose), np.nan, np.where(rose > 0.0, share, 0.0))

        # Conditions are for people (gpt-trader why).
        return {
            product: Targets(
                weight=weight[:, j],
                conditions=(
                    Condition(f"rose over {self.look} bars > 0", rose[:, j], np.zeros(len(rose))),
                ),
            )
            for j, product in enumerate(market.products)
        }
'''

_MARKET_TEST = '''\
"""Tests of NAME: it looks at no row before it is there, and forgets what it says it forgets."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.market import Market, market_of
from gpt_trader.domain.product import Product
from gpt_trader.errors import UsageError
from gpt_trader.strategy.answers import ask_market
from gpt_trader.strategy.registry import create

REF = f"{Path(__file__).parent / 'NAME.py'}:CLASS"
HOUR_MS = 3_600_000


def random_bars(name: str, n: int, seed: int) -> Bars:
    """Return a random walk in whole ticks, of which one bar in ten is absent."""
    rng = np.random.default_rng(seed)
    close = 3_000_000 + np.cumsum(rng.integers(-5_000, 5_001, n))
    open_ = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(open_, close), np.minimum(open_, close)
    time = np.arange(n, dtype=np.int64) * HOUR_MS
    product = Product(name, Decimal("0.00000001"), Decimal("0.01"))
    bars = Bars(product, HOUR_MS, time, open_, high, low, close, np.ones(n), np.zeros(n))
    return bars[np.flatnonzero(rng.random(n) < 0.9)]


def random_market(n: int, seed: int) -> Market:
    """Return three products side by side."""
    names = ("BTC-USD", "ETH-USD", "SOL-USD")
    return market_of([random_bars(name, n, seed + j) for j, name in enumerate(names)])


def last_row(strategy: object, market: Market) -> str:
    """Return what it says of each product at the last row, and why."""
    return repr([one.row(-1) for one in ask_market(strategy, market)])


def test_weights_are_parts_of_the_whole() -> None:
    strategy = create(REF, {"look": 10})
    found = strategy.targets(random_market(200, seed=1))
    for said in found.values():
        known = said.weight[~np.isnan(said.weight)]
        assert set(known) == {0.0, strategy.weight / 3}


@pytest.mark.parametrize("seed", range(5))
def test_no_row_changes_when_later_bars_arrive(seed: int) -> None:
    strategy = create(REF, {"look": 10})
    market = random_market(120, seed)
    whole = ask_market(strategy, market)
    for n in range(1, len(market) + 1):
        assert last_row(strategy, market[:n]) == repr([one.row(n - 1) for one in whole])


@pytest.mark.parametrize("seed", range(5))
def test_a_trailing_window_says_the_same_as_the_full_history(seed: int) -> None:
    strategy = create(REF, {"look": 10})
    market = random_market(120, seed)
    whole = ask_market(strategy, market)
    for n in range(strategy.warmup, len(market) + 1):
        window = market[n - strategy.warmup : n]
        assert last_row(strategy, window) == repr([one.row(n - 1) for one in whole])


def test_a_parameter_out_of_range_is_refused() -> None:
    with pytest.raises(UsageError, match="look"):
        create(REF, {"look": 0})
'''


def render(name: str) -> dict[str, str]:
    """Return the files of a new strategy by file name: `NAME.py` and `test_NAME.py`.

    Raises UsageError where name is no Python identifier or that of a built-in strategy or a module.
    """
    return _filled(name, _STRATEGY, _TEST)


def render_market(name: str) -> dict[str, str]:
    """Return the files of one that sees all products of its route at once; as `render`."""
    return _filled(name, _MARKET_STRATEGY, _MARKET_TEST)


def _filled(name: str, strategy: str, test: str) -> dict[str, str]:
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

    return {f"{name}.py": fill(strategy), f"test_{name}.py": fill(test)}
