"""The one loop: feed, step, append, execute. Backtest replay and runtime both call it."""

from collections.abc import Callable, Iterable, Sequence

from gpt_trader.engine.commands import Command
from gpt_trader.engine.events import BarClosed, BarMissed, Event, Quoted
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Broker, Entry, EntryLog, Signals
from gpt_trader.engine.protect import needs
from gpt_trader.engine.state import State
from gpt_trader.engine.step import step

Observer = Callable[[State, Sequence[Entry]], None]


def drive(
    plan: Plan,
    state: State,
    feed: Iterable[Event],
    broker: Broker,
    journal: EntryLog,
    signals: Signals,
    observe: Observer,
) -> State:
    """Run a feed to its end; return the last state.

    A bar and what it did to resting orders are one transaction. Commands leave only after the
    entries that carry them are durable. What is known of them at once is taken before the next
    event; the rest comes as events of its own, whenever it is known.
    """
    for event in feed:
        state = advance(plan, state, event, broker, journal, signals, observe)
    return state


def advance(
    plan: Plan,
    state: State,
    event: Event,
    broker: Broker,
    journal: EntryLog,
    signals: Signals,
    observe: Observer,
) -> State:
    """Take one event and all that follows from it at once."""
    waiting: list[Event] = [event]
    if isinstance(event, BarClosed | BarMissed):
        waiting = [*broker.on_bar(plan, state, event), event]
    elif isinstance(event, Quoted):
        waiting = list(broker.on_quote(plan, state, event))
        if not waiting and needs(plan, state, event):
            waiting = [event]
    while waiting:
        entries: list[Entry] = []
        commands: list[Command] = []
        for one in waiting:
            after = step(plan, state, one, signals)
            state = after.state
            entries.append(Entry(one, after.records, after.commands))
            commands += after.commands
        journal.append(plan, state, entries)
        observe(state, entries)
        waiting = list(broker.execute(plan, state, commands, event.time_ms)) if commands else []
    return state
