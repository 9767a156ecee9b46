"""One file of the data store: a product's bars of one interval in one UTC month.

Whole numbers only: times, prices as ticks and, where that is exact, volumes as units of 1e-8, each
coded as differences and compressed (see `sealed`). What the numbers mean stands in the file's own
description, with a digest of the content.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gpt_trader.data.arrow import numbers_of
from gpt_trader.data.checks.quality import digest
from gpt_trader.data.store import sealed
from gpt_trader.data.store.grid import growth
from gpt_trader.data.store.sealed import corrupt
from gpt_trader.data.store.spans import Span
from gpt_trader.domain.bars import COLUMNS, Bars, Floats, Ints, trusted
from gpt_trader.domain.product import Product
from gpt_trader.domain.times import format_interval
from gpt_trader.kernel.slippage import NO_QUOTE

UNITS = 10**8  # volume units a base unit
EXACT = 2**53  # whole numbers up to here are float64 exactly
PRICES = ("open", "high", "low", "close")

Room = dict[str, Any]  # columns by the names of `Bars`, (n,) each


@dataclass(frozen=True, slots=True)
class Partition:
    """A month of bars. asked: spans whose bars the source was asked for, within the month.

    A bar that is missing inside `asked` was not there; outside it was never downloaded.
    """

    bars: Bars
    asked: tuple[Span, ...]
    sources: tuple[str, ...]


class About(NamedTuple):
    """What a partition says of itself; first_ms and last_ms are None without bars."""

    product: Product
    interval_ms: int
    month: str
    asked: tuple[Span, ...]
    sources: tuple[str, ...]
    rows: int
    first_ms: int | None
    last_ms: int | None
    sha256: str


class Month(NamedTuple):
    """An opened partition: its rows are read later, even if it is replaced meanwhile."""

    opened: sealed.Opened
    about: About

    @property
    def quoted(self) -> bool:
        """Whether spreads are known."""
        return "half_spread_e8" in self.opened.names


def month_of(time_ms: int) -> str:
    """Return the UTC month of a time: "2024-01"."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m}"


def month_span(month: str) -> Span:
    """Return the first millisecond of a month and of the next one."""
    year, number = int(month[:4]), int(month[5:7])
    after = (year + 1, 1) if number == 12 else (year, number + 1)
    return _ms(year, number), _ms(*after)


def _ms(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1000


def write(path: Path, partition: Partition) -> str:
    """Write a partition in place of the one before and return its digest.

    Raises StorageError; the old file stays then.
    """
    bars = partition.bars
    sha256 = digest(bars)
    about = {
        "product": _product_json(bars.product),
        "interval_ms": bars.interval_ms,
        "month": path.stem,
        "asked": partition.asked,
        "sources": partition.sources,
        "first_ms": int(bars.time[0]) if len(bars) else None,
        "last_ms": int(bars.time[-1]) if len(bars) else None,
        "sha256": sha256,
    }
    sealed.write(path, _columns(bars), about)
    return sha256


def _columns(bars: Bars) -> dict[str, "np.ndarray"]:
    columns: dict[str, np.ndarray] = {
        "time": bars.time,
        "open": bars.open,
        "high": bars.high,
        "low": bars.low,
        "close": bars.close,
        "volume": _units(bars.volume),
    }
    if bars.funding_rate.any():
        columns["funding_rate"] = bars.funding_rate
    if bars.half_spread_e8 is not None:
        columns["half_spread_e8"] = bars.half_spread_e8
    return columns


def _units(volume: Floats) -> Ints | Floats:
    """Return volumes as whole units of 1e-8 if each is one exactly, else as they are."""
    units = np.rint(volume * UNITS)
    exact = (units < EXACT).all() and np.array_equal(units / UNITS, volume)
    return units.astype(np.int64) if exact else volume


def read(path: Path) -> Partition:
    """Read a partition, its pages verified; raises DataError, naming the file, if it is bad."""
    month = open_month(path)
    said = month.about
    columns = room(said.rows, quoted=month.quoted)
    fill(month, said.product, columns)
    shown = (columns.get(name) for name in COLUMNS)  # what they hold, `verify` judges
    return Partition(trusted(said.product, said.interval_ms, *shown), said.asked, said.sources)


def open_month(path: Path) -> Month:
    """Open a partition for `fill`; raises DataError, naming the file, if it is bad."""
    opened = sealed.open_file(path)
    absent = [name for name in ("time", *PRICES, "volume") if name not in opened.names]
    if absent:
        raise corrupt(path, f"no column {absent[0]}")
    return Month(opened, _about(path, opened.about))


def room(n: int, *, quoted: bool) -> Room:
    """Return the columns of n bars to be filled, with spreads if `quoted`; funding is 0."""
    whole = ("time", *PRICES, *(("half_spread_e8",) if quoted else ()))
    columns: Room = {name: np.empty(n, np.int64) for name in whole}
    return columns | {"volume": np.empty(n), "funding_rate": np.zeros(n)}


def fill(month: Month, product: Product, place: Room) -> None:
    """Read a month's rows into their place, prices in ticks of the product; close it.

    Raises DataError if a page is bad or ticks do not fit.
    """
    table = sealed.rows(month.opened)
    columns = {name: numbers_of(table.column(name)) for name in month.opened.names}
    highest = int(columns["high"].max(initial=0))
    factor = growth(month.about.product, product, highest)
    place["time"][:] = columns["time"]
    for name in PRICES:
        np.multiply(columns[name], factor, out=place[name])
    volume = columns["volume"]
    np.divide(volume, UNITS if volume.dtype == np.int64 else 1, out=place["volume"])
    if "funding_rate" in columns:
        place["funding_rate"][:] = columns["funding_rate"]
    if "half_spread_e8" in place:
        place["half_spread_e8"][:] = columns.get("half_spread_e8", NO_QUOTE)


def about(path: Path) -> About:
    """Read what a partition says of itself, without its rows; raises DataError if it is bad."""
    return _about(path, sealed.read_about(path))


def _about(path: Path, found: dict[str, Any]) -> About:
    try:
        about = About(
            _product(found["product"]),
            int(found["interval_ms"]),
            str(found["month"]),
            tuple((int(start), int(end)) for start, end in found["asked"]),
            tuple(map(str, found["sources"])),
            int(found["rows"]),
            found["first_ms"],
            found["last_ms"],
            str(found["sha256"]),
        )
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise corrupt(path, f"its description cannot be read ({error})") from None
    place = (about.product.product_id, format_interval(about.interval_ms), about.month)
    if place != (path.parent.parent.name, path.parent.name, path.stem):
        raise corrupt(path, f"it holds {' '.join(place)}")
    return about


def _product_json(product: Product) -> dict[str, Any]:
    return {
        "product_id": product.product_id,
        "base_increment": str(product.base_increment),
        "price_increment": str(product.price_increment),
        "base_min_size": str(product.base_min_size),
        "quote_min_size": str(product.quote_min_size),
        "is_perpetual": product.is_perpetual,
    }


def _product(found: dict[str, Any]) -> Product:
    return Product(
        found["product_id"],
        Decimal(found["base_increment"]),
        Decimal(found["price_increment"]),
        Decimal(found["base_min_size"]),
        Decimal(found["quote_min_size"]),
        is_perpetual=bool(found["is_perpetual"]),
    )
