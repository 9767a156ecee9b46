"""What is wrong or odd about bars: faults that no use of them survives, and things to know.

Raw files are looked at as they are, every row; stored bars were checked row by row when they came,
so only what lies between rows can still be wrong.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.data.checks.quality import FAR, find_far, inspect
from gpt_trader.data.files.bar_files import faults
from gpt_trader.data.files.tables import Columns
from gpt_trader.domain.bars import Bars, Floats, Ints
from gpt_trader.domain.times import INTERVALS, format_interval

WINDOW = 500  # bars of which a usual volume is taken
SPIKE = 1000.0  # times the usual volume, from which on a bar's is odd
UNIT = 3.0  # a change of volume by the price, up to this factor, is a change of units
CHEAP = 50.0  # prices below it: base and quote volume cannot be told apart


class Finding(NamedTuple):
    """Something found in so many rows. first_ms: of the first bar; row: in a file, from 1."""

    kind: str
    rows: int
    first_ms: int | None
    row: int | None
    is_fault: bool


def of_columns(columns: Columns, interval_ms: int | None = None) -> list[Finding]:
    """Return what is wrong with a raw file's rows; interval_ms: None for the commonest distance."""
    found: list[Finding] = []
    time = columns.time

    def add(kind: str, bad: NDArray[np.bool_]) -> None:
        if bad.any():
            row = int(bad.argmax())
            found.append(Finding(kind, int(bad.sum()), int(time[row]), row + 1, is_fault=True))

    order = np.argsort(time, kind="stable")
    again = np.zeros(len(time), np.bool_)
    again[order[1:]] = np.diff(time[order]) == 0
    add("duplicate times", again)
    add("rows out of order", np.concatenate(([False], np.diff(time) < 0)))
    for bad, reason in faults(columns):
        if "time" not in reason:
            add(reason.removeprefix("expected ").join(("not ", "")), bad)
    steps, counts = np.unique(np.diff(np.unique(time)), return_counts=True)
    if len(steps):
        usual = int(steps[counts.argmax()])
        wanted = usual if interval_ms is None else interval_ms
        if wanted not in INTERVALS.values() or usual != wanted:
            kind = f"bars are {format_interval(usual)} apart, wanted {format_interval(wanted)}"
            found.append(Finding(kind, 1, int(time.min()), None, is_fault=True))
        add("times off the grid", (time - time.min()) % wanted != 0)
    return found


def of_bars(bars: Bars) -> list[Finding]:
    """Return what is odd about checked bars; linear in their number."""
    return list(_between_rows(bars))


def _between_rows(bars: Bars) -> Iterator[Finding]:
    found = inspect(bars)
    if found.bad_prints:
        kind = "closes far from both neighbors"
        yield Finding(kind, found.bad_prints, found.first_bad_print_ms, None, is_fault=False)
    shifts = find_far(bars.close)
    stayed = len(shifts) - found.bad_prints
    if stayed > 0:
        kind = f"moves of more than {FAR:g} usual ones that stayed"
        yield Finding(kind, stayed, int(bars.time[shifts[0] + 1]), None, is_fault=False)
    if found.stale_bars:
        yield Finding(
            "bars without movement", found.stale_bars, found.first_stale_ms, None, is_fault=False
        )
    if found.zero_volume:
        row = int((bars.volume == 0.0).argmax())
        yield Finding(
            "bars without trades", found.zero_volume, int(bars.time[row]), None, is_fault=False
        )
    yield from _volumes(bars)


def _volumes(bars: Bars) -> Iterator[Finding]:
    usual = _usual_volumes(bars.volume)
    if not len(usual):
        return
    around = np.repeat(usual, WINDOW)[: len(bars)]
    around = np.append(around, np.full(len(bars) - len(around), usual[-1]))
    spikes = (bars.volume > SPIKE * around) & (around > 0)
    if spikes.any():
        first = int(bars.time[int(spikes.argmax())])
        kind = f"volumes over {SPIKE:,.0f} usual ones"
        yield Finding(kind, int(spikes.sum()), first, None, is_fault=False)
    for row in _unit_changes(usual, np.float64(bars.product.tick) * bars.close[::WINDOW]):
        kind = "volume changes as if from base to quote units, or back"
        yield Finding(kind, 1, int(bars.time[row]), None, is_fault=True)


def _usual_volumes(volume: Floats) -> Floats:
    """Return the median volume of each whole window."""
    whole = len(volume) // WINDOW * WINDOW
    return np.asarray(np.median(volume[:whole].reshape(-1, WINDOW), axis=1), np.float64)


def _unit_changes(usual: Floats, price: Floats) -> Ints:
    """Return the first rows of windows whose volume is another unit than the window's before."""
    before, after, at = usual[:-1], usual[1:], price[1 : len(usual)]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.maximum(after / before, before / after)
    changed = (before > 0) & (after > 0) & (at > CHEAP)
    changed &= (ratio > at / UNIT) & (ratio < at * UNIT)
    return (np.flatnonzero(changed) + 1) * WINDOW
