"""What a fork cannot go on with: pools of threads that are up, of which it has none.

Compiled code hands its work to them, and waits. Linux tells of them in `/proc`.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
POOLS = re.compile(r"polars-\d|rayon|tokio")  # names of threads
OPENMP = re.compile(r"/lib(gomp|i?omp\d?)[-.]")  # of torch, scikit-learn, numba: up once it is used
NUMBA = "numba.np.ufunc.parallel"
AT_WORK = "RD"  # it runs, or would if the machine let it; it waits for a disk


def is_pool_up() -> bool:
    """Whether this process has a pool of threads that code in a fork of it may wait for.

    Python's own threads are none, nor is one of numpy's, which sees to forks.
    """
    return (
        (NUMBA in sys.modules and bool(vars(sys.modules[NUMBA]).get("_is_initialized")))
        or any(map(POOLS.match, _read(PROC.glob("self/task/*/comm"))))
        or any(map(OPENMP.search, _read([PROC / "self/maps"])))
    )


def is_at_work(group: int, spent_ticks: int) -> tuple[int, bool]:
    """Return what the processes of a group have spent, in ticks; whether any works, or has since.

    spent_ticks: what this told before.
    """
    ticks, states = 0, ""
    for text in _read(PROC.glob("[0-9]*/stat")):
        state, _, member, *rest = text.rpartition(")")[2].split()
        if int(member) == group:
            ticks += int(rest[8]) + int(rest[9])  # utime, stime
            states += state
    return ticks, ticks != spent_ticks or any(state in AT_WORK for state in states)


def _read(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the texts of files, those aside that are gone by now."""
    for path in paths:
        with suppress(OSError):
            yield path.read_text(errors="replace")
