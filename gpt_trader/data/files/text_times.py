"""Times as other programs write them, turned into milliseconds UTC.

Beside ISO-8601 these are read: 31.01.2024 (the day first), 2024.01.31 and 2024/01/31,
31/01/2024 or 01/31/2024 where some row shows which of both it is, Jan 31, 2024, and 2024-01-31
11-PM; a time of day may follow, with seconds, AM or PM, UTC or GMT.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from gpt_trader.domain.bars import Ints
from gpt_trader.domain.times import read_time

Fail = Callable[[int, str, str], NoReturn]  # row, reason, hint

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = r"(?:[ T,]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.0+)?)?)?\s*([AaPp][Mm])?"
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})" + _CLOCK)
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})" + _CLOCK)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})" + _CLOCK)
_NAMED = re.compile(r"([A-Za-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})" + _CLOCK)
_HOUR_ONLY = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d{1,2})-([AaPp][Mm])")
_ZONE = re.compile(r"\s*(UTC|GMT)$")


def text_times(cells: Sequence[Any], fail: Fail) -> tuple[Ints, bool]:
    """Return (n,) int64 ms UTC, and whether every cell states its zone.

    fail: raises the error about a row.
    """
    times = np.empty(len(cells), np.int64)
    has_zone = True
    day_first: bool | None = None
    for index, cell in enumerate(cells):
        found = read_time(cell) if isinstance(cell, str) else None
        if found is None and isinstance(cell, str):
            if day_first is None:
                day_first = _is_day_first(cells)
            found = _read(cell, day_first=day_first)
            if found is None and _SLASHED.fullmatch(_ZONE.sub("", cell.strip())):
                fail(
                    index,
                    f"expected a time, found {cell!r}",
                    "no row tells the day from the month: write 2024-01-31",
                )
        if found is None:
            fail(index, f"expected a time, found {str(cell)!r}", "write 2024-01-31T12:00:00Z")
        times[index] = found[0]
        has_zone = has_zone and found[1]
    return times, has_zone


def _is_day_first(cells: Sequence[Any]) -> bool | None:
    """Whether days stand before months between slashes; None if no row shows it."""
    for cell in cells:
        match = _SLASHED.match(cell.strip()) if isinstance(cell, str) else None
        if match and max(int(match[1]), int(match[2])) > 12:
            return int(match[1]) > 12
    return None


def _read(text: str, *, day_first: bool | None) -> tuple[int, bool] | None:
    bare = _ZONE.sub("", text.strip())
    zone = "Z" if bare != text.strip() else ""
    if match := _HOUR_ONLY.fullmatch(bare):
        year, month, day, hour, half = match.groups()
        return _of(year, month, day, (hour, "00", "00", half), zone)
    if match := _YEAR_FIRST.fullmatch(bare):
        year, month, day, *clock = match.groups()
    elif match := _DOTTED.fullmatch(bare):
        day, month, year, *clock = match.groups()
    elif (match := _SLASHED.fullmatch(bare)) and day_first is not None:
        first, second, year, *clock = match.groups()
        day, month = (first, second) if day_first else (second, first)
    elif (match := _NAMED.fullmatch(bare)) and match[1].lower() in MONTHS:
        name, day, year, *clock = match.groups()
        month = str(MONTHS.index(name.lower()) + 1)
    else:
        return read_time(bare + zone) if zone else None
    return _of(year, month, day, tuple(clock), zone)


def _of(
    year: str, month: str, day: str, clock: tuple[str | None, ...], zone: str
) -> tuple[int, bool] | None:
    hour, minute, second, half = clock
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    return read_time(
        f"{year}-{int(month):02}-{int(day):02}T{hours:02}:{minute or '00'}:{second or '00'}{zone}"
    )
