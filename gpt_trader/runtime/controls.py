"""What people say to a running bot: the kill latch and the inbox, as events between others."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field

from gpt_trader.domain.decision import Reason
from gpt_trader.engine import events as ev
from gpt_trader.engine.events import Event
from gpt_trader.engine.leaving import is_stop
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import OrderRefused
from gpt_trader.engine.state import State
from gpt_trader.observe.cycle import reason_json
from gpt_trader.runtime.halt import Latch, latched_event
from gpt_trader.runtime.requests import Command, Inbox, is_fresh

EVERY_MS = 100


@dataclass(slots=True)
class Controls:
    """Looks for commands. now_ms: the session's time; monotonic_ms: how often to look."""

    latch: Latch
    inbox: Inbox
    state: Callable[[], State]
    now_ms: Callable[[], int]
    monotonic_ms: Callable[[], int]
    _looked_ms: int = -EVERY_MS
    _seen: list[Entry] = field(default_factory=list)

    def watch(self, _: State, entries: Sequence[Entry]) -> None:
        """Remember what came of the newest transaction: it is the answer."""
        self._seen = list(entries)

    def around(self, feed: Iterator[Event]) -> Iterator[Event]:
        """Yield a feed's events with what people say between them."""
        for event in feed:
            yield from self.events()
            yield event

    def events(self) -> Iterator[Event]:
        """Yield what was said since the last look; each must be taken before the next.

        A command that loosens is taken out before it is handed over: a crash may lose it, but
        never carry it out twice; an old one is turned away. One that tightens is taken out after,
        however old it is.
        """
        now_ms = self.monotonic_ms()
        if now_ms - self._looked_ms < EVERY_MS:
            return
        self._looked_ms = now_ms
        yield from self._latched()
        for name in self.inbox.waiting():
            yield from self._taken(name)

    def _latched(self) -> Iterator[Event]:
        latched = latched_event(self.latch, self.state(), self.now_ms())
        if latched is not None:
            yield latched

    def _taken(self, name: str) -> Iterator[Event]:
        command = self.inbox.read(name)
        if command is None:
            self._turn_away(name, Reason("NO_COMMAND", "this is no command"))
            return
        if _loosens(command) and not is_fresh(name):
            self._turn_away(name, Reason("TOO_OLD", "whoever asked for it has given up"))
            return
        if _loosens(command):
            self.inbox.done(name)
        if isinstance(command, ev.Rearmed):
            why = yield from self._rearmed(command)
        else:
            why = yield from self._handed_over(command)
        answer = {
            "refused": None if why is None else why.detail,
            "reason": None if why is None else reason_json(why),
        } | switches(self.state())
        self.inbox.answer(name, answer)
        self.inbox.done(name)

    def _handed_over(self, command: Command) -> Generator[Event, None, Reason | None]:
        """Yield a command as an event of now; return why it was refused, None if it was not."""
        self._seen = []
        yield command._replace(time_ms=self.now_ms())
        refusals = [
            record.reason
            for entry in self._seen
            for record in entry.records
            if isinstance(record, OrderRefused)
        ]
        return refusals[0] if refusals else None

    def _rearmed(self, command: ev.Rearmed) -> Generator[Event, None, Reason | None]:
        """Hand a rearm over and clear the latch, or do neither; a kill that came since stands."""
        with self.latch.lifting(command.latch) as stays:
            if stays:
                return Reason("LATCHED", stays)
            why = yield from self._handed_over(command)
            if why is None:
                self.latch.clear(command.latch)
        yield from self._latched()
        return why

    def _turn_away(self, name: str, why: Reason) -> None:
        self.inbox.done(name)
        self.inbox.answer(name, {"refused": why.detail, "reason": reason_json(why)})


def _loosens(command: Command) -> bool:
    """Whether a command may put more at risk than before."""
    match command:
        case ev.PauseRequested():
            return not command.paused
        case ev.Rearmed() | ev.OrderRequested() | ev.AmendRequested():
            return True
        case _:
            return False


def switches(state: State) -> dict[str, object]:
    """Return what keeps a session from entering, as JSON."""
    return {
        "halted": state.halted,
        "paused": state.paused,
        "drawdown_halted": bool(state.marks.halted),
        "flattening": state.flattening,
        "open_entries": sum(not order.intent.reduce_only for order in state.open_orders),
        "open_exits": sum(
            order.intent.reduce_only and not is_stop(order) for order in state.open_orders
        ),
        "positions": int((state.slots["lots"] != 0).sum()),
    }
