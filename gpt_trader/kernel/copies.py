"""Closes that lie midway between their neighbors, and stretches of closes that come again.

What data.checks.made judges. A close in the middle of the one before and the one after it is known
only once the later one is; a stretch that comes again tells what follows it.
"""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit

Ints = NDArray[np.int64]

PLAIN_TICKS = 10  # from which on a move is told apart from the next larger one
EXACT, NEAR = 1, 2
NEAR_PART = 100  # of the move between both neighbors: so little off is near the middle
STRETCH = 24  # moves by which a stretch is known again
LEAST_MOVED = 18  # of these that are no standstill
LEAST_KINDS = 12  # ... and moves among them that differ
SCATTER = 0x9E3779  # odd; times a code, which is below 3 ** STRETCH, it stays below 2 ** 63
LEAST_OFF = 2  # ticks by which rounding may change a move of prices that were rescaled


@njit(cache=True)
def middles(close: Ints) -> tuple[NDArray[np.uint8], Ints]:
    """Return (n,) uint8 of EXACT + NEAR, and (2,) int64: how many are so by chance.

    close: (n,) ticks. EXACT: the mean of both neighbors, rounded either way; NEAR: a hundredth of
    their difference off at most. Chance is what lies so between the one before and the second
    after, which nobody who draws a line puts there.
    """
    n = len(close)
    marks = np.zeros(n, np.uint8)
    chance = np.zeros(2, np.int64)
    for i in range(1, n - 1):
        twice = 2 * close[i] - close[i - 1]
        marks[i] = _is_between(twice - close[i + 1], close[i + 1] - close[i - 1])
        if i + 2 < n:
            other = _is_between(twice - close[i + 2], close[i + 2] - close[i - 1])
            chance[0] += other & EXACT
            chance[1] += (other & NEAR) // NEAR
    return marks, chance


@njit(cache=True)
def _is_between(off: int, move: int) -> int:
    off, move = abs(off), abs(move)
    if move < PLAIN_TICKS:
        return 0
    return (EXACT if off <= 1 else 0) + (NEAR if off * NEAR_PART <= move else 0)


@njit(cache=True)
def patterns(close: Ints) -> Ints:
    """Return (n,) int64: which of STRETCH moves up to each row go up, down or not at all.

    close: (n,) ticks. 0 where too few move, or by too few ticks to know them again.
    """
    n = len(close)
    found = np.zeros(n, np.int64)
    oldest = 3 ** (STRETCH - 1)
    code = moved = ticks = 0
    for i in range(1, n):
        if i > STRETCH:
            gone = close[i - STRETCH] - close[i - STRETCH - 1]
            code -= (np.sign(gone) + 1) * oldest
            moved -= gone != 0
            ticks -= abs(gone)
        move = close[i] - close[i - 1]
        code = code * 3 + np.sign(move) + 1
        moved += move != 0
        ticks += abs(move)
        if i >= STRETCH and moved >= LEAST_MOVED and ticks >= PLAIN_TICKS * STRETCH:
            found[i] = code
    return found


@njit(cache=True)
def pairs(codes: Ints, one_in: int) -> tuple[Ints, Ints]:
    """Return (k,) rows whose code came before, rising, and each's last row before: that, then it.

    codes: (n,) int64; 0 is none. one_in: of so many kinds of codes one is looked up, a power of 2.
    Linear in n.
    """
    looked_up = 0
    for code in codes:
        looked_up += _is_looked_up(code, one_in)
    room = 2
    while room < 2 * looked_up:
        room *= 2
    newest = np.full(room, -1, np.int64)  # rows, each at the place of its code or the next free one
    firsts, laters = np.empty(looked_up, np.int64), np.empty(looked_up, np.int64)
    k = 0
    for row in range(len(codes)):
        if not _is_looked_up(codes[row], one_in):
            continue
        place = (codes[row] * SCATTER >> 36) & (room - 1)
        while newest[place] >= 0 and codes[newest[place]] != codes[row]:
            place = (place + 1) & (room - 1)
        if newest[place] >= 0:
            firsts[k], laters[k] = newest[place], row
            k += 1
        newest[place] = row
    return firsts[:k], laters[:k]


@njit(cache=True)
def _is_looked_up(code: int, one_in: int) -> bool:
    return code != 0 and (code * SCATTER >> 32) & (one_in - 1) == 0


@njit(cache=True)
def again(close: Ints, firsts: Ints, laters: Ints) -> NDArray[np.bool_]:
    """Return (n,) bool: the closes that repeat earlier ones, perhaps at another level.

    close: (n,) ticks. firsts, laters: (k,) last rows of stretches whose pattern is one, the later
    ones rising.
    """
    n = len(close)
    marks = np.zeros(n, np.bool_)
    for k in range(len(firsts)):
        a, b = firsts[k], laters[k]
        if marks[b] or b - a < STRETCH or _kinds(close, b) < LEAST_KINDS:
            continue
        is_same = True
        for j in range(STRETCH):
            is_same = is_same and _moves_alike(close, a - j, b - j)
        if not is_same:
            continue
        first, last = b - STRETCH, b
        while first > b - a and not marks[first] and _moves_alike(close, first - b + a, first):
            first -= 1
        while last + 1 < n and _moves_alike(close, last + 1 - b + a, last + 1):
            last += 1
        marks[first : last + 1] = True
    return marks


@njit(cache=True)
def _kinds(close: Ints, row: int) -> int:
    """Return how many different moves a stretch has."""
    moves = np.sort(np.diff(close[row - STRETCH : row + 1]))
    kinds = 1
    for j in range(1, STRETCH):
        kinds += moves[j] != moves[j - 1]
    return kinds


@njit(cache=True)
def _moves_alike(close: Ints, a: int, b: int) -> bool:
    """Whether two moves are one, of the price before them, to rounding of both."""
    one, other = close[a] / close[a - 1], close[b] / close[b - 1]
    return bool(abs(one - other) <= LEAST_OFF * (0.5 / close[a - 1] + 0.5 / close[b - 1]))
