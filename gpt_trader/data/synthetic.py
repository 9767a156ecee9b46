"""A seeded synthetic market: regimes, clustered volatility, fat tails, volume, gaps.

The model, its calibration and what it leaves out are in docs/synthetic-market.md. One seed
gives the same market in every process; a longer market begins with the shorter one, and a
product's path does not depend on which others are asked for. Its log price has no drift on
average, so holding is as likely to lose as to win: it says nothing about profit.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from gpt_trader.brief import brief
from gpt_trader.data.catalog import product_for
from gpt_trader.domain.bars import Bars, Floats, Ints
from gpt_trader.domain.product import MAX_TICKS, Product
from gpt_trader.domain.stated import check_moment, check_whole, is_texts
from gpt_trader.domain.times import DAY_MS, HOUR_MS
from gpt_trader.door import at_the_door
from gpt_trader.errors import DataError

SYNTHETIC_NOTE = "synthetic: says nothing about profit"
DEMO_SEED = 7  # fixed before the first run, never tuned
START_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z
DEFAULT_PRODUCTS = ("BTC-USD", "ETH-USD", "SOL-USD")

# base currency: start price in quote, daily volatility, daily volume in quote.
_ASSETS = {
    "BTC": (60_000.0, 0.037, 700e6),
    "ETH": (3_000.0, 0.045, 400e6),
    "SOL": (150.0, 0.055, 200e6),
    "XRP": (0.6, 0.050, 120e6),
    "LTC": (80.0, 0.045, 40e6),
    "ADA": (0.45, 0.050, 40e6),
    "DOGE": (0.12, 0.060, 80e6),
    "BCH": (400.0, 0.050, 25e6),
    "AVAX": (35.0, 0.060, 30e6),
    "LINK": (15.0, 0.055, 35e6),
}
_OTHER_ASSET = (100.0, 0.055, 10e6)

# Regimes: range, up, down, crash. Mean stay in days; drift in daily standard deviations a day
# (the up drift follows from zero drift on average); volatility relative to the average.
_STAY_DAYS = np.array([18.0, 14.0, 10.0, 2.0])
_NEXT = np.array(
    [
        [0.00, 0.50, 0.40, 0.10],
        [0.60, 0.00, 0.30, 0.10],
        [0.50, 0.40, 0.00, 0.10],
        [0.40, 0.60, 0.00, 0.00],
    ]
)
_UP = 1
_DRIFT = np.array([0.0, np.nan, -0.15, -0.6])
_VOLATILITY = np.array([0.75, 0.95, 1.1, 2.2])

_SLOW_DAYS, _SLOW_SD = 20.0, 0.45  # log volatility that all products share: decay time, sd
_FAST_DAYS, _FAST_SD = 0.25, 0.4  # and each product's own
_TAIL_DF = 5.0  # Student-t degrees of freedom of a bar's shock
_MARKET_SHARE = 0.65  # of a shock's variance: the correlation of any two products
_GAP_SHARE, _GAP_SD = 0.5, 0.3  # bars whose open leaves the last close; in bar deviations
_OUTAGES_A_BAR, _OUTAGE_BARS, _MISSING = 0.0003, 3.0, 0.0007
_VOLUME_VOLATILITY, _VOLUME_SHOCK, _VOLUME_SD = 0.9, 0.35, 0.45
_FUNDING_8H, _FUNDING_SD = 1e-4, 5e-5


class _Market(NamedTuple):
    """What all products share, each (n,).

    drift: of a bar, in daily deviations. volatility: relative to the average.
    shock: unit variance. up: whether the exchange was up.
    """

    drift: Floats
    volatility: Floats
    shock: Floats
    up: NDArray[np.bool_]


@at_the_door
def synthetic_market(
    *,
    seed: int = DEMO_SEED,
    products: Sequence[str] = DEFAULT_PRODUCTS,
    n_bars: int = 3_000,
    interval_ms: int = DAY_MS // 6,
    start_ms: int = START_MS,
) -> list[Bars]:
    """Return one Bars a product, drawn from `seed`, in the order of `products`.

    n_bars: length of the time grid; a few of its bars are missing, as on a real exchange, but
    never the first. Products of one base currency (BTC-USD, BTC-USDC, BTC-PERP) share a path.
    Raises DataError on n_bars < 1, UsageError on a bad product id.
    """
    check_whole("seed", seed)
    check_whole("n_bars", n_bars, -MAX_TICKS)
    check_whole("interval_ms", interval_ms, 1)
    check_moment("start_ms", start_ms)
    if not is_texts(products):
        raise TypeError(f"expected products as a list of ids, was {brief(products)}")
    if n_bars < 1:
        raise DataError(f"expected at least 1 synthetic bar, was {n_bars}")
    market = _draw_market(seed, n_bars, interval_ms / DAY_MS)
    time = start_ms + interval_ms * np.arange(n_bars, dtype=np.int64)
    return [
        _draw_product(market, _product(product_id), seed, time, interval_ms)
        for product_id in products
    ]


def _product(product_id: str) -> Product:
    """Return a product; one that is drawn at an invented price has a grid that fits it."""
    if product_id.split("-", maxsplit=1)[0] in _ASSETS:
        return product_for(product_id)
    grid = {"price_increment": "0.01", "base_increment": "0.00000001"}
    return product_for(product_id, overrides=grid)


def _draw_market(seed: int, n: int, days: float) -> _Market:
    regimes, slow, shock, outage, length = _generators(seed, 0, 5)
    regime = _draw_regimes(regimes, n, days)
    drift, level = _regime_levels()
    slow_sd = _average(_SLOW_SD, _SLOW_DAYS / days)
    log_volatility = slow_sd * _autoregression(slow.standard_normal(n), _SLOW_DAYS / days)
    return _Market(
        drift=drift[regime] * days,
        volatility=level[regime] * np.exp(log_volatility - slow_sd**2),
        shock=_student(shock, n),
        up=_exchange_up(outage.random(n), length.exponential(_OUTAGE_BARS, n)),
    )


def _draw_product(
    market: _Market, product: Product, seed: int, time: Ints, interval_ms: int
) -> Bars:
    n, days = len(time), interval_ms / DAY_MS
    base = product.product_id.split("-")[0]
    price, daily, turnover = _ASSETS.get(base, _OTHER_ASSET)
    fast, own, gaps, gap, high, low, traded, missing, funding = _generators(
        seed, crc32(base.encode()), 9
    )
    fast_sd = _average(_FAST_SD, _FAST_DAYS / days)
    log_fast = fast_sd * _autoregression(fast.standard_normal(n), _FAST_DAYS / days)
    volatility = market.volatility * np.exp(log_fast - fast_sd**2)
    deviation = daily * math.sqrt(days) * volatility  # of one bar
    shock = math.sqrt(_MARKET_SHARE) * market.shock + math.sqrt(1 - _MARKET_SHARE) * _student(
        own, n
    )
    body = daily * market.drift + deviation * shock
    leap = np.where(gaps.random(n) < _GAP_SHARE, _GAP_SD * deviation * gap.standard_normal(n), 0.0)
    close = math.log(price) + np.cumsum(leap + body)
    start = close - body
    log_volume = (
        math.log(turnover * days)
        - close
        + _VOLUME_VOLATILITY * np.log(volatility)
        + _VOLUME_SHOCK * np.abs(shock)
        + _VOLUME_SD * traded.standard_normal(n)
    )
    rate = np.zeros(n)
    if product.is_perpetual:
        rate = interval_ms / (8 * HOUR_MS) * funding.normal(_FUNDING_8H, _FUNDING_SD, n)
    bars = Bars(
        product,
        interval_ms,
        time,
        _ticks(start, product),
        _ticks(start + _bridge_top(body, deviation, high.random(n)), product),
        _ticks(start - _bridge_top(-body, deviation, low.random(n)), product),
        _ticks(close, product),
        np.maximum(np.round(np.exp(log_volume), 8), 1e-8),
        rate,
    )
    keep = market.up & (missing.random(n) >= _MISSING)
    keep[0] = True
    return _only(bars, keep)


def _generators(seed: int, key: int, count: int) -> list[np.random.Generator]:
    """Independent streams, one a quantity, so that more bars do not shift any of them."""
    children = np.random.SeedSequence([seed, key]).spawn(count)
    return [np.random.Generator(np.random.PCG64(child)) for child in children]


def _draw_regimes(rng: np.random.Generator, n: int, days: float) -> Ints:
    """Regime of each bar: a Markov chain that starts in its long-run distribution."""
    leave = np.minimum(days / _STAY_DAYS, 1.0)
    regime = int(np.searchsorted(np.cumsum(_long_run()), rng.random()))
    out = np.empty(n, np.int64)
    at = 0
    while at < n:
        stay = int(rng.geometric(leave[regime]))
        out[at : at + stay] = regime
        at += stay
        regime = int(np.searchsorted(np.cumsum(_NEXT[regime]), rng.random()))
    return out


def _long_run() -> Floats:
    """Share of time in each regime: visits (the chain's fixed point) times mean stay."""
    share: Floats = np.linalg.matrix_power(_NEXT, 128)[0] * _STAY_DAYS
    return share / share.sum()


def _regime_levels() -> tuple[Floats, Floats]:
    """Drift with mean 0, and volatility with mean square 1, over the long run."""
    share = _long_run()
    drift = _DRIFT.copy()
    drift[_UP] = -np.nansum(share * _DRIFT) / share[_UP]
    return drift, _VOLATILITY / math.sqrt(share @ _VOLATILITY**2)


def _autoregression(shocks: Floats, decay_bars: float) -> Floats:
    """AR(1) of unit variance, started in its long-run distribution: a scan by doubling."""
    phi = math.exp(-1 / decay_bars)
    out = shocks * math.sqrt(1 - phi**2)
    out[0] = shocks[0]
    lag = 1
    while lag < len(out) and phi**lag > 1e-18:
        out[lag:] += phi**lag * out[:-lag].copy()
        lag *= 2
    return out


def _average(sd: float, decay_bars: float) -> float:
    """Deviation of an Ornstein-Uhlenbeck process averaged over a bar: long bars smooth it."""
    x = 1 / decay_bars
    return sd * math.sqrt(2 * (x + math.expm1(-x))) / x


def _student(rng: np.random.Generator, n: int) -> Floats:
    """Student-t shocks of unit variance."""
    return rng.standard_t(_TAIL_DF, n) * math.sqrt(1 - 2 / _TAIL_DF)


def _bridge_top(move: Floats, deviation: Floats, uniform: Floats) -> Floats:
    """Highest point above the open of a Brownian bridge from 0 to `move` (inverse of its law)."""
    return (move + np.sqrt(move**2 - 2 * deviation**2 * np.log1p(-uniform))) / 2


def _exchange_up(uniform: Floats, length: Floats) -> NDArray[np.bool_]:
    up = np.ones(len(uniform), np.bool_)
    for start in np.flatnonzero(uniform < _OUTAGES_A_BAR):
        up[start : start + math.ceil(length[start])] = False
    return up


def _only(bars: Bars, keep: NDArray[np.bool_]) -> Bars:
    columns = (bars.time, bars.open, bars.high, bars.low, bars.close)
    time, opened, high, low, close = (column[keep] for column in columns)
    volume, rate = bars.volume[keep], bars.funding_rate[keep]
    return Bars(bars.product, bars.interval_ms, time, opened, high, low, close, volume, rate)


def _ticks(log_price: Floats, product: Product) -> Ints:
    with np.errstate(over="ignore"):
        ticks = np.rint(np.exp(log_price) / product.tick)
    return np.clip(ticks, 1, MAX_TICKS).astype(np.int64)
