"""What bars are known by beside their name: the closes of some of their days, and what they moved.

The same history under another product's name, of another length, beginning or interval, is the same
market to whoever counts trials. A sketch has the closes of every 2**k-th day since 1970, at most
MOST of them, each as 12 bits of a digest: two histories that share a time share days of the coarser
sketch, and are the same if most of those closes are. Beside each stands the day's log return in
thousandths: a history in another money, or of another place, has other closes, but moves alike.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from math import log
from types import MappingProxyType

import numpy as np

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.times import DAY_MS

MOST = 128
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
NONE = ".."  # no bar closed on that day
PER_LOG = 1_000  # steps of a return; one more or less is rounding
LIMIT = 2_047
STILL = 2  # steps: a day that moved no more says nothing
ALIKE = 0.9  # of the days that moved, of the closes of one name
NEWEST_DAYS = 3  # whose bars may still be corrected
DAYS, LEAST = 60, 6  # days that histories must share, and of those in the sketch that moved


def sketch(bars: Bars) -> str:
    """Return a history's sketch: its first day, the days between two, and signs for each.

    Two of its close, then for all days again two of its return.
    """
    ends = bars.time + bars.interval_ms
    first, last = -(-int(ends[0]) // DAY_MS) - 1, -(-int(ends[-1]) // DAY_MS) - 1
    step = 1
    while (last - first) // step >= MOST:
        step *= 2
    first = -(-first // step) * step
    days = np.arange(first, last + 1, step)
    newest = np.searchsorted(ends, (days + 1) * DAY_MS, side="right") - 1
    before = np.searchsorted(ends, days * DAY_MS, side="right") - 1
    signs = [
        _signs(day, f"{bars.product.price(int(bars.close[row])).normalize():f}")
        if row >= 0 and ends[row] > day * DAY_MS
        else NONE
        for day, row in zip(days.tolist(), newest.tolist(), strict=True)
    ]
    moved = [
        _number_signs(round(log(int(bars.close[row]) / int(bars.close[past])) * PER_LOG))
        if row > past >= 0 and ends[past] > (day - 1) * DAY_MS
        else NONE
        for day, row, past in zip(days.tolist(), newest.tolist(), before.tolist(), strict=True)
    ]
    return f"{first}:{step}:{''.join(signs)}:{''.join(moved)}"


@lru_cache(maxsize=4096)
def is_same(a: str, b: str) -> bool:
    """Whether two sketches are of one history.

    Half or more of the closes that both have agree, or nearly all returns of enough days.
    """
    mine, theirs = _read(a, 2), _read(b, 2)
    shared = mine.keys() & theirs.keys()
    agree = sum(mine[day] == theirs[day] for day in shared)
    return (bool(agree) and 2 * agree >= len(shared)) or _moves_alike(_read(a, 3), _read(b, 3))


@lru_cache(maxsize=4096)
def is_continued(a: str, b: str, *, end_ms: int) -> bool:
    """Whether two sketches of one name may be of one history, one of them with more bars.

    Nearly all closes agree that both have, the newest days before end_ms left out: the bars of
    those are corrected now and then. True where no such day is left to tell.
    """
    mine, theirs = _read(a, 2), _read(b, 2)
    settled = end_ms // DAY_MS - NEWEST_DAYS
    shared = [day for day in mine.keys() & theirs.keys() if day <= settled]
    return sum(mine[day] == theirs[day] for day in shared) >= ALIKE * len(shared)


def _moves_alike(mine: Mapping[int, str], theirs: Mapping[int, str]) -> bool:
    shared = mine.keys() & theirs.keys()
    if not shared or max(shared) - min(shared) < DAYS - 1:
        return False
    pairs = [(_number(mine[day]), _number(theirs[day])) for day in shared]
    moved = [abs(x - y) <= 1 for x, y in pairs if max(abs(x), abs(y)) > STILL]
    return len(moved) >= LEAST and sum(moved) >= ALIKE * len(moved)


@lru_cache(maxsize=4096)
def _read(text: str, part: int) -> Mapping[int, str]:
    """Return a sketch's signs by day, of closes (2) or returns (3); none of what is no sketch."""
    parts = [*text.split(":"), "", "", "", ""]  # older sketches have no returns
    first, step, signs = parts[0], parts[1], parts[part]
    if not (first.lstrip("-").isdigit() and step.isdigit()):
        return MappingProxyType({})
    pairs = (signs[i : i + 2] for i in range(0, len(signs), 2))
    days = {int(first) + i * int(step): pair for i, pair in enumerate(pairs)}
    return MappingProxyType({day: pair for day, pair in days.items() if pair != NONE})


def _signs(day: int, price: str) -> str:
    digest = hashlib.sha256(f"{day} {price}".encode()).digest()
    return _pair(int.from_bytes(digest[:2], "big") >> 4)


def _number_signs(steps: int) -> str:
    return _pair(max(-LIMIT, min(LIMIT, steps)) + LIMIT)


def _number(pair: str) -> int:
    return SIGNS.find(pair[0]) * 64 + SIGNS.find(pair[-1]) - LIMIT


def _pair(bits: int) -> str:
    return SIGNS[bits >> 6] + SIGNS[bits & 63]
