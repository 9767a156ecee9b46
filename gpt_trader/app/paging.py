"""A run's pages and heartbeats: told of every transaction, and of how the run ends."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gpt_trader.config.settings import Settings
from gpt_trader.data.store.durable import replace_file
from gpt_trader.domain.times import format_time
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.state import State
from gpt_trader.errors import LockedError, StorageError, TraderError
from gpt_trader.observe.notify import INFO, PAGE, SAME_S, Addresses, Alert, Notifier
from gpt_trader.runtime.alerts import alerts_of
from gpt_trader.runtime.session import Session, clock_ms

TWICE = "ended at once, by a second signal: what could open a position may still rest"


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
    """Give a run its pager; say that it began, and that it ended in good order."""
    notifier = _notifier(settings)
    pager = Pager(session, notifier, session.state)
    pager.say(INFO, "started", "started")
    try:
        yield pager
        pager.say(INFO, "stopped", "stopped, in good order")
    finally:
        if notifier is not None:
            notifier.close()


@contextmanager
def page_failure(settings: Settings, root: Path) -> Iterator[None]:
    """Page if a run ends by an error, begun or not; the same words once in SAME_S, kept in `root`.

    Where another process holds the session nothing is left alone: nobody is woken.
    """
    try:
        yield
    except LockedError:
        raise
    except TraderError as error:
        _page_once(settings, root, f"ended: {error.message}")
        raise
    except KeyboardInterrupt:
        _page_once(settings, root, TWICE)
        raise
    except BaseException as error:
        _page_once(settings, root, f"ended: {type(error).__name__}")
        raise


def _page_once(settings: Settings, root: Path, text: str) -> None:
    """Page now, unless the last page of this profile said the same not long ago."""
    path, now_ms = root / f".{Path(settings.profile).stem}.paged", clock_ms()
    with suppress(OSError, ValueError):  # what cannot be read is paged again
        at_ms, _, said = path.read_text(encoding="utf-8").partition(" ")
        if said == text and 0 <= now_ms - int(at_ms) < SAME_S * 1000:
            return
    notifier = None if settings.alerts.webhook_url is None else _notifier(settings)
    if notifier is None:
        return
    notifier.tell(Alert(PAGE, "ended", text), format_time(now_ms))
    notifier.close()
    if notifier.counts.delivered:
        with suppress(StorageError):  # a full disk: somebody is woken more often
            replace_file(path, f"{now_ms} {text}".encode())


def _notifier(settings: Settings) -> Notifier | None:
    keys = settings.alerts
    to = Addresses(keys.webhook_url, keys.heartbeat_url, keys.heartbeat_s)
    has_any = to.webhook is not None or to.heartbeat is not None
    return Notifier(to, settings.profile) if has_any else None
