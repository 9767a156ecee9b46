"""A run's pages and heartbeats: told of every transaction, and of how the run ends."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from gpt_trader.config.settings import Settings
from gpt_trader.domain.times import format_time
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.state import State
from gpt_trader.errors import TraderError
from gpt_trader.observe.notify import INFO, PAGE, Addresses, Alert, Notifier
from gpt_trader.runtime.alerts import alerts_of
from gpt_trader.runtime.session import Session, clock_ms


@dataclass(slots=True)
class Pager:
    """Tells a person what happens in a session; without addresses nobody."""

    session: Session
    notifier: Notifier | None
    before: State

    def watch(self, state: State, entries: Sequence[Entry]) -> None:
        """Tell what is worth a word of a transaction."""
        if self.notifier is None:
            return
        when = format_time(entries[-1].event.time_ms)
        for alert in alerts_of(self.session.plan, self.before, state, entries):
            self.notifier.tell(alert, when)
        self.before = state

    def beat(self) -> None:
        """Say that the loop is well."""
        if self.notifier is not None:
            self.notifier.beat()

    def say(self, level: str, event: str, text: str) -> None:
        """Tell something of the run itself."""
        if self.notifier is not None:
            self.notifier.tell(Alert(level, event, text), format_time(clock_ms()))


@contextmanager
def paging(settings: Settings, session: Session) -> Iterator[Pager]:
    """Give a run its pager; say that it began, and how it ended."""
    keys = settings.alerts
    to = Addresses(keys.webhook_url, keys.heartbeat_url, keys.heartbeat_s)
    has_any = to.webhook is not None or to.heartbeat is not None
    notifier = Notifier(to, settings.profile) if has_any else None
    pager = Pager(session, notifier, session.state)
    pager.say(INFO, "started", "started")
    try:
        yield pager
        pager.say(INFO, "stopped", "stopped, in good order")
    except TraderError as error:
        pager.say(PAGE, "ended", f"ended: {error.message}")
        raise
    except BaseException as error:
        pager.say(PAGE, "ended", f"ended: {type(error).__name__}")
        raise
    finally:
        if notifier is not None:
            notifier.close()
