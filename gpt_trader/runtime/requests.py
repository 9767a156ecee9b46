"""Commands to a running bot: files that it takes in, journals as events, and answers."""

import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gpt_trader.data.store.durable import replace_file
from gpt_trader.engine import events as ev
from gpt_trader.engine.codec import event_from_json
from gpt_trader.engine.written import tagged_text
from gpt_trader.errors import JournalError
from gpt_trader.journal.encode import canonical_json

INBOX = "inbox"
ANSWERS = "answers"
MOST_BYTES = 100_000
KEPT_ANSWERS = 100
FRESH_S = 60.0  # whoever asked has given up long before
Command = (
    ev.HaltRequested
    | ev.FlattenRequested
    | ev.PauseRequested
    | ev.Rearmed
    | ev.OrderRequested
    | ev.CancelRequested
    | ev.AmendRequested
)


def clock_ns() -> int:
    """Nanoseconds UTC of the wall clock: the order of what people say, in any process."""
    return time.time_ns()


def new_name() -> str:
    """Return a name that no other command has; later ones sort after it."""
    return f"{clock_ns():020d}-{uuid.uuid4().hex[:8]}"


def asked_ns(name: str) -> int:
    """Return when a command was left, by the wall clock. Raises ValueError if no name says it."""
    return int(name[:20])


def is_fresh(name: str) -> bool:
    """Whether a command was left just now, so that somebody still expects it."""
    try:
        age_s = (clock_ns() - asked_ns(name)) / 1e9
    except ValueError:
        return False
    return -FRESH_S < age_s < FRESH_S


@dataclass(slots=True)
class Inbox:
    """The inbox of a state folder. place: of its commands; every turn looks there."""

    folder: Path
    place: Path = field(init=False)

    def __post_init__(self) -> None:
        self.place = self.folder / INBOX

    def put(self, command: Command) -> str:
        """Leave a command, durably; return the name that its answer will have."""
        name = f"{new_name()}.json"
        replace_file(self.place / name, tagged_text(command).encode())
        return name

    def waiting(self) -> list[str]:
        """Return the names of the commands that nobody has taken, oldest first."""
        try:
            names = [entry.name for entry in os.scandir(self.place)]
        except FileNotFoundError:
            return []
        return sorted(name for name in names if name.endswith(".json") and name[0] != ".")

    def read(self, name: str) -> Command | None:
        """Return a command; None if it is none that may come this way."""
        path = self.place / name
        try:
            if path.stat().st_size > MOST_BYTES:
                return None
            event = event_from_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, JournalError):
            return None
        return event if isinstance(event, Command) else None

    def done(self, name: str) -> None:
        """Take a command out."""
        (self.place / name).unlink(missing_ok=True)

    def take_back(self, name: str) -> bool:
        """Take a command out that nobody has answered; return whether it was still there."""
        try:
            (self.place / name).unlink()
        except FileNotFoundError:
            return False
        return True

    def answer(self, name: str, answer: dict[str, Any]) -> None:
        """Leave an answer for whoever asked; the oldest go."""
        replace_file(self.folder / ANSWERS / name, canonical_json(answer).encode())
        kept = sorted((self.folder / ANSWERS).iterdir())
        for old in kept[:-KEPT_ANSWERS]:
            old.unlink(missing_ok=True)

    def answers(self, name: str, timeout_s: float) -> Iterator[dict[str, Any]]:
        """Yield the answer to a command, once it is there; nothing after the timeout."""
        until = time.monotonic() + timeout_s
        path = self.folder / ANSWERS / name
        while time.monotonic() < until:
            if path.exists():
                yield json.loads(path.read_text(encoding="utf-8"))
                path.unlink(missing_ok=True)
                return
            threading.Event().wait(0.02)
