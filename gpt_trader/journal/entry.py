"""The values that go into a journal and come out of it."""

from typing import NamedTuple


class NewEntry(NamedTuple):
    """One step of the engine: an event, what it led to, and when.

    time_ms: event time, milliseconds UTC. kind: the event's kind, for reading by eye.
    event: canonical JSON. records, commands: canonical JSON arrays.
    decisions: (product_id, bar_ms) of every decision in `records`, for the `why` index;
    derived from the records, so not part of the chain. intents: client ids of the orders that
    the entry sends or takes over; derived, too.
    """

    time_ms: int
    kind: str
    event: str
    records: str = "[]"
    commands: str = "[]"
    decisions: tuple[tuple[str, int], ...] = ()
    intents: tuple[str, ...] = ()


class StoredEntry(NamedTuple):
    """An entry as it lies in the journal: numbered from 1, with its link of the chain."""

    seq: int
    time_ms: int
    kind: str
    event: str
    records: str
    commands: str
    digest: bytes


class Snapshot(NamedTuple):
    """The engine's state after entry `seq`, as canonical JSON of version `schema_version`.

    chain_digest: digest of entry `seq`, the anchor from which the chain goes on.
    """

    seq: int
    schema_version: int
    state: str
    chain_digest: bytes


class VerifyReport(NamedTuple):
    """What a walk over the whole file found.

    entries: good entries from the start. head: digest of the last of them.
    first_bad_seq: the first entry that is missing or altered; None if the chain holds.
    bad_snapshots: seq of each snapshot that does not match its digest or the chain.
    problem: one line for the user; empty if all is well.
    """

    entries: int
    head: bytes
    first_bad_seq: int | None
    bad_snapshots: tuple[int, ...]
    problem: str

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problem
