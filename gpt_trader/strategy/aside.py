"""What code that somebody brings prints goes to stderr, and what it sets is put back.

stdout carries data; the precision of decimals and what numpy does at a division by zero belong to
everybody's sums.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import localcontext
from threading import Lock
from typing import TextIO

PUTTING = Lock()  # held while stdout is put aside or back: no other thread forks meanwhile
_INSIDE: list[None] = []  # one a caller that is inside, of all threads
_KEPT: list[TextIO] = []  # stdout and stderr, which the last one puts back


@contextmanager
def aside() -> Iterator[None]:
    """Send what is printed meanwhile to stderr; whoever leaves last puts both back."""
    with PUTTING:
        if not _INSIDE:
            _KEPT[:] = [sys.stdout, sys.stderr]
        _INSIDE.append(None)
        sys.stdout = _KEPT[1]
    try:
        yield
    finally:
        with PUTTING:
            _INSIDE.pop()
            if not _INSIDE:
                sys.stdout, sys.stderr = _KEPT


@contextmanager
def apart() -> Iterator[None]:
    """Run code that somebody brings: what it prints, and sets for its thread, stays its own."""
    import numpy as np  # noqa: PLC0415 - whoever only looks up a built-in name needs none

    with aside(), localcontext(), np.errstate():
        yield
