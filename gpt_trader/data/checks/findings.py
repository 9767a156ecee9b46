"""What is wrong or odd about bars: the one judge of them, for every command that reads bars.

Raw files are looked at as they are, every row; stored bars were checked row by row when they came,
so only what lies between rows can still be wrong. A finding is a fault that no use of the bars
survives, a doubt that can have made a profit, so that no verdict on them is PASS, or a note.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gpt_trader.data.checks.funding import suspicion
from gpt_trader.data.checks.made import midway, repeated
from gpt_trader.data.checks.odd import Odd, odd_rows
from gpt_trader.data.checks.quality import find_gaps
from gpt_trader.data.checks.smooth import followed
from gpt_trader.data.checks.twins import twins
from gpt_trader.data.files.bar_files import faults
from gpt_trader.data.files.tables import Columns
from gpt_trader.domain.bars import Bars, Floats, Ints
from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.domain.times import INTERVALS, format_interval, format_time

Weight = Literal["fault", "doubt", "note"]

WICKS = "highs or lows far from all around them"
PRINTS = "prices far off that are not known to have stayed"
LEVELS = "jumps to another level"
GAPS = "jumps across missing bars"
STUCK = "repeats of the bar before"
STALE = "bars without movement"
SILENT = "bars without trades"
MIDWAY = "closes midway between the ones before and after"
REPEATED = "bars that go as earlier ones went"
SPIKES = "volumes over 1,000 usual ones"
UNITS = "changes of volume as if from base to quote units, or back"
ENDED = "bars missing at its end, which others have"
FUTURE = "bars that close after now"
SMOOTH = "closes that follow each other as means do"
TWIN = "closes that move as those of another product"
FUNDING = "funding that no market asks"
FOREIGN = "rates of funding, judged as a perpetual's; left out of what is not said to be one"

MOST_MISSING = 0.05  # share of the bars; more is a doubt
MOST_STILL = 0.01  # share of the bars that repeat or do not move; more is a doubt
MOST_MADE = 0.01  # share of the bars that seem to be made of others
MOST_SILENT = 0.05  # share of the bars without trades
WINDOW = 500  # bars of which a usual volume is taken
SPIKE = 1000.0  # times the usual volume, from which on a bar's is odd
UNIT = 3.0  # a change of volume by the price, up to this factor, is a change of units
CHEAP = 50.0  # prices below it: base and quote volume cannot be told apart


def _no_rows() -> Ints:
    return np.empty(0, np.int64)


@equal_by_fields
@dataclass(frozen=True, slots=True)
class Finding:
    """Something found in so many rows.

    size: how far off the worst is, as a factor less 1 (9: ten times); None: no question of size.
    told: more about it, in words.
    row: the first in a file, from 1. at: the rows, ascending, (k,) int64; none of a raw file.
    """

    kind: str
    weight: Weight
    rows: int
    size: float | None = None
    first_ms: int | None = None
    last_ms: int | None = None
    row: int | None = None
    at: Ints = field(default_factory=_no_rows, compare=False, repr=False)
    told: str = ""

    @property
    def most(self) -> str:
        """How far the worst is off, in words; nothing where that is no question."""
        if self.size is None:
            return f", {self.told}" if self.told else ""
        times = self.size + 1.0
        return f", up to {times:,.0f} times" if times >= 100.0 else f", up to {times:.3g} times"

    def to_json_dict(self) -> dict[str, Any]:
        """Return the finding as JSON holds it."""
        first, last = (None if t is None else format_time(t) for t in (self.first_ms, self.last_ms))
        return {
            "kind": self.kind,
            "weight": self.weight,
            "count": self.rows,
            "size": self.size,
            "first": first,
            "last": last,
            "row": self.row,
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """One product's bars, and what is odd about them; gaps: places where bars are missing."""

    product: str
    bars: int
    gaps: int
    missing_bars: int
    findings: tuple[Finding, ...]

    @property
    def doubts(self) -> tuple[Finding, ...]:
        """The findings that can have made a profit."""
        return tuple(finding for finding in self.findings if finding.weight != "note")

    def to_json_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        counts = {name: getattr(self, name) for name in ("product", "bars", "gaps", "missing_bars")}
        return counts | {"findings": [one.to_json_dict() for one in self.findings]}


def judge(bars: Bars, *, now_ms: int | None = None) -> Judged:
    """Look through one product's bars; linear in their number, some tens of ns a bar.

    now_ms: int64 ms UTC, after which no bar can have closed; None: it is not asked.
    """
    gaps = find_gaps(bars.time, bars.interval_ms)
    found = (*of_bars(bars), *_of_the_future(bars, now_ms))
    return Judged(bars.product.product_id, len(bars), gaps.count, gaps.missing_bars, found)


def judge_all(series: Sequence[Bars], *, now_ms: int | None = None) -> list[Judged]:
    """Look through the bars of products that are traded together.

    Also whether they end alike, and whether they are several markets.
    """
    ends = max(int(bars.time[-1]) for bars in series)
    found = []
    for bars in series:
        one, last = judge(bars, now_ms=now_ms), int(bars.time[-1])
        if last < ends:
            early = Finding(ENDED, "note", (ends - last) // bars.interval_ms, first_ms=last)
            one = replace(one, findings=(*one.findings, early))
        found.append(one)
    for twin in twins(series):
        other = series[twin.first].product.product_id
        told = f"{other}, by a correlation of {twin.correlation:.4f}"
        same = Finding(TWIN, "doubt", twin.changes, told=told)
        one = found[twin.later]
        found[twin.later] = replace(one, findings=(*one.findings, same))
    return found


def say_doubts(judged: Iterable[Judged]) -> Iterator[str]:
    """Yield, as sentences, what about bars keeps any verdict on them from PASS."""
    for one in judged:
        if one.missing_bars > MOST_MISSING * (one.bars + one.missing_bars):
            yield f"{one.missing_bars:,} bars of {one.product} are missing."
        for finding in one.doubts:
            at = "" if finding.first_ms is None else f", first {format_time(finding.first_ms)[:16]}"
            yield (
                f"Bars of {one.product} are in doubt: {finding.kind} "
                f"({finding.rows:,}{finding.most}{at})."
            )


def of_columns(columns: Columns, interval_ms: int | None = None) -> list[Finding]:
    """Return what is wrong with a raw file's rows; interval_ms: None for the commonest distance."""
    found: list[Finding] = []
    time = columns.time

    def add(kind: str, bad: NDArray[np.bool_]) -> None:
        if bad.any():
            row = int(bad.argmax())
            first, last = int(time[row]), int(time[len(bad) - 1 - int(bad[::-1].argmax())])
            found.append(Finding(kind, "fault", int(bad.sum()), None, first, last, row=row + 1))

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
            found.append(Finding(kind, "fault", 1, first_ms=int(time.min())))
        add("times off the grid", (time - time.min()) % wanted != 0)
    return found


def of_bars(bars: Bars) -> list[Finding]:
    """Return what is odd about checked bars; linear in their number."""
    return list(_between_rows(bars))


def _between_rows(bars: Bars) -> Iterator[Finding]:
    odd, n = odd_rows(bars), len(bars)
    for kind, found in (
        (WICKS, odd.wicks),
        (PRINTS, odd.prints),
        (LEVELS, odd.levels),
        (GAPS, odd.gaps),
    ):
        yield from _far(bars, kind, found)
    silent = np.flatnonzero(bars.volume == 0.0)
    for kind, rows, most in (
        (STUCK, odd.stuck, MOST_STILL),
        (STALE, odd.stale, MOST_STILL),
        (SILENT, silent, MOST_SILENT),
        (MIDWAY, midway(bars), MOST_MADE),
        (REPEATED, repeated(bars), MOST_MADE),
    ):
        if len(rows):
            yield _at(bars, kind, "doubt" if len(rows) > most * n else "note", rows)
    yield from _volumes(bars)
    correlation = followed(bars.close, bars.interval_ms)
    if correlation is not None:
        told = f"a correlation of {correlation:.2f} from change to change"
        every = np.arange(len(bars))
        yield replace(_at(bars, SMOOTH, "doubt", every), told=told)
    a_year = suspicion(bars)
    if a_year is not None:
        yield replace(_at(bars, FUNDING, "doubt", np.flatnonzero(bars.funding_rate)), told=a_year)


def _of_the_future(bars: Bars, now_ms: int | None) -> Iterator[Finding]:
    if now_ms is None:
        return
    rows = np.flatnonzero(bars.time + bars.interval_ms > now_ms)
    if len(rows):
        yield _at(bars, FUTURE, "doubt", rows)


def _far(bars: Bars, kind: str, found: Odd) -> Iterator[Finding]:
    if len(found.rows):
        yield _at(bars, kind, "doubt", found.rows, float(found.sizes.max()))


def _at(bars: Bars, kind: str, weight: Weight, rows: Ints, size: float | None = None) -> Finding:
    first, last = (int(bars.time[rows[i]]) for i in (0, -1))
    return Finding(kind, weight, len(rows), size, first, last, at=rows)


def _volumes(bars: Bars) -> Iterator[Finding]:
    usual = _usual_volumes(bars.volume)
    if not len(usual):
        return
    around = np.repeat(usual, WINDOW)[: len(bars)]
    around = np.append(around, np.full(len(bars) - len(around), usual[-1]))
    spikes = np.flatnonzero((bars.volume > SPIKE * around) & (around > 0))
    if len(spikes):
        size = float((bars.volume[spikes] / around[spikes]).max()) - 1.0
        yield _at(bars, SPIKES, "note", spikes, size)
    changes = _unit_changes(usual, np.float64(bars.product.tick) * bars.close[::WINDOW])
    if len(changes):
        yield _at(bars, UNITS, "fault", changes)


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
