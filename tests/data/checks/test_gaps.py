"""Gaps are told apart: never downloaded, no trades, venue outage."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.data.checks.gaps import DOWNLOAD, OUTAGE, SILENT, find
from gpt_trader.domain.times import DAY_MS

MINUTE = 60_000
N = 20_000


def opens(without, count=N):
    return np.array(sorted(set(range(count)) - set(without)), np.int64) * MINUTE


ALL = [(0, N * MINUTE)]


def test_what_was_never_asked_was_never_downloaded():
    found = find(opens(range(100, 300)), MINUTE, [(0, 150 * MINUTE), (200 * MINUTE, N * MINUTE)])
    assert [(g.start_ms // MINUTE, g.bars, g.kind) for g in found] == [
        (100, 50, OUTAGE),
        (150, 50, DOWNLOAD),
        (200, 100, OUTAGE),
    ]


def test_a_busy_market_is_not_silent_for_long():
    found = find(opens([500, *range(9000, 9060)]), MINUTE, ALL)
    assert [(g.bars, g.kind) for g in found] == [(1, SILENT), (60, OUTAGE)]


def test_a_quiet_market_is_silent_for_hours():
    rng = np.random.default_rng(1)
    quiet = np.flatnonzero(rng.random(N) < 0.1) * MINUTE
    found = find(quiet, MINUTE, ALL)
    assert len(found) > 1000
    assert {g.kind for g in found} == {SILENT}


def test_silence_of_all_others_at_once_is_an_outage():
    quiet = np.arange(0, N, 10) * MINUTE
    quiet = quiet[(quiet < 5000 * MINUTE) | (quiet >= 5030 * MINUTE)]
    down = opens(range(4990, 5030))
    gap = next(g for g in find(quiet, MINUTE, ALL) if g.bars > 9)
    assert gap.kind == SILENT
    gap = next(g for g in find(quiet, MINUTE, ALL, others=[(down, ALL)]) if g.bars > 9)
    assert gap.kind == OUTAGE
    unasked = [(0, 10 * MINUTE)]  # of the other, nothing is known of that time
    gap = next(g for g in find(quiet, MINUTE, ALL, others=[(down, unasked)]) if g.bars > 9)
    assert gap.kind == SILENT


def test_days():
    days = np.array([d for d in range(1000) if not 300 <= d < 321]) * DAY_MS
    (gap,) = find(days, DAY_MS, [(0, 1000 * DAY_MS)])
    assert (gap.bars, gap.kind) == (21, OUTAGE)
    assert find(days, DAY_MS, ())[0].kind == DOWNLOAD


@given(
    st.sets(st.integers(1, 198)),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=4),
)
def test_gaps_are_just_the_missing_bars(missing, asked):
    time = opens(missing, 200)
    spans = [(a * MINUTE, b * MINUTE) for a, b in asked]
    found = find(time, MINUTE, spans)
    at = [m for g in found for m in range(g.start_ms // MINUTE, g.end_ms // MINUTE)]
    assert at == sorted(missing)
    assert sum(g.bars for g in found) == len(missing)
    asked_for = {m for a, b in asked for m in range(a, b)}
    for gap in found:
        inside = set(range(gap.start_ms // MINUTE, gap.end_ms // MINUTE))
        assert inside <= asked_for or not inside & asked_for
        assert (gap.kind == DOWNLOAD) == (not inside & asked_for)
