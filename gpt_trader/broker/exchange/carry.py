"""Carrying requests to the wire beside the loop: each job is one that blocks, and no rule is here.

What may leave, and when, is said by `departures`; what comes of it is taken by the loop, in the
order in which it became known.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, Self

type Key = tuple[str, ...]


class Job(NamedTuple):
    """One thing to be asked or sent. key: what it is about; run: does it, and ends by itself."""

    key: Key
    run: Callable[[], Any]


class Done(NamedTuple):
    """What came of a job: what it returned, or the error that it raised."""

    job: Job
    value: Any
    error: Exception | None


class Carrier(Protocol):
    """Who carries. Threads do in production, virtual time in a simulation."""

    def carry(self, job: Job) -> None:
        """Begin a job; returns at once, whatever the network does."""
        ...

    def done(self) -> list[Done]:
        """Return what has ended since the last time, in the order in which it ended."""
        ...


class Bell:
    """Rung by whoever has news, waited for by the loop."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        """Say that there is something new."""
        self._rung.set()

    def wait(self, timeout_s: float) -> None:
        """Return once it was rung since the last time, or after so many seconds."""
        if self._rung.wait(timeout_s):
            self._rung.clear()


class Threads:
    """Carries each job on a thread of its own, at most `most` at a time, while it is held open.

    ring: called on such a thread when a job has ended. The threads never keep a process alive, and
    end with the job that each is at when it is closed.
    """

    def __init__(self, name: str, most: int, ring: Callable[[], object]) -> None:
        self._name, self._most, self._ring = name, most, ring
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()  # None: no more
        self._done: deque[Done] = deque()
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)

    def __enter__(self) -> Self:
        """Hold it open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let each thread end once nothing waits to be carried. Nobody waits for them."""
        for _thread in self._threads:
            self._jobs.put(None)

    def carry(self, job: Job) -> None:
        """Begin a job."""
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._most:
            name = f"{self._name}-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        self._jobs.put(job)

    def done(self) -> list[Done]:
        """Return what has ended since the last time."""
        return [self._done.popleft() for _ in range(len(self._done))]

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._done.append(do(job))
            self._idle.release()
            self._ring()


class Inline:
    """Carries each job at once, on the caller's thread: for one command that waits anyway."""

    def __init__(self) -> None:
        self._done: list[Done] = []

    def carry(self, job: Job) -> None:
        """Do a job."""
        self._done.append(do(job))

    def done(self) -> list[Done]:
        """Return what has ended since the last time."""
        done, self._done = self._done, []
        return done


def do(job: Job) -> Done:
    """Run a job to its end. An error belongs to whoever takes what came of it."""
    try:
        return Done(job, job.run(), None)
    except Exception as error:  # noqa: BLE001 - carried to the loop, which raises what it cannot use
        return Done(job, None, error)
