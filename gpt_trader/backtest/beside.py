"""What is shown beside traded bars, held against them: days that are dated one early.

The close of a longer bar is that of the finer one that closes with it. What is dated early knows
later prices at every row, and no check of a strategy can tell: by what it says, nothing is later.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars, Floats, Ints
from gpt_trader.domain.times import format_interval, format_time
from gpt_trader.errors import DataError

NEAR = 1e-3  # of a price: as far as two sources of one product lie apart
MOST_APART = 0.01  # of the closes
LEAST_HELD = 0.5  # of the bars during a run, for those to be told by what is traded
OPENS = "bars begin at whole multiples of their length, UTC, and are dated by their open"
FARTHEST = 2  # longer bars, as far as a shift is looked for


def check_beside(reads: Mapping[str, Bars], series: Sequence[Bars]) -> tuple[str, ...]:
    """Return what nobody can tell the moments of, a few words each.

    That is extra columns, and series of which too few closes can be held against what is traded.

    reads: bars by name. series: those that are traded. Raises DataError on bars that begin at
    other moments than whole multiples of their length, and naming the first close that is another
    than that of a bar that closes with it, and by how much it looks shifted.
    """
    for name, bars in reads.items():
        _check_opens(name, bars)
        for other in (*series, *reads.values()):
            if other is not bars and other.product.product_id == bars.product.product_id:
                _check_closes(name, bars, other)
    begin_ms = min(int(one.time[0]) for one in series)
    end_ms = max(int(_ends(one)[-1]) for one in series)
    unheld = (
        f"{name} (held against no bars that are traded)"
        for name, bars in reads.items()
        if not any(_is_held(bars, one, begin_ms, end_ms) for one in series)
    )
    columns = (f"column {name}" for one in (*series, *reads.values()) for name in one.extra)
    return (*unheld, *dict.fromkeys(columns))


def _check_opens(name: str, bars: Bars) -> None:
    """Raise DataError if a bar begins at another moment than those at which bars are read."""
    odd = bars.time % bars.interval_ms != 0
    if odd.any():
        raise DataError(
            f"{name} has a bar that begins at {format_time(int(bars.time[odd.argmax()]))}: no row "
            f"could read it",
            hint=OPENS,
        )


def _is_held(bars: Bars, other: Bars, begin_ms: int, end_ms: int) -> bool:
    """Whether another series closes with enough of the bars that close during a run."""
    if other.product.product_id != bars.product.product_id:
        return False
    ends = _ends(bars)
    during = ends[(ends > begin_ms) & (ends <= end_ms)]
    finer = max(other.interval_ms // bars.interval_ms, 1)  # of which one in so many closes with it
    return bool(_found(_ends(other), during)[1].sum() >= LEAST_HELD * (len(during) // finer))


def _check_closes(name: str, bars: Bars, other: Bars) -> None:
    own, theirs = bars.price.close, other.price.close
    rows, is_there = _found(_ends(other), _ends(bars))
    tick = float(max(bars.product.price_increment, other.product.price_increment))
    apart = is_there & (_distance(own, theirs, rows) > np.maximum(NEAR * own, 1.001 * tick))
    if apart.sum() <= MOST_APART * is_there.sum():
        return
    first = int(apart.argmax())
    raise DataError(
        f"{name} closes at {own[first]:g} in the bar of {format_time(int(bars.time[first]))}, "
        f"where {format_interval(other.interval_ms)} bars of {other.product.product_id} close at "
        f"{theirs[rows[first]]:g}; {int(apart.sum()):,} of {int(is_there.sum()):,} closes differ"
        f"{_say_shift(bars, other)}",
        hint=OPENS,
    )


def _say_shift(bars: Bars, other: Bars) -> str:
    """Say by how much a series is dated early or late, if it has the closes of another then."""
    step_ms = min(bars.interval_ms, other.interval_ms)
    most = FARTHEST * max(bars.interval_ms, other.interval_ms) // step_ms
    ends, theirs, own, seen = _ends(bars), _ends(other), bars.price.close, other.price.close
    for shift in sorted(range(-most, most + 1), key=abs):
        rows, is_there = _found(theirs, ends + shift * step_ms)
        near = _distance(own, seen, rows) <= NEAR * own
        if is_there.any() and near[is_there].mean() > 1.0 - LEAST_HELD:
            told = format_interval(abs(shift) * step_ms)
            return f": they look dated {told} {'early' if shift > 0 else 'late'}"
    return ""


def _ends(bars: Bars) -> Ints:
    return bars.time + bars.interval_ms


def _distance(own: Floats, theirs: Floats, rows: NDArray[np.intp]) -> Floats:
    return np.asarray(np.abs(own - theirs[rows])) if len(theirs) else np.zeros(len(own))


def _found(times: Ints, wanted: Ints) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the row of each wanted moment, and whether it is there."""
    if not len(times):
        return np.zeros(len(wanted), np.intp), np.zeros(len(wanted), np.bool_)
    rows = np.minimum(np.searchsorted(times, wanted), len(times) - 1)
    return rows, times[rows] == wanted
