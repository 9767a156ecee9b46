"""What the one loop needs from outside. Each port has at least two implementations."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from gpt_trader.domain.targets import Target
from gpt_trader.engine.commands import Command
from gpt_trader.engine.events import BarClosed, BarMissed, Event, Quoted
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import Record
from gpt_trader.engine.state import State


class Entry(NamedTuple):
    """One event with all that came of it: what the journal keeps."""

    event: Event
    records: tuple[Record, ...]
    commands: tuple[Command, ...]


class Feed(Protocol):
    """Where events come from, in order; ends when there are no more."""

    def __iter__(self) -> Iterator[Event]:
        """Start at the first event."""
        ...


class Signals(Protocol):
    """A pure function from the state's window to the newest target of product j."""

    def __call__(self, state: State, j: int) -> tuple[Target | None, Any]:
        """Return (target or None for no opinion, memory to keep)."""
        ...


class Broker(Protocol):
    """Where commands go. What comes of them returns as events."""

    def on_bar(self, plan: Plan, state: State, event: BarClosed | BarMissed) -> Sequence[Event]:
        """Return what a new bar did to resting orders (a real exchange reports by its feed)."""
        ...

    def on_quote(self, plan: Plan, state: State, event: Quoted) -> Sequence[Event]:
        """Return what a quote did to orders that only this broker knows how to fill."""
        ...

    def execute(
        self, plan: Plan, state: State, commands: Sequence[Command], time_ms: int
    ) -> Sequence[Event]:
        """Carry out commands; return what is known of them at once."""
        ...

    def reconcile(self, plan: Plan, state: State, time_ms: int) -> Sequence[Event]:
        """Return the events that bring the state's orders in line with the broker's."""
        ...


class Seen(NamedTuple):
    """What an exchange's account is. wallets: exact totals by currency.

    foreign_orders: open orders that are somebody else's. reports: what is said of orders of ours
    that had ended here.
    """

    wallets: Mapping[str, Decimal]
    foreign_orders: int
    reports: Sequence[Event]


class Journal(Protocol):
    """Where entries become durable; returning means they are."""

    def append(self, plan: Plan, state: State, entries: Sequence[Entry]) -> None:
        """Append entries in one transaction; `state` is the state after the last of them."""
        ...
