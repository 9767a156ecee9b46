"""What worlds came to, held against its bounds: a table of a line a kind of fault that happened.

A bound is broken by a single position or order that took longer, whatever went wrong.
"""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gpt_trader.runtime.live.feed import PROOF_S
from tests.simulation.truth import Position, Stretch, Truth

ANY = "any of them"
TAKEN = "owner took the bot's coins"  # then what looks like a stop's own sale is waited for
TAKEN_S = 150.0

Spell = tuple[frozenset[str], int, str]  # kinds that happened meanwhile, ms, where to look


class Times(NamedTuple):
    """What a world's positions and unknown orders came to."""

    stopless: list[Spell]  # no stop rests at the exchange; only where stops do
    bare: list[Spell]  # nor could a process act, though one ran and the exchange answered
    unsure: list[Spell]  # the same, or an order of it was unknown
    unwatched: list[Spell]  # nor could a process act, or none ran, though the exchange answered
    unknown: list[Spell]  # orders whose outcome was not known


class Column(NamedTuple):
    """A figure of every position or order. most_s: its bound; None: it is only told."""

    title: str
    of: str  # a field of Times
    most_s: float | None = None


RUNNING = (
    Column("no stop rests", "stopless"),
    Column("nobody could act", "bare", 15.0),
    Column("or an order is unknown", "unsure"),
    Column("order unknown", "unknown", 150.0),
)
CRON = (
    Column("no stop rests", "stopless"),
    Column("nobody could act", "unwatched", 60.0 + PROOF_S),  # a period, and what a cycle waits
    Column("order unknown", "unknown", 150.0),
)


def times_of(truth: Truth) -> Times:
    """Return what a world came to."""
    found = truth.positions
    return Times(
        [(one.kinds, one.unstopped_ms, one.product_id) for one in found if one.rests],
        [_spell(one, one.unguarded) for one in found],
        [_spell(one, one.unsure) for one in found],
        [_spell(one, one.unwatched) for one in found],
        [
            (one.kinds, one.took_ms, f"order {one.client_order_id} until {one.at_ms}")
            for one in truth.resolved
        ],
    )


def _spell(one: Position, stretch: Stretch) -> Spell:
    return one.kinds, stretch.longest_ms, f"{one.product_id} until {stretch.at_ms}"


def broken(times: Times, columns: Iterable[Column]) -> Iterator[str]:
    """Yield what of a world broke a bound, and where to look."""
    for column in columns:
        for kinds, ms, where in getattr(times, column.of):
            most_s = column.most_s
            if most_s is not None and TAKEN in kinds:
                most_s = max(most_s, TAKEN_S)
            if most_s is not None and ms > most_s * 1000:
                yield f"{column.title}: {ms / 1000:.1f} s > {most_s:g} s, {where}"


def table(all_times: Sequence[Times], columns: Sequence[Column]) -> Iterator[str]:
    """Yield the lines of the table, in Markdown: how many, median and maximum in seconds."""
    titles = [
        column.title + ("" if column.most_s is None else f" (at most {column.most_s:g} s)")
        for column in columns
    ]
    cells = [
        _by_kind(spell for times in all_times for spell in getattr(times, column.of))
        for column in columns
    ]
    yield "| " + " | ".join(["Meanwhile", *titles]) + " |"
    yield "|---" * (len(titles) + 1) + "|"
    kinds = {kind for column in cells for kind in column}
    for kind in sorted(kinds, key=lambda one: (one != ANY, one)):
        yield f"| {kind} | " + " | ".join(_cell(column.get(kind, [])) for column in cells) + " |"


def _by_kind(spells: Iterable[Spell]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for kinds, ms, _ in spells:
        for kind in (ANY, *kinds):
            found.setdefault(kind, []).append(ms)
    return found


def _cell(found: list[int]) -> str:
    if not found:
        return ""
    return f"{len(found):,}: {statistics.median(found) / 1000:,.1f}, {max(found) / 1000:,.1f}"
