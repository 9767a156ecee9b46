"""Asking a running bot through its inbox."""

from pathlib import Path
from typing import Any

from gpt_trader.errors import LockedError, StorageError
from gpt_trader.runtime.requests import Command, Inbox

ANSWER_S = 10.0


def ask(folder: Path, command: Command, held: LockedError, timeout_s: float = ANSWER_S) -> Any:  # noqa: ANN401 - JSON
    """Return the bot's answer to a command.

    held: how it was found that a bot runs. Raises LockedError if it does not answer: the command is
    taken back, so that it does not happen when nobody expects it any more, or it was taken already.
    """
    inbox = Inbox(folder)
    name = inbox.put(command)
    for answer in inbox.answers(name, timeout_s):
        return answer
    said = "it was not carried out" if inbox.take_back(name) else "it was taken: see status"
    raise LockedError(
        f"{held.message}, which did not answer for {timeout_s:.0f} s: {said}",
        hint="end that process, then try again; gpt-trader kill works at once",
    )


def leave(folder: Path, command: Command) -> bool:
    """Leave a command for whoever runs next; return whether it could be left."""
    try:
        Inbox(folder).put(command)
    except StorageError:
        return False
    return True
