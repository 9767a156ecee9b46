"""Making a stored series whole again: corrupt files set aside, what is missing fetched anew.

Only what came from the venue is fetched from the venue: a hole in an imported series is named, and
is never filled with another market's bars. What was done stands in the store's log.
"""

import contextlib
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gpt_trader.data.checks import gaps
from gpt_trader.data.checks.quality import digest
from gpt_trader.data.checks.verify import TRADES, Fault, quarantine, verify
from gpt_trader.data.pull import CandleSource, Progress, Pulled, align, refetch
from gpt_trader.data.store.spans import Span, merge, missing
from gpt_trader.data.store.store import Store, Stored, listing, read, record
from gpt_trader.domain.product import Product
from gpt_trader.domain.times import INTERVALS, format_interval


class StoredSeries(NamedTuple):
    """A series that may need repair. lost: spans of its files that were set aside."""

    product_id: str
    interval_ms: int
    lost: tuple[Span, ...]
    sources: frozenset[str]

    def is_from(self, venue: str) -> bool:
        """Whether its bars came from a venue; a series of unknown origin is taken to have."""
        return not self.sources or venue in self.sources


class HeldBars(NamedTuple):
    """What a series holds; sha256 is None without a bar."""

    rows: int
    sha256: str | None


class Repaired(NamedTuple):
    """What was done to a series. confirmed: gaps that were asked for a second time and stayed."""

    before: HeldBars
    after: HeldBars
    asked: tuple[Span, ...]
    confirmed: tuple[Span, ...]
    added: int
    changed: int
    refused: tuple[int, ...]
    interrupted: bool


def set_aside(
    store: Store, product_id: str | None, interval_ms: int | None, now_ms: int
) -> list[Fault]:
    """Move every file that cannot be believed into quarantine; return them as they were.

    None: of all products, of all intervals and trades. Call it inside `store.writing`.
    """
    faults = verify(store, product_id, interval_ms)
    for fault in faults:
        quarantine(store, fault.path, fault.why, now_ms)
    return faults


def series_of(
    store: Store, product_id: str | None, interval_ms: int | None, faults: Iterable[Fault]
) -> list[StoredSeries]:
    """Return the stored series of bars, also those of which every file was set aside."""
    stored = {(one.product_id, one.interval_ms): set(one.sources) for one in listing(store)}
    lost: dict[tuple[str, int], list[Span]] = {}
    for fault in faults:
        if fault.interval != TRADES:
            lost.setdefault((fault.product_id, INTERVALS[fault.interval]), []).append(fault.span)
    log = _log(store)
    return [
        StoredSeries(
            key[0],
            key[1],
            merge(lost.get(key, ())),
            frozenset(stored.get(key, set()) | _sources(log, *key)),
        )
        for key in sorted(stored.keys() | lost.keys())
        if product_id in (None, key[0]) and interval_ms in (None, key[1])
    ]


def holes(store: Store, series: StoredSeries, now_ms: int) -> tuple[Span, ...]:
    """Return what of a series was never answered: what was lost, and holes between its bars."""
    found = _read(store, series)
    never = [] if found is None else _gaps(found, gaps.DOWNLOAD)
    have = () if found is None else found.asked
    lost = (align(span, series.interval_ms, now_ms) for span in series.lost)
    return merge((*(hole for span in lost for hole in missing(span, have)), *never))


def doubtful(store: Store, series: StoredSeries) -> tuple[Span, ...]:
    """Return gaps that are unlikely in this market and were not asked for a second time yet."""
    found = _read(store, series)
    if found is None:
        return ()
    confirmed = _find_confirmed(_log(store), series.product_id, series.interval_ms)
    return tuple(gap for gap in _gaps(found, gaps.OUTAGE) if missing(gap, confirmed))


def repair(
    source: CandleSource,
    store: Store,
    product: Product,
    series: StoredSeries,
    now_ms: int,
    *,
    stop: Callable[[], bool],
    tell: Callable[[Progress], None],
) -> Repaired:
    """Fetch a series' holes, ask about its doubtful gaps again, and record what came of it.

    Call it inside `store.writing`. Raises as `pull` does; what was answered before is kept.
    """
    before, never = _held(store, series), holes(store, series, now_ms)
    first = refetch(source, store, product, series.interval_ms, never, stop=stop, tell=tell)
    unsure = doubtful(store, series)
    second = refetch(source, store, product, series.interval_ms, unsure, stop=stop, tell=tell)
    done = Repaired(
        before,
        _held(store, series),
        merge((*never, *unsure)),
        () if second.interrupted else doubtful(store, series),
        first.added + second.added,
        first.changed + second.changed,
        tuple(sorted({*first.refused, *second.refused})),
        first.interrupted or second.interrupted,
    )
    record(store, _entry(series, done, (first, second), source.name, now_ms))
    return done


def _entry(
    series: StoredSeries, done: Repaired, pulled: tuple[Pulled, Pulled], source: str, now_ms: int
) -> dict[str, Any]:
    return {
        "time_ms": now_ms,
        "op": "repair",
        "product": series.product_id,
        "interval": format_interval(series.interval_ms),
        "spans": done.asked,
        "lost": series.lost,
        "confirmed": done.confirmed,
        "source": source,
        "added": done.added,
        "changed": done.changed,
        "pages": pulled[0].pages + pulled[1].pages,
        "rows": [done.before.rows, done.after.rows],
        "sha256": [done.before.sha256, done.after.sha256],
    }


def _read(store: Store, series: StoredSeries) -> Stored | None:
    """Return a series, None if it has no bar at all."""
    held = [o for o in listing(store) if (o.product_id, o.interval_ms) == series[:2]]
    if not held or not held[0].rows:
        return None
    return read(store, series.product_id, series.interval_ms)


def _held(store: Store, series: StoredSeries) -> HeldBars:
    found = _read(store, series)
    return HeldBars(0, None) if found is None else HeldBars(len(found.bars), digest(found.bars))


def _gaps(found: Stored, kind: str) -> list[Span]:
    every = gaps.find(found.bars.time, found.bars.interval_ms, found.asked)
    return [(gap.start_ms, gap.end_ms) for gap in every if gap.kind == kind]


def _log(store: Store) -> list[dict[str, Any]]:
    """Return the record of what was done; a line that a crash cut off only costs asking again."""
    entries = []
    if store.log.exists():
        for line in store.log.read_text("utf-8").splitlines():
            with contextlib.suppress(ValueError):
                entries.append(json.loads(line))
    return entries


def _of(log: Iterable[dict[str, Any]], product_id: str, interval_ms: int) -> list[dict[str, Any]]:
    """Return a series' entries, since it was last removed."""
    place = (product_id, format_interval(interval_ms))
    mine = [entry for entry in log if (entry.get("product"), entry.get("interval")) == place]
    removed = [i for i, entry in enumerate(mine) if entry.get("op") == "remove"]
    return mine[removed[-1] + 1 :] if removed else mine


def _sources(log: Iterable[dict[str, Any]], product_id: str, interval_ms: int) -> set[str]:
    return {e["source"] for e in _of(log, product_id, interval_ms) if "source" in e}


def _find_confirmed(
    log: Iterable[dict[str, Any]], product_id: str, interval_ms: int
) -> tuple[Span, ...]:
    every = (s for e in _of(log, product_id, interval_ms) for s in e.get("confirmed", ()))
    return merge((start, end) for start, end in every)
