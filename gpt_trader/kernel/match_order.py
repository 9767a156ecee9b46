"""Matching a single order of any type against one bar, for orders outside a product's slot."""

from typing import NamedTuple

from gpt_trader.kernel.codes import MAKER, TAKER
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.match import limit_crosses, limit_trades, stop_base
from gpt_trader.kernel.rounding import MAX_LOTS, Spec
from gpt_trader.kernel.slippage import Drift, bar_drift, cross_value, taker_ticks

MARKET_SIZE = 1
MARKET_VALUE = 2
LIMIT = 3
STOP_LIMIT = 4
BRACKET = 5  # sells (buys) at a better limit or at a stop, whichever comes first

KEEP = 0  # the rest goes on resting
DONE = 1  # filled
CANCELLED = 2  # nothing more can fill (the rest of an IOC, an unfillable FOK, too little quote)
REJECTED = 3  # post-only would have crossed
EXPIRED = 4


class Ask(NamedTuple):
    """An order as the matcher sees it. immediate: IOC or FOK; whole: FOK."""

    kind: int
    side: int
    lots: int
    quote: int
    limit: int
    stop: int
    post_only: int
    immediate: int
    whole: int
    expire_ms: int
    is_new: int
    triggered: int


class Match(NamedTuple):
    """What a bar did to an order: a fill (lots 0: none), what becomes of it, its trigger.

    base: price in ticks before spread and slippage.
    """

    lots: int
    base: int
    ticks: int
    liquidity: int
    outcome: int
    triggered: int


@compiled
def _filled(
    lots: int, wanted: int, base: int, ticks: int, liquidity: int, ask: Ask, triggered: int
) -> Match:
    outcome = CANCELLED if ask.immediate else KEEP
    return Match(lots, base, ticks, liquidity, DONE if lots >= wanted else outcome, triggered)


@compiled
def _limit(
    ask: Ask,
    open_ticks: int,
    high: int,
    low: int,
    room: int,
    drift: Drift,
    costs: Costs,
    is_new: int,
    hit: int,
) -> Match:
    """Match a limit order; `hit` says that a stop's trigger released it."""
    lots = min(ask.lots, room)
    if is_new and limit_crosses(ask.side, ask.limit, open_ticks):
        if ask.post_only:
            return Match(0, 0, 0, 0, REJECTED, hit)
        if ask.whole and lots < ask.lots:
            return Match(0, 0, 0, 0, CANCELLED, hit)
        if lots == 0:
            return Match(0, 0, 0, 0, CANCELLED if ask.immediate else KEEP, hit)
        adverse = taker_ticks(open_ticks, ask.side, lots, drift, costs)
        ticks = min(adverse, ask.limit) if ask.side > 0 else max(adverse, ask.limit)
        return _filled(lots, ask.lots, open_ticks, ticks, TAKER, ask, hit)
    if ask.immediate:
        return Match(0, 0, 0, 0, CANCELLED, hit)
    if lots > 0 and limit_trades(ask.side, ask.limit, high, low, costs.touch_fills):
        return _filled(lots, ask.lots, ask.limit, ask.limit, MAKER, ask, hit)
    return Match(0, 0, 0, 0, KEEP, hit)


@compiled
def match_order(
    ask: Ask,
    open_ms: int,
    open_ticks: int,
    high: int,
    low: int,
    volume: float,
    interval_ms: int,
    room: int,
    spec: Spec,
    costs: Costs,
) -> tuple[int, int, int, int, int, int]:
    """Match one order against one bar, at most `room` lots; costs are the bar's.

    Returns the fields of a Match. A stop inside the bar acts at its trigger; what a stop-limit's
    limit does then is judged by the worst price it could have met: the limit fills only at or
    beyond the trigger.
    """
    drift = bar_drift(high, low, volume, interval_ms, spec, costs)
    got = _match(ask, open_ms, open_ticks, high, low, room, drift, spec, costs)
    return got.lots, got.base, got.ticks, got.liquidity, got.outcome, got.triggered


@compiled
def _match(
    ask: Ask,
    open_ms: int,
    open_ticks: int,
    high: int,
    low: int,
    room: int,
    drift: Drift,
    spec: Spec,
    costs: Costs,
) -> Match:
    if ask.expire_ms and open_ms >= ask.expire_ms:
        return Match(0, 0, 0, 0, EXPIRED, ask.triggered)
    if ask.kind == MARKET_SIZE or ask.kind == MARKET_VALUE:
        wanted = ask.lots
        ticks = 0
        if ask.kind == MARKET_VALUE:
            wanted, ticks = cross_value(
                ask.quote, ask.side, room, open_ticks, drift, costs.taker_e8, spec, costs
            )
            if wanted < spec.min_lots or wanted >= MAX_LOTS:
                return Match(0, 0, 0, 0, CANCELLED, 0)
        lots = min(wanted, room)
        if lots == 0:
            return Match(0, 0, 0, 0, KEEP, 0)
        if ask.kind == MARKET_SIZE:
            ticks = taker_ticks(open_ticks, ask.side, lots, drift, costs)
        return _filled(lots, wanted, open_ticks, ticks, TAKER, ask, 0)
    if ask.kind == LIMIT:
        return _limit(ask, open_ticks, high, low, room, drift, costs, ask.is_new, 0)
    reached = high >= ask.stop if ask.side > 0 else low <= ask.stop
    if ask.kind == STOP_LIMIT:
        if ask.triggered:
            return _limit(ask, open_ticks, high, low, room, drift, costs, 0, 1)
        if not reached:
            return Match(0, 0, 0, 0, KEEP, 0)
        base = stop_base(ask.side, ask.stop, open_ticks)
        return _limit(ask, base, base, base, room, drift, costs, 1, 1)
    # bracket: the stop first, unless the open is already beyond the limit
    taken = limit_trades(ask.side, ask.limit, open_ticks, open_ticks, costs.touch_fills)
    if ask.triggered or (reached and not taken):
        base = open_ticks if ask.triggered else stop_base(ask.side, ask.stop, open_ticks)
        lots = min(ask.lots, room)
        if lots == 0:
            return Match(0, 0, 0, 0, KEEP, 1)
        ticks = taker_ticks(base, ask.side, lots, drift, costs)
        return _filled(lots, ask.lots, base, ticks, TAKER, ask, 1)
    return _limit(ask, open_ticks, high, low, room, drift, costs, 0, 0)
