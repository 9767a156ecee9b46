"""Deciding a recorded session again: the same events through the same engine."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gpt_trader.engine.codec import event_from_json
from gpt_trader.engine.events import Started
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Signals
from gpt_trader.engine.records import Decided
from gpt_trader.engine.state import new_state
from gpt_trader.engine.step import step
from gpt_trader.engine.written import tagged_texts
from gpt_trader.errors import UsageError
from gpt_trader.journal.entry import StoredEntry
from gpt_trader.journal.sqlite import Journal
from gpt_trader.runtime.header import header_from_json, plan_of, signals_of

ABSENT = "nothing"


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first thing that came out otherwise; seq and time are the entry's, JSON values."""

    seq: int
    time_ms: int
    event: str
    field: str
    recorded: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found. head: digest of the journal's last entry, hexadecimal."""

    events: int
    decisions: int
    head: str
    difference: Divergence | None


def replay(journal: Journal, plan: Plan, signals: Signals, cash: int) -> Replayed:
    """Decide every recorded event again, up to the first difference.

    A session on live prices is decided under the terms in force, which each start states. The
    chain is checked on the way. Raises JournalError if it does not hold.
    """
    if journal.anchor()[0]:
        raise UsageError(
            "the journal is compacted: its beginning is not here to decide again",
            hint="replay a backup that was taken before",
        )
    state = new_state(plan, cash)
    events = decisions = 0
    head = ""
    for stored in journal.read():
        event = event_from_json(json.loads(stored.event))
        if isinstance(event, Started):
            header = header_from_json(event.header)
            plan, signals = plan_of(header), signals_of(header)
        after = step(plan, state, event, signals)
        found = _compare(stored, "records", stored.records, tagged_texts(after.records))
        found = found or _compare(stored, "commands", stored.commands, tagged_texts(after.commands))
        state = after.state
        events += 1
        decisions += sum(isinstance(record, Decided) for record in after.records)
        head = stored.digest.hex()
        if found is not None:
            return Replayed(events, decisions, head, found)
    return Replayed(events, decisions, head, None)


def _compare(stored: StoredEntry, name: str, recorded: str, now: str) -> Divergence | None:
    if now == recorded:
        return None
    path, old, new = first_difference(json.loads(recorded), json.loads(now), name)
    return Divergence(stored.seq, stored.time_ms, stored.kind, path, old, new)


def first_difference(old: Any, new: Any, path: str) -> tuple[str, Any, Any]:  # noqa: ANN401
    """Return where two JSON values that are not equal first differ, and both values there."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            if old.get(key, ABSENT) != new.get(key, ABSENT):
                inner = f"{path}.{key}"
                return first_difference(old.get(key, ABSENT), new.get(key, ABSENT), inner)
    if isinstance(old, list) and isinstance(new, list):
        for i, (one, other) in enumerate(zip(old, new, strict=False)):
            if one != other:
                return first_difference(one, other, f"{path}[{i}]")
        i = min(len(old), len(new))
        missing = (old[i] if i < len(old) else ABSENT, new[i] if i < len(new) else ABSENT)
        return (f"{path}[{i}]", *missing)
    return path, old, new
