"""Decisions read back from a journal, each with its order and what came of it."""

from collections.abc import Iterator, Sequence
from typing import Any

from gpt_trader.domain.order import Order
from gpt_trader.domain.times import format_time
from gpt_trader.engine.events import (
    BarClosed,
    BarMissed,
    Noted,
    Started,
)
from gpt_trader.engine.names import TAGS
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import Decided
from gpt_trader.errors import UsageError
from gpt_trader.journal.sqlite import Journal
from gpt_trader.observe.decided import Told, became_of, decided_json
from gpt_trader.runtime.journaling import from_stored, read_entries
from gpt_trader.runtime.live.sure import BELIEVED, DOUBTED

Json = dict[str, Any]
MOST_NOTES = 300  # that are looked through
LATEST_BARS = 300  # after which no bar is asked for any more


def explain_decisions(
    plan: Plan, journal: Journal, product_id: str, *, at_ms: int | None, last: int
) -> list[Json]:
    """Return a product's newest `last` decisions up to `at_ms`, oldest first.

    Raises UsageError for a product that is not traded, or if no bar was decided then.
    """
    if product_id not in plan.index:
        raise UsageError(
            f"{product_id} is not traded in this session",
            hint=f"it trades {', '.join(plan.index)}",
        )
    found = journal.decisions(product_id, at_ms, limit=last)
    if not found or (at_ms is not None and at_ms >= found[0][1] + plan.interval_ms):
        raise _nothing(plan, journal, product_id, at_ms)
    return [_one(plan, journal, product_id, seq) for seq, _ in reversed(found)]


def _nothing(plan: Plan, journal: Journal, product_id: str, at_ms: int | None) -> UsageError:
    """Say that there is no decision, and which there are."""
    every = journal.decisions(product_id, limit=10_000_000)
    if not every or at_ms is None:
        return UsageError(
            f"no decision on {product_id} yet", hint=f"gpt-trader run -p {plan.portfolio} --once"
        )
    open_ms = at_ms // plan.interval_ms * plan.interval_ms
    for note in _doubts(plan, journal, 0):
        is_then = 0 <= note.time_ms - open_ms - plan.interval_ms < plan.interval_ms
        if is_then and note.about == DOUBTED + product_id and note.text != BELIEVED:
            return UsageError(
                f"the bar of {product_id} at {format_time(open_ms)} decided nothing: {note.text}",
                hint="a price that jumps far is believed once a second source tells it",
            )
    late_ms = _came_late(plan, journal, product_id, at_ms, every)
    if late_ms is not None:
        return UsageError(
            f"the bar of {product_id} at {format_time(at_ms)} decided nothing: it was told at "
            f"{format_time(late_ms)}, once that was past",
            hint="what it says counts from the next close on",
        )
    first, newest = format_time(every[-1][1]), format_time(every[0][1])
    return UsageError(
        f"no decision on {product_id} at {format_time(at_ms)}",
        hint=f"bars were decided from {first} to {newest}",
    )


def doubted(plan: Plan, journal: Journal) -> dict[str, str]:
    """Return what is not believed of the products' prices since the last start, in words."""
    started = journal.newest(TAGS[Started])
    found: dict[str, str] = {}
    for note in _doubts(plan, journal, 0 if started is None else started.seq):
        name = note.about.removeprefix(DOUBTED)
        found.setdefault(name, "" if note.text == BELIEVED else note.text)
    return {name: text for name, text in found.items() if text}


def _doubts(plan: Plan, journal: Journal, after_seq: int) -> Iterator[Noted]:
    """Yield what was noted of doubtful prices, newest first; of the newest notes only."""
    abouts = {DOUBTED + product.product_id for product in plan.products}
    before_seq = None
    for _ in range(MOST_NOTES):
        stored = journal.newest(TAGS[Noted], before_seq)
        if stored is None or stored.seq <= after_seq:
            return
        before_seq, note = stored.seq, from_stored(stored).event
        if isinstance(note, Noted) and note.about in abouts:
            yield note


def _came_late(
    plan: Plan, journal: Journal, product_id: str, at_ms: int, decisions: Sequence[tuple[int, int]]
) -> int | None:
    """Return when the bar that was open at a time was told; None if it never was, or is decided.

    decisions: (seq, bar_ms) of all of the product's, newest first.
    """
    open_ms = at_ms // plan.interval_ms * plan.interval_ms
    before = next((seq for seq, bar_ms in decisions if bar_ms < open_ms), 0)
    for entry in read_entries(journal, before):
        if isinstance(entry.event, BarClosed | BarMissed) and (
            (entry.event.bar.product_id, entry.event.bar.open_ms) == (product_id, open_ms)
        ):
            return entry.event.time_ms
        if entry.event.time_ms > open_ms + LATEST_BARS * plan.interval_ms:
            break
    return None


def _one(plan: Plan, journal: Journal, product_id: str, seq: int) -> Json:
    stored = next(journal.read(seq - 1, 1))
    made = next(
        record
        for record in from_stored(stored).records
        if isinstance(record, Decided) and record.decision.product_id == product_id
    )
    order = made.order
    told = None if order is None else what_became_of(plan, journal, order, seq)
    return decided_json(plan, made, told)


def what_became_of(plan: Plan, journal: Journal, order: Order, after_seq: int) -> Told:
    """Return what the entries after the one that made an order say of it, up to its end."""
    return became_of(plan, order, read_entries(journal, after_seq))
