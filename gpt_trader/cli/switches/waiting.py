"""Saying what a command is at while somebody does not answer: on stderr, every few seconds."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gpt_trader.cli import output

EVERY_S = 3.0


@contextmanager
def waiting(what: str, every_s: float = EVERY_S) -> Iterator[Callable[[str], None]]:
    """Say every few seconds what is waited for, and for how long; nothing once it is over.

    Yields what says that something else is waited for from now on.
    """
    begun_s, now, is_over = time.monotonic(), [what], threading.Event()

    def tell() -> None:
        while not is_over.wait(every_s):
            output.note(f"{now[0]} ({time.monotonic() - begun_s:.0f} s)")

    def turn_to(what: str) -> None:
        now[0] = what
        output.note(what)

    thread = threading.Thread(target=tell, name="waiting", daemon=True)
    thread.start()
    try:
        yield turn_to
    finally:
        is_over.set()
        thread.join()
