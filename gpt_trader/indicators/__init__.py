"""Indicators of whole columns: Series, arrays or lists in, the same index out.

Row i is computed from rows up to and including i; NaN stands where there is not enough history yet.
Columns of ticks (`bars.close`) and of prices (`bars.price.close`) are both taken. NaN in the first
rows is passed on, so that indicators can be taken of indicators; see docs/indicators.md.
"""

from gpt_trader.indicators.columns import Answer, Column, offered
from gpt_trader.indicators.plain import bollinger_of_floats, sma_cross_of_floats
from gpt_trader.kernel.features import (
    averages,
    bands,
    oscillators,
    pivots,
    ranges,
    relation,
    sar,
    smooth,
    volume,
    wilder,
    window,
)

__all__ = (
    "adx",
    "ago",
    "aroon",
    "atr",
    "bollinger",
    "cci",
    "change_sign",
    "dema",
    "ema",
    "ewm_volatility",
    "garman_klass",
    "highest",
    "hma",
    "ichimoku",
    "keltner",
    "latest",
    "log_returns",
    "lowest",
    "macd",
    "mfi",
    "obv",
    "parabolic_sar",
    "pivot_highs",
    "pivot_lows",
    "rate_of_change",
    "realized_volatility",
    "rolling_beta",
    "rolling_correlation",
    "rolling_mean",
    "rolling_std",
    "rolling_sum",
    "rolling_volatility",
    "rows_since_highest",
    "rsi",
    "session_starts",
    "settle",
    "simple_returns",
    "since",
    "sma",
    "sma_cross_state",
    "stochastic",
    "supertrend",
    "tema",
    "volatility_weight",
    "vwap_anchored",
    "vwap_session",
    "wilder_moves",
    "williams_r",
    "wma",
    "zscore",
)


@offered(averages.settle, gaps=True)
def settle(values: Column, grid: float) -> Answer:
    """Round to multiples of 1/grid; NaN stays. Memory: 1 row."""


@offered(averages.ago, gaps=True)
def ago(values: Column, period: int) -> Answer:
    """Return values[i-period] at row i; NaN before row `period`. Memory: period + 1 rows."""


@offered(averages.sma, floats=window.rolling_mean, gaps=True)
def sma(values: Column, period: int) -> Answer:
    """Simple moving average of ticks: exact integer sum / period (TA-Lib SMA)."""


@offered(averages.sma_cross_state, floats=sma_cross_of_floats, gaps=True, rising=("fast", "slow"))
def sma_cross_state(values: Column, fast: int, slow: int) -> Answer:
    """Sign of SMA(fast) - SMA(slow), decided in integers: slow x fast sum vs fast x slow sum."""


@offered(averages.ema, gaps=True)
def ema(values: Column, period: int) -> Answer:
    """Exponential moving average, alpha = 2 / (period + 1), seeded by the SMA (TA-Lib EMA)."""


@offered(averages.simple_returns, gaps=True)
def simple_returns(prices: Column) -> Answer:
    """Return prices[i] / prices[i-1] - 1; row 0 is NaN. Memory: 2 rows."""


@offered(averages.log_returns, gaps=True)
def log_returns(prices: Column) -> Answer:
    """Return log(prices[i] / prices[i-1]); row 0 is NaN. Memory: 2 rows."""


@offered(averages.rate_of_change, gaps=True)
def rate_of_change(prices: Column, period: int) -> Answer:
    """Return prices[i] / prices[i-period] - 1 as a fraction (TA-Lib ROCP)."""


@offered(averages.change_sign)
def change_sign(values: Column, period: int) -> Answer:
    """Sign of ticks[i] - ticks[i-period] as 1, 0 or -1 (of TA-Lib MOM); NaN before row `period`."""


@offered(averages.ewm_volatility, gaps=True)
def ewm_volatility(prices: Column, period: int) -> Answer:
    """Volatility per bar: root of the EMA of squared simple returns, their mean taken as zero."""


@offered(averages.volatility_weight, gaps=True)
def volatility_weight(volatility: Column, target: float, cap: float) -> Answer:
    """Weight min(target / volatility, cap); cap where nothing moved, NaN stays."""


@offered(smooth.wma, gaps=True)
def wma(values: Column, period: int) -> Answer:
    """Linearly weighted moving average: weights period, period-1, ... 1, the newest most."""


@offered(smooth.hma, gaps=True)
def hma(values: Column, period: int) -> Answer:
    """Hull moving average: WMA(2 WMA(period/2) - WMA(period), sqrt(period)), halves cut off."""


@offered(smooth.dema, gaps=True)
def dema(values: Column, period: int) -> Answer:
    """Double exponential moving average: 2 EMA - EMA(EMA)."""


@offered(smooth.tema, gaps=True)
def tema(values: Column, period: int) -> Answer:
    """Triple exponential moving average: 3 EMA - 3 EMA(EMA) + EMA(EMA(EMA))."""


@offered(wilder.wilder_moves, gaps=True)
def wilder_moves(close: Column, period: int) -> tuple[Answer, Answer]:
    """Wilder's averages of gains and of losses, both >= 0, in the unit of close."""


@offered(wilder.rsi, gaps=True)
def rsi(close: Column, period: int) -> Answer:
    """Relative strength index in [0, 100]: 100 gains / (gains + losses) (TA-Lib RSI)."""


@offered(wilder.atr)
def atr(high: Column, low: Column, close: Column, period: int) -> Answer:
    """Average true range in the unit of the prices (TA-Lib ATR)."""


@offered(wilder.adx)
def adx(high: Column, low: Column, close: Column, period: int) -> Answer:
    """Average directional index in [0, 100], direction-free strength of a trend (TA-Lib ADX)."""


@offered(oscillators.macd, gaps=True, rising=("fast", "slow"))
def macd(close: Column, fast: int, slow: int, signal: int) -> tuple[Answer, Answer, Answer]:
    """MACD line EMA(fast) - EMA(slow), its signal line EMA(line, signal), and line - signal."""


@offered(oscillators.stochastic)
def stochastic(
    high: Column, low: Column, close: Column, period: int, slow_k: int, slow_d: int
) -> tuple[Answer, Answer]:
    """Slow stochastic %K and %D in [0, 100]."""


@offered(oscillators.williams_r)
def williams_r(high: Column, low: Column, close: Column, period: int) -> Answer:
    """Williams %R in [-100, 0]: -100 (highest high - close) / (highest high - lowest low)."""


@offered(oscillators.cci, gaps=True)
def cci(high: Column, low: Column, close: Column, period: int) -> Answer:
    """Commodity channel index: (p - mean p) / (0.015 mean |p - mean p|), p = (h + l + c) / 3."""


@offered(oscillators.aroon)
def aroon(high: Column, low: Column, period: int) -> tuple[Answer, Answer]:
    """Aroon down and up in [0, 100]: 100 (period - rows since the extreme) / period."""


@offered(bands.keltner)
def keltner(
    high: Column, low: Column, close: Column, period: int, atr_period: int, width: float
) -> tuple[Answer, Answer, Answer]:
    """Keltner channel: EMA(close, period) and EMA +- width ATR(atr_period)."""


@offered(bands.supertrend)
def supertrend(
    high: Column, low: Column, close: Column, period: int, factor: float
) -> tuple[Answer, Answer]:
    """Supertrend line and direction, 1 while the line is below the close, -1 while above."""


@offered(bands.ichimoku, rising=("conversion", "base", "span"))
def ichimoku(
    high: Column, low: Column, conversion: int, base: int, span: int
) -> tuple[Answer, Answer, Answer, Answer]:
    """Ichimoku's conversion and base line, and the leading spans A and B, as a chart shows them."""


@offered(sar.parabolic_sar)
def parabolic_sar(high: Column, low: Column, step: float, most: float) -> Answer:
    """Parabolic SAR: a stop that moves to the extreme of the trade, faster with each new one."""


@offered(window.rolling_sum, gaps=True)
def rolling_sum(values: Column, period: int) -> Answer:
    """Sum of the last `period` values (TA-Lib SUM), summed afresh."""


@offered(window.rolling_mean, gaps=True)
def rolling_mean(values: Column, period: int) -> Answer:
    """Mean of the last `period` values, summed afresh; `sma` is its exact form for ticks."""


@offered(window.rolling_std, gaps=True)
def rolling_std(values: Column, period: int) -> Answer:
    """Population standard deviation (ddof 0) of the last `period` values (TA-Lib STDDEV)."""


@offered(window.rolling_volatility, gaps=True)
def rolling_volatility(prices: Column, period: int) -> Answer:
    """Volatility per bar: standard deviation (ddof 0) of the last `period` simple returns."""


@offered(window.bollinger, floats=bollinger_of_floats, gaps=True)
def bollinger(values: Column, period: int, width: float) -> tuple[Answer, Answer, Answer]:
    """Bollinger bands: SMA and SMA +- width standard deviations (TA-Lib BBANDS)."""


@offered(window.highest)
def highest(values: Column, period: int) -> Answer:
    """Highest of the last `period` rows, this one included (Donchian; TA-Lib MAX)."""


@offered(window.rows_since_highest)
def rows_since_highest(values: Column, period: int) -> Answer:
    """Rows since the highest of the last `period` ones, the newest of equal ones (0: this row)."""


@offered(window.lowest)
def lowest(values: Column, period: int) -> Answer:
    """Lowest of the last `period` rows, this one included (Donchian; TA-Lib MIN)."""


@offered(window.since)
def since(flags: Column, limit: int) -> Answer:
    """Bars since a flag was last true (0: this bar), capped at `limit`."""


@offered(ranges.realized_volatility, gaps=True)
def realized_volatility(close: Column, period: int) -> Answer:
    """Realized volatility per bar: the root of the mean of squared log returns of `period` rows."""


@offered(ranges.garman_klass, gaps=True)
def garman_klass(open_: Column, high: Column, low: Column, close: Column, period: int) -> Answer:
    """Garman-Klass volatility per bar: root of the mean of u^2 / 2 - (2 ln 2 - 1) c^2."""


@offered(volume.obv)
def obv(close: Column, volume: Column) -> Answer:
    """On-balance volume: the sum of volumes, those of a falling close subtracted."""


@offered(volume.mfi)
def mfi(high: Column, low: Column, close: Column, volume: Column, period: int) -> Answer:
    """Money flow index in [0, 100]: 100 rising flow / all flow of `period` rows."""


@offered(volume.vwap_anchored)
def vwap_anchored(
    high: Column, low: Column, close: Column, volume: Column, anchors: Column
) -> Answer:
    """Volume-weighted average price since the newest anchor: sum of p x volume / sum of volume."""


@offered(volume.session_starts)
def session_starts(time: Column, session_ms: int) -> Answer:
    """Rows that begin a session: the first of each multiple of session_ms UTC, and row 0."""


@offered(volume.vwap_session)
def vwap_session(
    high: Column, low: Column, close: Column, volume: Column, time: Column, session_ms: int
) -> Answer:
    """Volume-weighted average price since the session began; a day UTC is 86,400,000 ms."""


@offered(relation.zscore, gaps=True)
def zscore(values: Column, period: int) -> Answer:
    """Standard score: (value - mean) / standard deviation (ddof 0) of the last `period` values."""


@offered(relation.rolling_beta, gaps=True)
def rolling_beta(prices: Column, market: Column, period: int) -> Answer:
    """Beta: slope of the simple returns of prices on those of a market, over `period` returns."""


@offered(relation.rolling_correlation, gaps=True)
def rolling_correlation(a: Column, b: Column, period: int) -> Answer:
    """Pearson's correlation in [-1, 1] of the last `period` values of two series."""


@offered(pivots.pivot_highs)
def pivot_highs(high: Column, left: int, right: int) -> Answer:
    """Price of the pivot high that row i confirms: the high of row i - right; NaN where none."""


@offered(pivots.pivot_lows)
def pivot_lows(low: Column, left: int, right: int) -> Answer:
    """Price of the pivot low that row i confirms: the low of row i - right; NaN where none."""


@offered(pivots.latest, gaps=True)
def latest(values: Column) -> Answer:
    """The newest value that is not NaN, this row included; NaN before the first."""


def __dir__() -> list[str]:
    """List the indicators, and nothing that they are made with."""
    return sorted(__all__)
