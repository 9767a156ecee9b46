"""Recovery: fold the journal, apply each record, decide nothing."""

from collections.abc import Iterable

from gpt_trader.engine.apply import apply
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.state import State


def recover(plan: Plan, state: State, entries: Iterable[Entry]) -> State:
    """Return the state after applying all records of `entries` to `state`."""
    for entry in entries:
        for record in entry.records:
            state = apply(plan, state, entry.event, record)
    return state
