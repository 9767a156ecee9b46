"""What whoever started this program left open for it: a table of signals may come in there.

What Python opens by itself is never left to another program, and so is not inheritable.
"""

import fcntl
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TextIO

IN, OUT, ERR = range(3)  # what every program has
OPEN = Path("/proc/self/fd")  # there are none to be found where this is not

SWAPPING = Lock()  # held while numbers change what they lead to: no other thread forks meanwhile
_INSIDE: list[None] = []  # one a caller that is inside, of all threads
_KEPT: dict[int, int] = {}  # where each number led, which the last one puts back
_STDIN: list[TextIO] = []


def left_open() -> list[int]:
    """Return the descriptors, besides the usual three, that another program left open for this."""
    found = []
    for number in [int(one.name) for one in OPEN.iterdir()] if OPEN.is_dir() else []:
        with suppress(OSError):  # the one that lists them is gone
            if number > ERR and os.get_inheritable(number):
                found.append(number)
    return found


def empty(numbers: list[int]) -> None:
    """Let descriptors lead to nothing."""
    with Path(os.devnull).open() as nothing:
        for number in numbers:
            os.dup2(nothing.fileno(), number)


@contextmanager
def emptied() -> Iterator[None]:
    """Let nothing come in meanwhile at stdin, nor in files and pipes that were left open.

    What compiled code and other programs write to stdout goes to stderr. A socket stays: a service
    may be asked for something there. Whoever leaves last puts all back.
    """
    with SWAPPING:
        if not _INSIDE:
            sys.stdout.flush()
            for number in (IN, *(n for n in left_open() if _is_read_from(n))):
                with suppress(OSError):  # it was closed, as a service's stdin may be
                    _KEPT[number] = os.dup(number)
            empty([*_KEPT])
            _STDIN[:] = [sys.stdin]
            sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - closed by who leaves last
            with suppress(OSError):
                _KEPT[OUT] = os.dup(OUT)
                os.dup2(ERR, OUT)
        _INSIDE.append(None)
    try:
        yield
    finally:
        with SWAPPING:
            _INSIDE.pop()
            if not _INSIDE:
                sys.stdin.close()
                (sys.stdin,) = _STDIN
                for number, kept in _KEPT.items():
                    os.dup2(kept, number)
                    os.close(kept)
                _KEPT.clear()


def _is_read_from(number: int) -> bool:
    """Whether a descriptor is a file or a pipe that can be read."""
    mode = os.fstat(number).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        return False
    return fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE != os.O_WRONLY
