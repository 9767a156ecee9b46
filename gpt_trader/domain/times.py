"""Intervals and instants, as text and as int64 ms UTC; the machine's zone never matters."""

import re
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

import numpy as np

from gpt_trader.errors import UsageError

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
INTERVALS = {
    "1m": MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "1d": DAY_MS,
}
MAX_MS = 253_402_300_799_999  # the last millisecond of the year 9999
SECONDS_LIMIT = 10**11  # an epoch number below it counts seconds (to the year 5138), else ms
OLDEST_SECONDS = 10**9  # of 2001: as milliseconds a moment of 1970, when nobody traded coins
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_UNITS = (("d", DAY_MS), ("h", HOUR_MS), ("m", MINUTE_MS), ("s", 1000), ("ms", 1))


def parse_interval(text: str) -> int:
    """Return one of the exchange's bar lengths ("4h") in milliseconds.

    Raises UsageError, naming the nearest, on anything else.
    """
    found = INTERVALS.get(text.strip().lower())
    if found is None:
        raise UsageError(
            f"expected a bar interval, was {text!r}",
            hint=f"{_nearest(text.strip().lower())}one of {', '.join(INTERVALS)}",
        )
    return found


def _nearest(text: str) -> str:
    """Say which bar length comes nearest to what was asked for: in time, where that is a time."""
    found = re.fullmatch(r"(\d{1,6}) ?([a-z]+)", text)
    a_unit = {"w": 7 * DAY_MS, **dict(_UNITS)}
    if found is None or found[2] not in a_unit or not int(found[1]):
        near = get_close_matches(text, INTERVALS, n=1, cutoff=0.3)
        return f"did you mean {near[0]}? " if near else ""
    asked_ms, longest = int(found[1]) * a_unit[found[2]], format_interval(max(INTERVALS.values()))
    if asked_ms > INTERVALS[longest]:
        return f"the longest is {longest}: "
    apart = {name: max(ms / asked_ms, asked_ms / ms) for name, ms in INTERVALS.items()}
    return f"did you mean {min(apart, key=lambda name: apart[name])}? "


def parse_duration(text: str) -> int:
    """Return a length of time ("3y", "2w", "90d", "12h") in milliseconds; a year has 365 days.

    Raises UsageError on anything else.
    """
    found = re.fullmatch(r"(\d{1,6})([ywdhm])", text.strip().lower())
    if found is None or not int(found[1]):
        raise UsageError(f"expected a length of time, was {text!r}", hint="as in 3y, 90d or 12h")
    units = {"y": 365 * DAY_MS, "w": 7 * DAY_MS, "d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS}
    return int(found[1]) * units[found[2]]


def format_interval(interval_ms: int) -> str:
    """Return a bar length as text, in the largest whole unit: 14,400,000 is "4h"."""
    for unit, length_ms in _UNITS:
        if interval_ms % length_ms == 0:
            return f"{interval_ms // length_ms}{unit}"
    raise AssertionError("unreachable: every integer is a whole number of milliseconds")


def parse_time(text: str) -> int:
    """Return an instant in milliseconds UTC.

    Takes a date, an ISO-8601 time (without a zone: UTC), or epoch seconds or milliseconds.
    Raises UsageError on anything else.
    """
    found = read_time(text)
    if found is None:
        raise UsageError(
            f"expected a time, was {text!r}",
            hint="write 2022-01-31, 2022-01-31T12:00:00Z, or epoch seconds or milliseconds",
        )
    return found[0]


def to_ms(moment: str | int | datetime | np.datetime64) -> int:
    """Return an instant that is given in Python in milliseconds UTC.

    Text as `parse_time` takes it, epoch milliseconds, or a datetime of Python, pandas or numpy;
    without a zone it is UTC. Raises UsageError for text that is no time, TypeError for anything
    else.
    """
    if isinstance(moment, str):
        return parse_time(moment)
    if isinstance(moment, datetime | np.datetime64) and moment != moment:  # noqa: PLR0124 - NaT
        raise TypeError(f"expected a time as text, ms or datetime, was {moment!r}")
    if isinstance(moment, np.datetime64):
        return int(moment.astype("datetime64[ms]").astype(np.int64))
    if isinstance(moment, datetime):
        zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return (zoned - _EPOCH) // _MILLISECOND
    if isinstance(moment, bool) or not hasattr(moment, "__index__"):
        raise TypeError(f"expected a time as text, ms or datetime, was {moment!r}")
    return int(moment)


def read_time(text: str) -> tuple[int, bool] | None:
    """Return milliseconds UTC and whether the text states its zone; None: not a time."""
    text = text.strip()
    try:
        number = float(text)
    except ValueError:
        return _read_iso(text)
    if len(text) == 8 and text.isdigit():
        return None  # 20220131: a date, or seconds of 1970? neither is a safe guess
    if not abs(number) <= MAX_MS:
        return None
    return round(number * 1000) if abs(number) < SECONDS_LIMIT else round(number), True


def _read_iso(text: str) -> tuple[int, bool] | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    zoned = moment.tzinfo is not None
    whole, rest = divmod((moment if zoned else moment.replace(tzinfo=UTC)) - _EPOCH, _MILLISECOND)
    return None if rest else (whole, zoned)


def format_time(time_ms: int) -> str:
    """Return an instant as ISO-8601 UTC with milliseconds: "2022-01-31T00:00:00.000Z"."""
    moment = (_EPOCH + timedelta(milliseconds=int(time_ms))).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"
