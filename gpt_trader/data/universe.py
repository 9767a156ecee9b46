"""When products were listed, from a dated and sourced file: the universe as of a day."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from gpt_trader.data.catalog import normalize_id
from gpt_trader.data.files.regular import check_regular
from gpt_trader.domain.selection import DAY_MS, Span
from gpt_trader.errors import DataError, UsageError

DEFAULT_PRODUCTS = (
    "BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD", "LTC-USD",
    "ADA-USD", "DOGE-USD", "BCH-USD", "AVAX-USD", "LINK-USD",
)  # fmt: skip
BUNDLED = Path(str(files("gpt_trader.data"))) / "products.csv"
COLUMNS = ["product_id", "listed", "delisted", "source"]
HEADERS = ("as-of", "covers", "source")
FAR_MS = 253_402_300_800_000  # the end of the year 9999
_EPOCH = date(1970, 1, 1)


class Listing(NamedTuple):
    """A product's time on the order books, days UTC.

    listed: the first day; None: before the days that the file covers. delisted: the first day
    without it; None: none known.
    """

    product_id: str
    listed: date | None
    delisted: date | None
    source: str


class Universe(NamedTuple):
    """A file of listings. covers: the first and the last day that it speaks of."""

    path: Path
    as_of: date
    covers: tuple[date, date]
    source: str
    listings: tuple[Listing, ...]


def read_universe(path: Path = BUNDLED) -> Universe:
    """Read a CSV file of listings, several rows a product where it was listed again, in any order.

    It begins with `# as-of: DAY`, `# covers: DAY..DAY` and `# source: TEXT`. Raises DataError,
    naming file and line, on anything that is not clear.
    """
    check_regular(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the universe {path}: {error}") from error
    headers, rows = _split(path, lines)
    covers = _cover(path, headers["covers"])
    as_of = _day(headers["as-of"], f"{path}: as-of")
    if covers[1] > as_of:
        raise DataError(f"{path} covers days after it was made: {covers[1]}, as of {as_of}")
    listings = tuple(_listing(path, number, line, covers) for number, line in rows)
    _check_order(path, listings)
    return Universe(path, as_of, covers, headers["source"], listings)


def parse_top(text: str) -> int:
    """Return the number of "top:10"; raises UsageError on anything else."""
    found = re.fullmatch(r"top:([1-9]\d{0,3})", text.strip().lower())
    if found is None:
        raise UsageError(f"expected --universe top:N, was {text!r}", hint="as in top:10")
    return int(found[1])


def products_on(universe: Universe, day: date) -> tuple[str, ...]:
    """Return the products listed on a day, in the file's order.

    Raises DataError on a day that the file does not cover.
    """
    check_covered(universe, day, day)
    return tuple(
        one.product_id
        for one in universe.listings
        if (one.listed is None or one.listed <= day)
        and (one.delisted is None or day < one.delisted)
    )


def check_covered(universe: Universe, first: date, last: date) -> None:
    """Raise DataError unless the file covers the days from first to last."""
    begin, end = universe.covers
    if first < begin or end < last:
        days = f"{first}" if first == last else f"{first} to {last}"
        raise DataError(
            f"{universe.path.name} does not say what was listed on {days}: it covers {begin} to "
            f"{end}",
            hint="name a file that covers it, or another period",
        )


def spans_of(universe: Universe) -> dict[str, tuple[Span, ...]]:
    """Return when each product was listed, in ms UTC, end exclusive, as `selection` takes it.

    Where the file does not know the first day, it is the first that the file covers.
    """
    found: dict[str, list[Span]] = {}
    for one in universe.listings:
        start = universe.covers[0] if one.listed is None else one.listed
        end_ms = FAR_MS if one.delisted is None else _ms(one.delisted)
        found.setdefault(one.product_id, []).append((_ms(start), end_ms))
    return {product_id: tuple(sorted(spans)) for product_id, spans in found.items()}


def day_of(time_ms: int) -> date:
    """Return the day UTC of an instant."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).date()


def _ms(day: date) -> int:
    return (day - _EPOCH) // timedelta(days=1) * DAY_MS


def _split(path: Path, lines: Sequence[str]) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """Return the headers by name, and the rows with their line numbers."""
    headers: dict[str, str] = {}
    rows = []
    for number, line in enumerate(lines, 1):
        if line.startswith("#"):
            name, colon, text = line[1:].partition(":")
            if colon and name.strip() in HEADERS:
                headers[name.strip()] = text.strip()
        elif line.strip():
            rows.append((number, line))
    missing = [name for name in HEADERS if not headers.get(name)]
    if missing:
        raise DataError(f"{path} lacks a line `# {missing[0]}: ...`", where=f"{path}:1")
    if not rows or rows[0][1].split(",") != COLUMNS:
        raise DataError(f"expected the columns {','.join(COLUMNS)} in {path}", where=f"{path}:1")
    return headers, rows[1:]


def _cover(path: Path, text: str) -> tuple[date, date]:
    first, dots, last = text.partition("..")
    if not dots:
        raise DataError(f"expected `# covers: DAY..DAY` in {path}, was {text!r}")
    days = _day(first, f"{path}: covers"), _day(last, f"{path}: covers")
    if days[0] > days[1]:
        raise DataError(f"{path} covers nothing: {text}")
    return days


def _listing(path: Path, number: int, line: str, covers: tuple[date, date]) -> Listing:
    where = f"{path}:{number}"
    cells = [cell.strip() for cell in line.split(",", len(COLUMNS) - 1)]
    if len(cells) != len(COLUMNS) or not cells[0] or not cells[3]:
        raise DataError(f"expected a product, two days or blanks and a source, {line!r}",
                        where=where)  # fmt: skip
    name, listed, delisted, source = cells
    try:
        product_id = normalize_id(name)
    except UsageError as error:
        raise DataError(error.message, hint=error.hint, where=where) from None
    one = Listing(
        product_id,
        _day(listed, where) if listed else None,
        _day(delisted, where) if delisted else None,
        source,
    )
    if one.delisted is not None and one.delisted <= (one.listed or covers[0]):
        raise DataError(f"{product_id} is delisted before it is listed", where=where)
    return one


def _day(text: str, where: str) -> date:
    """Read a day; with a time of day or in another order it would not be clear whose day it is."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = None
    if day is None or day.isoformat() != text.strip():
        raise DataError(f"expected a day UTC as 2022-01-31, was {text.strip()!r}", where=where)
    return day


def _check_order(path: Path, listings: Sequence[Listing]) -> None:
    last: dict[str, Listing] = {}
    for one in sorted(listings, key=lambda one: one.listed or date.min):
        before = last.get(one.product_id)
        if before is not None and (
            before.delisted is None or one.listed is None or one.listed < before.delisted
        ):
            raise DataError(f"{path} lists {one.product_id} twice at the same time")
        last[one.product_id] = one
