"""What a crossing fill pays beyond the price it met: spread, slippage, impact and latency.

All of it is stateless and computed from the bar that fills, with + - * / and sqrt only, so that
the compiled and the interpreted kernel agree to the last bit.
"""

import math
from typing import NamedTuple

from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.rounding import RATE_SCALE, Spec, adverse_ticks, lots_for_quote

PARKINSON = 0.6005612043932249  # 1 / sqrt(4 ln 2)
NO_QUOTE = -1  # half spread of a bar that quotes none


@compiled
def quoted(costs: Costs, half_spread_e8: int) -> Costs:
    """Return the costs at a bar that quotes a half spread (NO_QUOTE: the costs as they are)."""
    if half_spread_e8 < 0:
        return costs
    return Costs(
        taker_e8=costs.taker_e8,
        maker_e8=costs.maker_e8,
        half_spread_e8=half_spread_e8,
        slippage_e8=costs.slippage_e8,
        participation=costs.participation,
        touch_fills=costs.touch_fills,
        impact=costs.impact,
        latency_ms=costs.latency_ms,
    )


@compiled
def volatility(high: int, low: int) -> float:
    """Volatility of a bar from its range, as a fraction of price.

    Parkinson (1980): sigma = ln(high / low) / sqrt(4 ln 2); the logarithm is taken as the range
    over the middle, which differs by less than 1 % up to a range of a third of the price.
    """
    return 2.0 * (high - low) / (high + low) * PARKINSON


class Drift(NamedTuple):
    """How far the bar that fills moves a crossing price against us, as fractions of price."""

    latency: float
    impact: float  # of as many lots as the bar traded
    traded: float  # lots that the bar traded; 0: none


@compiled
def bar_drift(
    high: int, low: int, volume: float, interval_ms: int, spec: Spec, costs: Costs
) -> Drift:
    """Return what impact and latency do in a bar of `volume` base units.

    Impact is the square-root law, k sigma sqrt(lots / traded lots), where the share is at most 1,
    and 1 in a bar without volume. Latency is sigma sqrt(latency / interval): the deviation of a
    random walk over the delay, always taken against us.
    """
    if costs.impact == 0.0 and costs.latency_ms == 0:
        return Drift(0.0, 0.0, 0.0)
    sigma = volatility(high, low)
    delay = math.sqrt(costs.latency_ms / interval_ms)
    return Drift(sigma * delay, sigma * costs.impact, volume / spec.lot)


@compiled
def taker_ticks(base: int, side: int, lots: int, drift: Drift, costs: Costs) -> int:
    """Price of `lots` that cross at `base`: all that moves it against us, rounded once.

    Impact and latency together at most double the price, or take it to one tick.
    """
    adverse_e8 = costs.half_spread_e8 + costs.slippage_e8
    moved = drift.latency
    if drift.impact > 0.0:
        share = min(lots / drift.traded, 1.0) if drift.traded > 0.0 else 1.0
        moved += drift.impact * math.sqrt(share)
    if moved > 0.0:
        adverse_e8 += min(math.ceil(moved * RATE_SCALE), RATE_SCALE)
    return adverse_ticks(base, side, adverse_e8)


@compiled
def close_ticks(
    close: int, high: int, low: int, volume: float, interval_ms: int, half_spread_e8: int,
    side: int, lots: int, spec: Spec, costs: Costs,
) -> int:  # fmt: skip
    """Price of `lots` that cross at the close of a bar that quotes a half spread."""
    drift = bar_drift(high, low, volume, interval_ms, spec, costs)
    return taker_ticks(close, side, lots, drift, quoted(costs, half_spread_e8))


@compiled
def cross_value(
    quote: int, side: int, room: int, base: int, drift: Drift, rate_e8: int, spec: Spec,
    costs: Costs,
) -> tuple[int, int]:  # fmt: skip
    """Lots that `quote` units pay for at `base`, fee included, and their price in ticks.

    Their number moves the price and the price their number: impact is that of the lots that
    would be had without any, which are more, so that it is never understated.
    """
    ticks = taker_ticks(base, side, 0, drift, costs)
    lots = lots_for_quote(quote, ticks, rate_e8, spec)
    if drift.impact > 0.0:
        ticks = taker_ticks(base, side, min(lots, room), drift, costs)
        lots = lots_for_quote(quote, ticks, rate_e8, spec)
    return lots, ticks
