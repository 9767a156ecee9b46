"""Markets of which it is known what is in them: nothing, or an edge of a stated Sharpe ratio.

A tide, on or off for `dwell_days` on average, is written into the volume for anybody to read. In
noise it says nothing. Planted, the market's return a day is higher by as much while it is on as it
is lower while it is off: the market as a whole is left as it was, and being in while the tide is on
has the Sharpe ratio that was asked for, after all costs charged.
"""

from dataclasses import dataclass, replace
from math import sqrt
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.targets import Targets
from gpt_trader.measure.metrics import ANNUAL, DAY_MS
from gpt_trader.strategy.base import param
from tests.strategies_helpers import BTC

Floats = NDArray[np.float64]
Limits = Literal["none", "default", "default, all in one product"]
Law = Literal["normal", "fat tails", "clustered", "crashes"]

YEAR_DAYS = 365
THREE_YEARS = 3 * YEAR_DAYS + 1
START_MS = 1_546_300_800_000  # 2019-01-01
START_TICKS = 3_000_000
LEAST_TICKS, MOST_TICKS = 1_000, 10**12
HIGH, LOW = 3_000.0, 1_000.0  # volume while the tide is on, and off
CRASH, CRASHES_A_YEAR = 0.25, 1.5
WIDEST = 12.0  # deviations: what is farther out is cut off
CHEAP = CostModel(taker_bps=2.0, maker_bps=2.0, spread_bps=1.0, slippage_bps=1.0)


@dataclass(frozen=True)
class World:
    """What a seed is drawn from.

    drift, volatility: of the market, a year, as fractions. sharpe: planted, annualized; 0: noise.
    points: tried in a search; 1: a backtest. tries: backtests of which the best is judged, the
    others counted. limits: the policy. momentum: trades by prices, not by the tide. off_bps: how
    far closes, and the next opens, are off the price at which anybody could trade; bounce: always
    so far, between bid and ask; else as a deviation.
    """

    name: str
    days: int = THREE_YEARS
    interval_ms: int = DAY_MS
    drift: float = 0.0
    volatility: float = 0.6
    law: Law = "normal"
    costs: CostModel = CHEAP
    sharpe: float = 0.0
    dwell_days: float = 20.0
    points: int = 1
    tries: int = 1
    limits: Limits = "none"
    momentum: bool = False
    off_bps: float = 0.0
    bounce: bool = False


@dataclass(frozen=True)
class Tide:
    """In while the mean volume of some bars is above a level."""

    name: ClassVar[str] = "tide"
    bars: int = param(1, 1, 100, doc="bars")
    level: float = param(2_000.0, LOW, HIGH, doc="volume")

    @property
    def min_bars(self) -> int:
        return self.bars

    @property
    def warmup(self) -> int:
        return self.bars

    def targets(self, bars: Bars) -> Targets:
        weight = np.full(len(bars), np.nan)
        sums = np.concatenate([[0.0], np.cumsum(bars.volume)])  # of whole numbers: exact
        high = sums[self.bars :] - sums[: -self.bars] > self.level * self.bars
        weight[self.bars - 1 :] = high
        return Targets(weight)


@dataclass(frozen=True)
class Coin:
    """In or out for some days at a time, by a coin of its own."""

    name: ClassVar[str] = "coin"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    seed: int = 0
    days: int = 20

    def targets(self, bars: Bars) -> Targets:
        tosses = np.random.default_rng(self.seed).integers(0, 2, 10_000).astype(np.float64)
        return Targets(tosses[(bars.time - START_MS) // (self.days * DAY_MS)])


@dataclass(frozen=True)
class Below:
    """In after a close in the lower part of its bar, half of it or another."""

    name: ClassVar[str] = "below"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    part: float = 0.5

    def targets(self, bars: Bars) -> Targets:
        middle = bars.low + self.part * (bars.high - bars.low)
        return Targets(np.where(bars.close < middle, 1.0, 0.0))


def market(world: World, seed: int) -> Bars:
    """Return a world's bars; a seed gives the same noise to every world of the same law."""
    rng = np.random.default_rng(seed)
    a_day = DAY_MS // world.interval_ms
    n = world.days * a_day
    turns = rng.random(n) < 1.0 / (world.dwell_days * a_day)
    is_on = (np.cumsum(turns) + int(rng.random() < 0.5)) % 2 == 1
    deviation = world.volatility / sqrt(YEAR_DAYS * a_day)
    moves = world.drift / (YEAR_DAYS * a_day) + deviation * noise(world.law, n, rng)
    if world.law == "crashes":
        share = CRASHES_A_YEAR / (YEAR_DAYS * a_day)
        moves += np.where(rng.random(n) < share, -CRASH, share * CRASH)
    if world.sharpe:
        edge = (mean_while_on(world) - world.drift / YEAR_DAYS) / a_day
        moves[1:] += np.where(is_on[:-1], edge, -edge)
    close = START_TICKS * np.cumprod(1.0 + np.maximum(moves, -0.5))
    wicks = 0.3 * deviation * np.abs(rng.standard_normal((2, n))) * close
    volume = np.where(is_on, HIGH, LOW)
    bars = _bars(world, close, wicks, volume)
    return _printed_off(world, bars, rng) if world.off_bps else bars


def noise(law: Law, n: int, rng: np.random.Generator) -> Floats:
    """Return (n,) draws of mean 0 and variance 1, each without a memory of the ones before."""
    if law == "fat tails":
        return np.clip(rng.standard_t(3, n) / sqrt(3.0), -WIDEST, WIDEST)
    normal = rng.standard_normal(n)
    if law != "clustered":
        return normal
    variance, out = 1.0, np.empty(n)  # GARCH(1, 1), persistence 0.98
    for i in range(n):
        out[i] = normal[i] * sqrt(variance)
        variance = 0.02 + 0.10 * out[i] ** 2 + 0.88 * variance
    return out


def mean_while_on(world: World) -> float:
    """Return the market's mean return a day while the tide is on.

    Half of the days are on, and each turn of the tide costs a fill; the ratio of the resulting
    mean and deviation is then the Sharpe ratio, found by bisection.
    """
    costs = world.costs
    fill = (costs.taker_bps + costs.spread_bps + costs.slippage_bps) / 10_000.0
    variance = world.volatility**2 / YEAR_DAYS

    def ratio(mean: float) -> float:
        net = 0.5 * mean - fill / world.dwell_days
        spread = 0.5 * variance + 0.25 * mean**2 + fill**2 / world.dwell_days
        return net / sqrt(spread) * ANNUAL

    low, high = -1.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if ratio(middle) < world.sharpe else (low, middle)
    return low


def grid(points: int, *, is_off: bool = False) -> dict[str, list[float]]:
    """Return the values of a search of so many points around the tide itself, or a bar's middle."""
    if is_off:
        return {"part": np.linspace(0.4, 0.6, points).tolist()}
    if points <= 10:
        return {"bars": list(range(1, points + 1))}
    side = round(sqrt(points))
    levels = np.linspace(LOW + 100.0, HIGH - 100.0, side).round().tolist()
    return {"bars": list(range(1, side + 1)), "level": levels}


def _printed_off(world: World, bars: Bars, rng: np.random.Generator) -> Bars:
    """Return bars whose last prints, and the opens after them, are not where the price is.

    A bounce shows in every print: highs are at the ask, lows at the bid.
    """
    n = len(bars)
    off = rng.choice([-1.0, 1.0], n) if world.bounce else rng.standard_normal(n)
    half = bars.close * world.off_bps / 10_000.0
    wider = np.rint(half * world.bounce).astype(np.int64)
    close = bars.close + np.rint(half * off).astype(np.int64)
    opens = np.concatenate([bars.open[:1], close[:-1]])
    high = np.maximum(bars.high + wider, np.maximum(opens, close))
    low = np.minimum(bars.low - wider, np.minimum(opens, close))
    return replace(bars, open=opens, high=high, low=low, close=close)


def _bars(world: World, close: Floats, wicks: Floats, volume: Floats) -> Bars:
    ticks = np.clip(np.rint(close), LEAST_TICKS, MOST_TICKS).astype(np.int64)
    opens = np.concatenate([[START_TICKS], ticks[:-1]])
    up, down = np.rint(wicks).astype(np.int64)
    time = START_MS + np.arange(len(ticks), dtype=np.int64) * world.interval_ms
    return Bars(
        BTC,
        world.interval_ms,
        time,
        opens,
        np.maximum(opens, ticks) + up,
        np.maximum(np.minimum(opens, ticks) - down, 1),
        ticks,
        volume,
        np.zeros(len(ticks)),
    )


DEAR = CostModel()
HOUR_MS = 3_600_000

NOISE = (
    World("no drift"),
    World("rising 40 % a year", drift=0.4),
    World("rising 100 % a year", drift=1.0),
    World("falling 40 % a year", drift=-0.4),
    World("fat tails (t, 3)", law="fat tails", drift=0.4),
    World("clustered volatility", law="clustered", drift=0.4),
    World("crashes of 25 %", law="crashes", drift=0.4),
    World("default costs", drift=0.4, costs=DEAR),
    World("default limits", drift=0.4, limits="default"),
    World("hours", interval_ms=HOUR_MS, drift=0.4),
    World("trend following", drift=0.4, momentum=True),
    World("turns every 100 days", drift=0.4, dwell_days=100.0),
    World("the best of 20 backtests", drift=0.4, tries=20),
    World("search of 10 points", drift=0.4, points=10),
    World("search of 100 points", drift=0.4, points=100),
    World("search of 400 points", drift=0.4, points=400),
)
DECLARED = World("Sharpe 2", costs=DEAR, sharpe=2.0)
CURVE = tuple(
    replace(DECLARED, name=f"Sharpe {sharpe:g}", sharpe=sharpe) for sharpe in (0.5, 1.0, 1.5, 3.0)
)
BESIDE = (
    replace(DECLARED, name="Sharpe 2, hours", interval_ms=HOUR_MS),
    replace(DECLARED, name="Sharpe 2, rising 40 % a year", drift=0.4),
    replace(DECLARED, name="Sharpe 2, turns every 3 days", dwell_days=3.0),
    replace(DECLARED, name="Sharpe 2, turns every 3 days, cheap", dwell_days=3.0, costs=CHEAP),
    replace(DECLARED, name="Sharpe 2, clustered volatility", law="clustered"),
    replace(DECLARED, name="Sharpe 2, fat tails", law="fat tails"),
    replace(DECLARED, name="Sharpe 2, cheap", costs=CHEAP),
    replace(DECLARED, name="Sharpe 2, default limits", limits="default"),
    replace(
        DECLARED,
        name="Sharpe 2, default limits, all in one product",
        limits="default, all in one product",
    ),
    replace(DECLARED, name="Sharpe 2, search of 10", points=10),
    replace(DECLARED, name="Sharpe 2, search of 100", points=100),
    replace(DECLARED, name="Sharpe 2, search of 400", points=400),
)
UNREAL = (  # gains that nobody could have had: on what the record says, they are far beyond luck
    World("a bounce, days", off_bps=150.0, bounce=True),
    World("a bounce, hours", interval_ms=HOUR_MS, off_bps=40.0, bounce=True),
    World("closes that are off, days", off_bps=150.0),
    World("closes that are off, hours", interval_ms=HOUR_MS, off_bps=40.0),
    World("a bounce, days, search of 5", off_bps=150.0, bounce=True, points=5),
    World("closes that are off, days, search of 5", off_bps=150.0, points=5),
)
YEARS = tuple(
    replace(DECLARED, name=f"Sharpe {sharpe:g} over {years:g} years", sharpe=sharpe,
            days=round(years * YEAR_DAYS) + 1)
    for sharpe, years in ((1.0, 8.5), (1.5, 3.8), (2.0, 2.2), (3.0, 1.0))
)  # fmt: skip
