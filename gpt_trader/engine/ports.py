"""What the one loop needs from outside. Each port has at least two implementations."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from gpt_trader.domain.account import RemoteOrder
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


class Signals(Protocol):
    """A pure function from the state's window to the newest target of product j."""

    def __call__(self, state: State, j: int) -> tuple[Target | None, Any]:
        """Return (target or None for no opinion, memory to keep)."""
        ...


class Broker(Protocol):
    """Where commands go. What comes of them returns as events, at once or at any time later.

    Nobody may rely on an answer: `execute` may return nothing, and bars, quotes and further
    commands may come before it is known what became of an order. Whatever is known by then is
    handed over by any of the other methods. Reports are cumulative, so one that comes twice, late
    or out of order changes nothing.
    A broker without an account (paper, observe) sees no reports, no wallets and no past.
    """

    def on_bar(self, plan: Plan, state: State, event: BarClosed | BarMissed) -> Sequence[Event]:
        """Return what is known of the product's orders, before its new bar is decided on."""
        ...

    def on_quote(self, plan: Plan, state: State, event: Quoted) -> Sequence[Event]:
        """Return what a quote did to orders that only this broker knows how to fill."""
        ...

    def on_order(
        self, plan: Plan, state: State, remote: RemoteOrder, time_ms: int
    ) -> Sequence[Event]:
        """Return what the exchange's report on an order says that is new; a foreign one: nothing.

        An order that had ended may still be reported: a late fill is booked, and halts.
        """
        ...

    def execute(
        self, plan: Plan, state: State, commands: Sequence[Command], time_ms: int
    ) -> Sequence[Event]:
        """Take commands over, each once; return what is known of them at once, maybe nothing.

        It never waits. Commands are independent of each other: what needs the coins of another
        order is not sent before the engine knows that they are free. What will not be sent is
        reported as ended.
        """
        ...

    def turn(self, plan: Plan, state: State, time_ms: int) -> Sequence[Event]:
        """Return what has come to be known since; asked at every turn of a live loop."""
        ...

    def send_no_more(self) -> None:
        """Let nothing leave that waits for its turn: what is not begun is not sent."""
        ...

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to leave, and everything that left is answered."""
        ...

    def reconcile(self, plan: Plan, state: State, time_ms: int) -> Sequence[Event]:
        """Return what a start must know of the state's open orders, as far as it is known."""
        ...


class EntryLog(Protocol):
    """Where entries become durable; returning means they are."""

    def append(self, plan: Plan, state: State, entries: Sequence[Entry]) -> None:
        """Append entries in one transaction; `state` is the state after the last of them."""
        ...
