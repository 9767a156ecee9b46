"""The engine's entries in the durable journal, and back."""

import json
from collections.abc import Callable, Iterator, Sequence

from gpt_trader.engine import events as ev
from gpt_trader.engine.codec import (
    command_from_json,
    event_from_json,
    record_from_json,
    state_from_json,
    state_text,
)
from gpt_trader.engine.commands import SubmitOrder
from gpt_trader.engine.names import TAGS
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import (
    BarTaken,
    Decided,
    ExitRepeated,
    ExitTaken,
    OrderTaken,
    ProtectionTaken,
)
from gpt_trader.engine.recover import recover
from gpt_trader.engine.state import SCHEMA_VERSION, State, new_state
from gpt_trader.engine.written import tagged_text, tagged_texts
from gpt_trader.errors import JournalError
from gpt_trader.journal.entry import NewEntry, StoredEntry, VerifyReport
from gpt_trader.journal.faults import COPY, RESTORE
from gpt_trader.journal.sqlite import Journal
from gpt_trader.runtime.header import Header, header_from_json, plan_of

FLUSH_MS = 250
SNAPSHOT_ENTRIES = 2_000
REST_ENTRIES = 100
_QUIET = (
    ev.BarClosed,
    ev.Ticked,
    ev.Woken,
    ev.HistoryLoaded,
    ev.SeriesTold,
    ev.OrderUpdated,
    ev.Absent,
)

DECIDES = (Decided, OrderTaken, ExitTaken, ExitRepeated, ProtectionTaken, SubmitOrder)
"""Records and commands with an order that is made by them."""


class DurableJournal:
    """Appends entries; waits for the disk before a command and after money moved.

    Entries that move nothing may wait up to FLUSH_MS for the next durable write.
    """

    def __init__(self, journal: Journal, monotonic_ms: Callable[[], int], state: State) -> None:
        """state: the state after the journal's newest entry."""
        self._journal = journal
        self._monotonic_ms = monotonic_ms
        self._newest = journal.head()[0], state
        self._flushed_ms = monotonic_ms()
        self._since_snapshot = self._since_rest = 0

    def append(self, plan: Plan, state: State, entries: Sequence[Entry]) -> None:
        """Append in one transaction. Raises StorageError or JournalError."""
        now_ms = self._monotonic_ms()
        durable = now_ms - self._flushed_ms >= FLUSH_MS or any(map(_must_last, entries))
        seq = self._journal.append([to_stored(entry) for entry in entries], durable=durable)
        self._newest = seq, state
        if durable:
            self._flushed_ms = now_ms
        self._since_snapshot += len(entries)
        self._since_rest += len(entries)
        waits = any(entry.commands for entry in entries)  # an order is not kept waiting for it
        if self._since_snapshot >= SNAPSHOT_ENTRIES and not waits:
            self.snapshot()

    @property
    def state(self) -> State:
        """The state after the newest entry: what an interrupted caller has to go on from."""
        return self._newest[1]

    def flush(self) -> None:
        """Make everything durable before a wait. Raises StorageError or JournalError."""
        self._journal.flush()
        self._flushed_ms = self._monotonic_ms()

    def rest(self) -> None:
        """Use a quiet moment: what waits becomes durable, and later appends find less to do."""
        now_ms = self._monotonic_ms()
        if self._since_rest >= REST_ENTRIES:
            self._since_rest = 0
            self._journal.rest()
            self._flushed_ms = now_ms
        elif now_ms - self._flushed_ms >= FLUSH_MS:
            self.flush()

    def snapshot(self) -> None:
        """Make everything durable, with the state after its newest entry beside it."""
        seq, state = self._newest  # one pair: a state must never stand beside another entry
        if seq:
            self._journal.save_snapshot(seq, SCHEMA_VERSION, state_text(state))
            self._journal.prune_snapshots()
        self._since_snapshot = 0


def _must_last(entry: Entry) -> bool:
    moved = any(isinstance(r, BarTaken) and r.funding != 0 for r in entry.records)
    return moved or bool(entry.commands) or not isinstance(entry.event, _QUIET)


def to_stored(entry: Entry) -> NewEntry:
    """Return an entry as the journal keeps it."""
    return NewEntry(
        time_ms=entry.event.time_ms,
        kind=TAGS[type(entry.event)],
        event=tagged_text(entry.event),
        records=tagged_texts(entry.records),
        commands=tagged_texts(entry.commands),
        decisions=tuple(
            (record.decision.product_id, record.decision.bar_ms)
            for record in entry.records
            if isinstance(record, Decided)
        ),
        intents=tuple(_orders_of(entry)),
    )


def _orders_of(entry: Entry) -> Iterator[str]:
    """Yield the client ids that are known from now on: what is decided, sent and taken over.

    Also what only waits: where the journal is a copy of then, it has left since. What is seen of a
    second instance is not: nothing of it is booked.
    """
    for one in (*entry.records, *entry.commands):
        if isinstance(one, DECIDES) and one.order is not None:
            yield one.order.client_order_id
    match entry.event:
        case ev.PositionFound(order=order, recent=recent):
            yield from recent
            if order is not None:
                yield order.client_order_id
        case ev.OrdersFound(orders=orders):
            yield from (order.client_order_id for order in orders)


def from_stored(stored: StoredEntry) -> Entry:
    """Return the entry that the journal kept."""
    return Entry(
        event_from_json(json.loads(stored.event)),
        tuple(record_from_json(record) for record in json.loads(stored.records)),
        tuple(command_from_json(command) for command in json.loads(stored.commands)),
    )


def read_entries(journal: Journal, after_seq: int = 0) -> Iterator[Entry]:
    """Yield the journal's entries in order, the chain checked on the way."""
    return map(from_stored, journal.read(after_seq))


def header_of(journal: Journal) -> Header | None:
    """Return the session's newest header; None if the journal does not begin with one."""
    kept = journal.anchor()[1]
    first = kept or next((stored.event for stored in journal.read(limit=1)), None)
    if first is None:
        return None
    event = event_from_json(json.loads(first))
    if not isinstance(event, ev.Started):
        return None
    newest = journal.newest(TAGS[ev.Started])
    if newest is not None:
        event = event_from_json(json.loads(newest.event))
        assert isinstance(event, ev.Started)
    return header_from_json(event.header)


def doubts(journal: Journal) -> list[str]:
    """Return what is wrong with the journal, for one who only reads it; [] if nothing is.

    Recovery from a snapshot does not see what was altered before it.
    """
    problem = journal.verify().problem
    found = [f"{problem}; {COPY}"] if problem else []
    return [*found, *unlocked(journal)]


def check_whole(journal: Journal) -> VerifyReport:
    """Return what a journal's proof says. Raises JournalError if it does not hold."""
    report = journal.verify()
    if not report.ok:
        raise JournalError(report.problem, hint=COPY)
    return report


def unlocked(journal: Journal) -> list[str]:
    """Return that a journal was read without a lock, and why; [] if it was read with one."""
    why = f"its folder takes no file: {journal.unlocked}"
    words = f"{why}; this is what it says to its newest entry, and nothing runs before it does"
    return [words] if journal.unlocked else []


def recover_state(journal: Journal, plan: Plan, cash: int) -> State:
    """Return the newest state: the latest good snapshot and every record after it."""
    snapshot = journal.latest_snapshot(SCHEMA_VERSION)
    if snapshot is None and journal.anchor()[0]:
        raise JournalError(
            "the journal is compacted, and no snapshot of it can be read", hint=RESTORE
        )
    if snapshot is None:
        return _folded(plan, new_state(plan, cash), read_entries(journal))
    state = state_from_json(plan, json.loads(snapshot.state))
    return _folded(plan, state, read_entries(journal, snapshot.seq))


def _folded(plan: Plan, state: State, entries: Iterator[Entry]) -> State:
    """Apply entries, each under the terms in force: a session may go on under changed ones."""
    for entry in entries:
        if isinstance(entry.event, ev.Started):
            plan = plan_of(header_from_json(entry.event.header))
        state = recover(plan, state, (entry,))
    return state
