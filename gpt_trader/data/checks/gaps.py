"""Why bars are missing: the market was silent, the venue was down, or nobody downloaded them.

Inside the spans that a source has answered for, a missing bar is one that the source does not have.
Markets that trade seldom have many of those, one or two in a row: with a share p of such buckets in
the days around, n buckets in all hold about n p^k runs of k. A run that is expected less than LUCK
times is not chance: the venue was out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gpt_trader.data.store.spans import Span, clip, missing
from gpt_trader.domain.bars import Ints
from gpt_trader.domain.times import DAY_MS

DOWNLOAD = "never downloaded"
SILENT = "no trades"
OUTAGE = "venue outage"
AROUND_MS = 7 * DAY_MS  # before and after a gap: what is usual there
AROUND_BARS = 100  # at least so many bars before and after, where bars are long
LUCK = 0.01


class Gap(NamedTuple):
    """Missing bars: first and last + interval open in ms UTC, how many, and why."""

    start_ms: int
    end_ms: int
    bars: int
    kind: str


def find(
    time: Ints,
    interval_ms: int,
    asked: Sequence[Span],
    *,
    others: Sequence[tuple[Ints, Sequence[Span]]] = (),
) -> list[Gap]:
    """Return every gap between the first and the last bar, oldest first; linear in the bars.

    time: (n,) sorted opens. asked: spans that the source has answered for. others: opens and asked
    spans of other products of the same venue and interval: if they all were silent, too, though
    asked for, the venue was out.
    """
    steps = np.diff(time)
    gaps: list[Gap] = []
    for row in np.flatnonzero(steps > interval_ms):
        begin, end = int(time[row]) + interval_ms, int(time[row + 1])
        answered = clip(asked, (begin, end))
        for start, stop in missing((begin, end), answered):
            gaps.append(Gap(start, stop, (stop - start) // interval_ms, DOWNLOAD))
        for start, stop in answered:
            down = _others_were_silent((start, stop), others) or _is_unlikely(
                time, int(row), (stop - start) // interval_ms, interval_ms
            )
            kind = OUTAGE if down else SILENT
            gaps.append(Gap(start, stop, (stop - start) // interval_ms, kind))
    return sorted(gaps)


def _is_unlikely(time: Ints, row: int, run: int, interval_ms: int) -> bool:
    """Whether a run of empty buckets after `row` is longer than this market's habits explain."""
    around_ms = max(AROUND_MS, AROUND_BARS * interval_ms)
    first = int(np.searchsorted(time, time[row] - around_ms))
    last = int(np.searchsorted(time, time[row + 1] + around_ms)) - 1
    buckets = int(time[last] - time[first]) // interval_ms + 1 - run
    empty = buckets - (last - first + 1)
    share = (empty + 1) / (buckets + 2)  # Laplace: what was never seen is not impossible
    whole = int(time[-1] - time[0]) // interval_ms + 1
    return bool(whole * share**run < LUCK)


def _others_were_silent(gap: Span, others: Sequence[tuple[Ints, Sequence[Span]]]) -> bool:
    silent = [
        int(np.searchsorted(time, gap[0])) == int(np.searchsorted(time, gap[1]))
        for time, asked in others
        if len(time) and time[0] < gap[0] and time[-1] >= gap[1] and not missing(gap, asked)
    ]
    return bool(silent) and all(silent)
