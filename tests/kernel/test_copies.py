"""The compiled passes against plain numpy and plain loops."""

import numpy as np
import pytest

from gpt_trader.kernel.copies import (
    EXACT,
    LEAST_MOVED,
    NEAR,
    PLAIN_TICKS,
    STRETCH,
    again,
    middles,
    pairs,
    patterns,
)


def walk(n, step, seed=0):
    moves = np.random.default_rng(seed).integers(-step, step + 1, n)
    return 100_000 + np.cumsum(moves).astype(np.int64)


@pytest.mark.parametrize("step", [3, 40, 5_000])
def test_middles_are_those_of_numpy(step):
    close = walk(3_000, step)
    marks, chance = middles(close)
    a, b, c, d = close[:-3], close[1:-2], close[2:-1], close[3:]
    for mark, most in ((EXACT, lambda move: 1), (NEAR, lambda move: np.abs(move) / 100)):
        is_so, by_chance = (
            (np.abs(e - a) >= PLAIN_TICKS) & (np.abs(2 * b - a - e) <= most(e - a)) for e in (c, d)
        )
        assert ((marks[1:-2] & mark) > 0).tolist() == is_so.tolist()
        assert chance[0 if mark == EXACT else 1] == by_chance.sum()


def test_patterns_are_the_signs_of_so_many_moves():
    close = walk(400, 60)
    found = patterns(close)
    for row in range(STRETCH, len(close)):
        moves = np.diff(close[row - STRETCH : row + 1])
        code = sum(int(s + 1) * 3**k for k, s in enumerate(np.sign(moves)[::-1]))
        is_plain = (moves != 0).sum() >= LEAST_MOVED
        is_plain &= np.abs(moves).sum() >= PLAIN_TICKS * STRETCH
        assert found[row] == (code if is_plain else 0)
    assert not found[:STRETCH].any()
    assert not patterns(walk(400, 3)).any()


def test_again_marks_what_comes_again_and_nothing_else():
    close = walk(300, 500)
    close[200:250] = close[60:110] + 7
    firsts, laters = np.array([90]), np.array([230])
    marks = again(close, firsts, laters)
    assert np.flatnonzero(marks).tolist() == list(range(200, 250))
    assert not again(close, firsts, laters + 1).any()
    assert not again(close, laters - 5, laters).any()  # one within the other


@pytest.mark.parametrize("one_in", [1, 4])
def test_pairs_are_what_came_and_came_last_before(one_in):
    codes = np.random.default_rng(3).integers(-40, 41, 500)
    codes[::7] = 3 ** (STRETCH - 1)
    firsts, laters = pairs(codes, one_in)
    newest, found = {}, []
    for row, code in enumerate(codes.tolist()):
        if code and code in newest:
            found.append((newest[code], row))
        newest[code] = row
    told = list(zip(firsts.tolist(), laters.tolist(), strict=True))
    kept = {int(code) for code in codes[laters]}
    assert told == [(a, b) for a, b in found if int(codes[b]) in kept]
    assert told == found if one_in == 1 else 0 < len(told) < len(found)


def test_nothing_and_one():
    for n in (0, 1):
        close = np.full(n, 5, np.int64)
        none = np.empty(0, np.int64)
        assert len(middles(close)[0]) == len(patterns(close)) == len(again(close, none, none)) == n
        assert len(pairs(close, 1)[0]) == 0
