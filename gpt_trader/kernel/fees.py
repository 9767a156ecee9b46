"""Fee tiers through time: what was traded in the last 30 days decides the rates of new orders.

The volume of all products is counted in hourly buckets; at each full hour the whole buckets of
the 720 hours before it give the tier. A book is one int64 row: hour, volume, rates, buckets.
"""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.costs import Costs

Ints = NDArray[np.int64]
HOUR_MS = 3_600_000
WINDOW_HOURS = 720
VOLUME_UNIT = 10_000  # money units in one unit of volume: 1e-4 quote

# columns of a tier table, its rows in order of both: a row holds from a time and a volume on
FROM_MS = 0
LEAST_VOLUME = 1
TIER_TAKER_E8 = 2
TIER_MAKER_E8 = 3

# columns of a book
HOUR = 0  # since the epoch, that of the newest bucket
VOLUME = 1  # in all buckets
TAKER_RATE = 2  # in force, e8
MAKER_RATE = 3
BUCKETS = 4
LONG_AGO = -(2**40)


def tier_table(rows: tuple[tuple[int, ...], ...]) -> Ints:
    """Tiers as (t, 4) int64; no rows: the rates do not change."""
    return np.array(rows, np.int64).reshape(-1, 4)


def new_fee_book(tiers: Ints) -> Ints:
    """Return the book of an account that has not traded; empty without tiers."""
    book = np.zeros(BUCKETS + WINDOW_HOURS if len(tiers) else 0, np.int64)
    book[HOUR : HOUR + 1] = LONG_AGO
    return book


@compiled
def roll_fees(book: Ints, tiers: Ints, time_ms: int) -> None:
    """Move the book to the hour of a time, never back: old buckets leave, the rates are set."""
    hour = time_ms // HOUR_MS
    if hour <= book[HOUR]:
        return
    passed = min(hour - book[HOUR], WINDOW_HOURS)
    for gone in range(hour - passed + 1, hour):
        _drop(book, gone)
    for k in range(len(tiers)):
        if tiers[k, FROM_MS] <= hour * HOUR_MS and tiers[k, LEAST_VOLUME] <= book[VOLUME]:
            book[TAKER_RATE] = tiers[k, TIER_TAKER_E8]
            book[MAKER_RATE] = tiers[k, TIER_MAKER_E8]
    _drop(book, hour)  # the bucket of 720 hours ago counted to the end of its time
    book[HOUR] = hour


@compiled
def _drop(book: Ints, hour: int) -> None:
    bucket = BUCKETS + hour % WINDOW_HOURS
    book[VOLUME] -= book[bucket]
    book[bucket] = 0


@compiled
def count_volume(book: Ints, units: int) -> None:
    """Count what a fill was worth, money units, in the newest hour."""
    traded = units // VOLUME_UNIT
    book[VOLUME] += traded
    book[BUCKETS + book[HOUR] % WINDOW_HOURS] += traded


def costs_at(costs: Costs, book: Ints) -> Costs:
    """Return what `rated` does, for interpreted code."""
    if len(book) == 0:
        return costs
    return costs._replace(taker_e8=int(book[TAKER_RATE]), maker_e8=int(book[MAKER_RATE]))


@compiled
def rated(costs: Costs, book: Ints) -> Costs:
    """Return the costs at the rates in force; an empty book: as they are."""
    if len(book) == 0:
        return costs
    return Costs(
        taker_e8=book[TAKER_RATE],
        maker_e8=book[MAKER_RATE],
        half_spread_e8=costs.half_spread_e8,
        slippage_e8=costs.slippage_e8,
        participation=costs.participation,
        touch_fills=costs.touch_fills,
        impact=costs.impact,
        latency_ms=costs.latency_ms,
    )
