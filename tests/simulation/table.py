"""How long positions had no stop, and nobody who could act, by the kind of fault that happened."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.simulation.truth import DEAD, DOWN, RUNS, UNKNOWN, Position, Truth

BARE_S = 15.0  # in one go, while a process runs and the exchange answers
UNKNOWN_S = 150.0  # until the outcome of an order is known, while a process runs
ANY = "any"


class Times(NamedTuple):
    """What a world's positions and unknown orders came to, ms, with the kinds that happened."""

    unstopped: list[tuple[frozenset[str], int]]  # only where stops rest at the exchange
    longest: list[tuple[frozenset[str], int]]
    alone: list[tuple[frozenset[str], int]]  # in one go, whether a process ran or not
    bare: Counter[str]
    resolved: list[tuple[frozenset[str], int]]
    worst: str  # where to look


def times_of(truth: Truth) -> Times:
    """Return what a world came to."""
    found = truth.positions
    worst = max(found, key=lambda one: one.longest_ms, default=None)
    return Times(
        [(one.kinds, one.unstopped_ms) for one in found if one.rests],
        [(one.kinds, one.longest_ms) for one in found],
        [(one.kinds, one.longest_alone_ms) for one in found if one.rests],
        sum((one.bare_ms for one in found), Counter()),
        [(kinds, took_ms) for took_ms, kinds in truth.resolved_ms],
        "" if worst is None else _place(worst),
    )


def _place(one: Position) -> str:
    return f"{one.longest_ms / 1000:.1f} s of {one.product_id} until {one.longest_at_ms}"


def lines(all_times: Sequence[Times]) -> Iterable[str]:
    """Yield the table, a kind a line."""
    titles = ("no stop rests", "nobody could act", "the same, or no process", "order unknown")
    columns = [
        _by_kind(one for times in all_times for one in times.unstopped),
        _by_kind(one for times in all_times for one in times.longest),
        _by_kind(one for times in all_times for one in times.alone),
        _by_kind(one for times in all_times for one in times.resolved),
    ]
    yield f"{'s, median p99 max of':<24}" + "".join(f"{title:>38}" for title in titles)
    for kind in sorted(
        {kind for column in columns for kind in column}, key=lambda k: (k != ANY, k)
    ):
        yield f"{kind:<24}" + "".join(_cell(column.get(kind, [])) for column in columns)
    bare = sum((times.bare for times in all_times), Counter())
    parts = (f"{why} {bare[why] / 1000:,.0f} s" for why in (RUNS, UNKNOWN, DOWN, DEAD))
    yield "nobody could act, in all: " + ", ".join(parts)


def over(all_times: Iterable[Times]) -> tuple[int, int]:
    """Return how many positions and unknown orders took longer than the bounds."""
    times = list(all_times)
    longest = [ms for one in times for _, ms in one.longest]
    resolved = [ms for one in times for _, ms in one.resolved]
    return sum(ms > BARE_S * 1000 for ms in longest), sum(ms > UNKNOWN_S * 1000 for ms in resolved)


def _by_kind(rows: Iterable[tuple[frozenset[str], int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for kinds, took_ms in rows:
        for kind in (ANY, *kinds):
            found.setdefault(kind, []).append(took_ms)
    return found


def _cell(found: list[int]) -> str:
    if not found:
        return f"{'-':>38}"
    found = sorted(found)
    p99 = found[min(len(found) * 99 // 100, len(found) - 1)]
    figures = (statistics.median(found), p99, found[-1])
    return f"{len(found):>11,}" + "".join(f"{one / 1000:>9,.1f}" for one in figures)
