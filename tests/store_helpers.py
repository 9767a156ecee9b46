"""Bars for tests of the data store: two months of hours, from 20 hours before the second."""

from dataclasses import replace
from decimal import Decimal

import numpy as np

from gpt_trader.data.store import partition
from gpt_trader.data.store.partition import month_span
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.product import Product

HOUR = 3_600_000
START = month_span("2024-01")[1] - 20 * HOUR  # a month ends after 20 bars
COIN = Product("BTC-USD", Decimal("0.00000001"), Decimal("0.01"), Decimal("0.00001"), Decimal(1))


def bars_at(rows, seed=0, product=COIN, **changes):
    """Return bars at the given hours after START, whose numbers depend on the hour alone."""
    rows = np.array(sorted(rows), np.int64)
    rng = np.random.default_rng(seed)
    table = rng.integers(1, 10**6, (1000, 3))[rows]
    low = table[:, 0]
    high = low + table[:, 1]
    found = Bars(
        product,
        HOUR,
        START + rows * HOUR,
        low + table[:, 1] // 3,
        high,
        low,
        high - table[:, 2] % (table[:, 1] + 1),
        table[:, 2] / 10**8,
        np.zeros(len(rows)),
    )
    return replace(found, **changes)


def span(first, last):
    return (START + first * HOUR, START + last * HOUR)


def no_one_grid(store, product_id="LUNA-USD"):
    """Put two months into a store, behind its back, that no grid holds together."""
    for month, increment, ticks in (("2024-01", "0.01", 11_900), ("2024-02", "0.00000001", 1)):
        product = Product(product_id, Decimal(1), Decimal(increment))
        first = month_span(month)[0]
        prices = np.full(3, ticks, np.int64)
        time = first + np.arange(3) * HOUR
        bars = Bars(product, HOUR, time, *[prices] * 4, np.ones(3), np.zeros(3))
        path = store.folder(product_id, HOUR) / f"{month}.parquet"
        partition.write(path, partition.Partition(bars, (), ("import:by hand",)))
