"""What bars are known by beside their name: some of their closes, and their course.

The same history under another product's name, of another length, beginning or interval, is the same
market to whoever counts trials. A sketch has at most MOST closes, of every 2**k-th three hours
since 1970, each as 12 bits of a digest: two histories that share a time share those of the coarser
sketch, and are the same if most of them are. Beside each stands the close's logarithm in steps of
0.05 %: a history in another money, of another exchange, or moved a little, has other closes, but
is at all times as many times the other. No two coins are, while they go far.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import log
from types import MappingProxyType

import numpy as np

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.times import DAY_MS

MOST = 128
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
FORM = re.compile(r"3h:(?P<first>-?\d+):(?P<step>\d+):(?P<closes>[^:]*):(?P<levels>[^:]*)")
GAP = "."  # then four signs: how many places have no bar
GAP_SIGNS = 4
A_DAY = 8  # places: a place is the end of three hours, that of day d since 1970 place 8 d
PLACE_MS = DAY_MS // A_DAY
PER_LOG = 2_000  # steps of a logarithm
TURN = 4_096  # steps, 2.05 logarithms, after which they begin anew
NEAR = 16  # steps, 0.8 %, around the middle of how far two histories are apart
WIDE = 80  # steps, 4 %, that nine tenths must be above one tenth: what stays says nothing
FAR = 2_400  # the same in steps times days: on few days a history must go farther
ALIKE = 0.9  # of the places that are near, of the closes of one name
NEWEST_DAYS = 3  # whose bars may still be corrected
LEAST = 6  # places that histories must share to be alike in their course


def sketch(bars: Bars) -> str:
    """Return a history's sketch: first place, places between two, closes, logarithms.

    Of each place a close and a logarithm of two signs, in two texts; GAP where there is none.
    """
    ends = bars.time + bars.interval_ms
    step = next((n for n in (1, 2, 4) if n * PLACE_MS % bars.interval_ms == 0), A_DAY)
    ended = -(-ends // (step * PLACE_MS)) * step - A_DAY  # the first place at or after each end
    places = ended[np.flatnonzero(np.diff(ended, prepend=ended[0] - 1))]
    while len(places) > MOST:
        step *= 2
        places = places[places % step == 0]
    rows = np.searchsorted(ends, (places + A_DAY) * PLACE_MS, side="right") - 1
    prices = [bars.product.price(int(bars.close[row])) for row in rows.tolist()]
    closes = [
        _signs(place, f"{price.normalize():f}")
        for place, price in zip(places.tolist(), prices, strict=True)
    ]
    levels = [_pair(round(log(price) * PER_LOG) % TURN) for price in prices]
    first = int(places[0]) if len(places) else 0
    missing = (np.diff(places, prepend=first - step) // step - 1).tolist()
    texts = (
        "".join(_gap(n) + pair for n, pair in zip(missing, pairs, strict=True))
        for pairs in (closes, levels)
    )
    return ":".join(("3h", str(first), str(step), *texts))


@lru_cache(maxsize=4096)
def is_same(a: str, b: str) -> bool:
    """Whether two sketches are of one history.

    Half or more of the closes that both have agree, or one is nearly everywhere as many times the
    other, while they went far.
    """
    mine, theirs = _closes(a), _closes(b)
    shared = mine.keys() & theirs.keys()
    agree = sum(mine[place] == theirs[place] for place in shared)
    return (bool(agree) and 2 * agree >= len(shared)) or _go_alike(_levels(a), _levels(b))


@lru_cache(maxsize=4096)
def is_continued(a: str, b: str, *, end_ms: int) -> bool:
    """Whether two sketches of one name may be of one history, one of them with more bars.

    Nearly all closes agree that both have, the newest days before end_ms left out: the bars of
    those are corrected now and then. True where no such place is left to tell.
    """
    mine, theirs = _closes(a), _closes(b)
    settled = (end_ms // DAY_MS - NEWEST_DAYS) * A_DAY
    shared = [place for place in mine.keys() & theirs.keys() if place <= settled]
    return sum(mine[place] == theirs[place] for place in shared) >= ALIKE * len(shared)


def _go_alike(mine: Mapping[int, str], theirs: Mapping[int, str]) -> bool:
    shared = sorted(mine.keys() & theirs.keys())
    if len(shared) < LEAST:
        return False
    a, b = ([_number(one[place]) for place in shared] for one in (mine, theirs))
    apart = _unturned([x - y for x, y in zip(a, b, strict=True)])
    middle = sorted(apart)[len(apart) // 2]
    near = sum(abs(one - middle) <= NEAR for one in apart)
    days = len({place // A_DAY for place in shared})
    return near >= ALIKE * len(apart) and min(_spread(a), _spread(b)) >= max(WIDE, FAR // days)


def _spread(levels: Sequence[int]) -> int:
    """Return the steps between one tenth and nine tenths of levels."""
    ranked = sorted(_unturned(levels))
    return ranked[-1 - len(ranked) // 10] - ranked[len(ranked) // 10]


def _unturned(levels: Sequence[int]) -> list[int]:
    """Return levels as they were before they began anew: at most half a turn from the last."""
    found = [levels[0]]
    for one in levels[1:]:
        found.append(found[-1] + (one - found[-1] + TURN // 2) % TURN - TURN // 2)
    return found


def _closes(text: str) -> Mapping[int, str]:
    return _read(text, "closes") if text.startswith("3h:") else _read_days(text)


def _levels(text: str) -> Mapping[int, str]:
    return _read(text, "levels")


@lru_cache(maxsize=4096)
def _read(text: str, part: str) -> Mapping[int, str]:
    """Return a sketch's signs by place, of closes or levels; none of what is no sketch."""
    told = FORM.fullmatch(text)
    if told is None:
        return MappingProxyType({})
    place, step, signs = int(told["first"]), int(told["step"]), told[part]
    found, i = {}, 0
    while i < len(signs):
        if signs[i] == GAP:
            place += step * _number(signs[i + 1 : i + 1 + GAP_SIGNS])
            i += 1 + GAP_SIGNS
            continue
        found[place] = signs[i : i + 2]
        place, i = place + step, i + 2
    return MappingProxyType(found)


@lru_cache(maxsize=4096)
def _read_days(text: str) -> Mapping[int, str]:
    """Return the closes of an older sketch, of whole days, by place; none of what is no sketch."""
    first, step, signs = [*text.split(":"), "", "", ""][:3]
    if not (first.lstrip("-").isdigit() and step.isdigit()):
        return MappingProxyType({})
    pairs = [signs[i : i + 2] for i in range(0, len(signs), 2)]
    days = {int(first) + i * int(step): pair for i, pair in enumerate(pairs)}
    return MappingProxyType({day * A_DAY: p for day, p in days.items() if p != GAP * 2})


def _signs(place: int, price: str) -> str:
    """Return 12 bits of a close; of a day's end as older sketches have them."""
    day, rest = divmod(place, A_DAY)
    when = f"{day}+{rest}" if rest else f"{day}"
    digest = hashlib.sha256(f"{when} {price}".encode()).digest()
    return _pair(int.from_bytes(digest[:2], "big") >> 4)


def _gap(count: int) -> str:
    if not count:
        return ""
    return GAP + "".join(SIGNS[count >> 6 * n & 63] for n in reversed(range(GAP_SIGNS)))


def _number(signs: str) -> int:
    total = 0
    for one in signs:
        total = total * 64 + SIGNS.find(one)
    return total


def _pair(bits: int) -> str:
    return SIGNS[bits >> 6] + SIGNS[bits & 63]
