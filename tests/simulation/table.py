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
    unsure: list[tuple[frozenset[str], int]]  # the same, or an order of it is unknown
    alone: list[tuple[frozenset[str], int]]  # in one go, whether a process ran or not
    bare: Counter[str]
    resolved: list[tuple[frozenset[str], int]]
    worst: tuple[str, ...]  # where to look: what took longer than its bound


def times_of(truth: Truth) -> Times:
    """Return what a world came to."""
    found = truth.positions
    bare = [_place(one) for one in found if one.longest_ms > BARE_S * 1000]
    unknown = [
        f"{one.client_order_id} unknown for {one.took_ms / 1000:.1f} s until {one.at_ms}"
        for one in truth.resolved
        if one.took_ms > UNKNOWN_S * 1000
    ]
    return Times(
        [(one.kinds, one.unstopped_ms) for one in found if one.rests],
        [(one.kinds, one.longest_ms) for one in found],
        [(one.kinds, one.longest_unsure_ms) for one in found],
        [(one.kinds, one.longest_alone_ms) for one in found if one.rests],
        sum((one.bare_ms for one in found), Counter()),
        [(one.kinds, one.took_ms) for one in truth.resolved],
        (*bare, *unknown),
    )


def _place(one: Position) -> str:
    return f"{one.product_id} bare for {one.longest_ms / 1000:.1f} s until {one.longest_at_ms}"


def lines(all_times: Sequence[Times]) -> Iterable[str]:
    """Yield the table, a kind a line."""
    titles = ("no stop rests", "nobody could act", "or unknown", "or no process", "order unknown")
    columns = [
        _by_kind(one for times in all_times for one in times.unstopped),
        _by_kind(one for times in all_times for one in times.longest),
        _by_kind(one for times in all_times for one in times.unsure),
        _by_kind(one for times in all_times for one in times.alone),
        _by_kind(one for times in all_times for one in times.resolved),
    ]
    yield f"{'s, median p99 max of':<24}" + "".join(f"{title:>34}" for title in titles)
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
        return f"{'-':>34}"
    found = sorted(found)
    p99 = found[min(len(found) * 99 // 100, len(found) - 1)]
    figures = (statistics.median(found), p99, found[-1])
    return f"{len(found):>10,}" + "".join(f"{one / 1000:>8,.1f}" for one in figures)
