"""Speed of the data store: five years of minutes against one float Parquet file and a CSV file.

Run by `make bench`, or alone: `python scripts/bench_data.py`. All files lie in the page cache.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pyarrow as pa
from pyarrow import csv, parquet
from rich.console import Console

from gpt_trader.data.checks.verify import verify
from gpt_trader.data.store.store import Store, listing, read, write
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.bars import Bars

MINUTE_MS = 60_000
FIVE_YEARS = 5 * 525_600
REPEATS = 9
FLOATS = ("open", "high", "low", "close")


def best_s(call: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the shortest of several runs."""
    times = []
    for _ in range(repeats):
        began = perf_counter()
        call()
        times.append(perf_counter() - began)
    return min(times)


def columns_of(bars: Bars) -> pa.Table:
    """Return bars as other programs keep them: prices and volume as floats."""
    prices = {name: getattr(bars, name) * bars.product.tick for name in FLOATS}
    return pa.table({"time": bars.time, **prices, "volume": bars.volume})


def arrays_of(table: pa.Table) -> list[object]:
    """Return a table's columns as arrays, each of one piece."""
    return [column.to_numpy() for column in table.columns]


def store_figures(bars: Bars) -> list[str]:
    """Measure and return a line a figure."""
    n, product_id = len(bars), bars.product.product_id
    with tempfile.TemporaryDirectory() as folder:
        store, one, text = Store(Path(folder)), Path(folder) / "one.parquet", Path(folder) / "a.csv"
        whole = (int(bars.time[0]), int(bars.time[-1]) + MINUTE_MS)
        wrote_s = best_s(lambda: write(store, bars, [whole], "bench"), 1)
        table = columns_of(bars)
        parquet.write_table(table, one)
        csv.write_csv(table, text)
        read_s = best_s(lambda: read(store, product_id, MINUTE_MS))
        one_s = best_s(lambda: arrays_of(parquet.read_table(one)))
        csv_s = best_s(lambda: arrays_of(csv.read_csv(text)), 3)
        list_s = best_s(lambda: listing(store))
        check_s = best_s(lambda: verify(store), 3)
        (held,) = listing(store)
        sizes = [held.bytes / n, one.stat().st_size / n, text.stat().st_size / n]
    speed = f"{n / read_s / 1e6:.0f} million rows/s"
    ratios = f"{one_s / read_s:.2f} x one float Parquet file, {csv_s / read_s:.1f} x CSV"
    others = f"float Parquet {sizes[1]:.1f}, CSV {sizes[2]:.1f}"
    times = f"listed in {list_s * 1e3:.0f} ms, verified in {check_s * 1e3:.0f} ms"
    return [
        f"store: {n:,} rows of {held.months} months read at {speed}, {ratios}",
        f"store: {sizes[0]:.1f} bytes a row ({others})",
        f"store: written in {wrote_s:.2f} s, {times}",
    ]


def main() -> None:
    """Measure a synthetic market and print."""
    bars = synthetic_market(seed=7, products=["BTC-USD"], n_bars=FIVE_YEARS, interval_ms=MINUTE_MS)[
        0
    ]
    console = Console(soft_wrap=True)
    for line in store_figures(bars):
        console.print(line)


if __name__ == "__main__":
    sys.exit(main())
