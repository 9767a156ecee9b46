"""Jobs that run while the world goes on: threads of which one runs at a time, in virtual time.

A job's thread runs only while the world waits for it, so the same seed is the same story. With
each request and each sleep it gives control back; `resume` gives it what came of that.
"""

import threading
from collections.abc import Callable
from typing import Any

from gpt_trader.broker.exchange.carry import Done, Job


def locked() -> threading.Lock:
    """Return a lock that whoever takes it waits for."""
    lock = threading.Lock()
    lock.acquire()
    return lock


class Gone(BaseException):
    """The process is gone: a job in it goes no further."""


class Hands:
    """The threads of one process, made as they are needed. running: whose turn it is, if any."""

    def __init__(self) -> None:
        self.running: Hand | None = None
        self._all: list[Hand] = []
        self._idle: list[Hand] = []
        self._back = locked()

    @property
    def has_work(self) -> bool:
        """Whether a job is under way."""
        return len(self._idle) < len(self._all)

    def start(self, job: Job, ended: Callable[[Done], object]) -> None:
        """Let a job run until it first waits. Raises what ends the process."""
        hand = self._idle.pop() if self._idle else self._new()
        hand.job, hand.ended = job, ended
        self.resume(hand, None)

    def resume(self, hand: "Hand", came: Any) -> None:
        """Let a job go on with what it waited for, an exception being raised in it.

        Raises what ends the process, or an invariant that did not hold, where the job met it.
        """
        assert self.running is None, "a job let a job run"
        self.running, hand.came = hand, came
        hand.go.release()
        self._back.acquire()
        self.running = None
        failure, hand.failure = hand.failure, None
        if failure is not None:
            raise failure

    def rest(self) -> Any:
        """Wait, as the job that runs, for what `resume` brings."""
        hand = self.running
        assert hand is not None
        self._back.release()
        hand.go.acquire()
        if isinstance(hand.came, BaseException):
            raise hand.came
        return hand.came

    def end(self) -> None:
        """End every thread; jobs under way are left where they are, their `finally` done."""
        for hand in self._all:
            while hand.job is not None:
                self.resume(hand, Gone())
            hand.go.release()
            hand.thread.join()
        self._all, self._idle = [], []

    def _new(self) -> "Hand":
        hand = Hand(self)
        self._all.append(hand)
        return hand

    def lay_down(self, hand: "Hand") -> None:
        """Take a thread back whose job has ended, and give control back."""
        self._idle.append(hand)
        self._back.release()


class Hand:
    """One thread, and the job that it runs."""

    def __init__(self, hands: Hands) -> None:
        self.job: Job | None = None
        self.ended: Callable[[Done], object] = lambda _: None
        self.came: Any = None
        self.failure: BaseException | None = None
        self.go = locked()
        self.thread = threading.Thread(target=self._work, args=(hands,), daemon=True)
        self.thread.start()

    def _work(self, hands: Hands) -> None:
        while True:
            self.go.acquire()
            if self.job is None:
                return
            try:
                self.ended(Done(self.job, self.job.run(), None))
            except Gone:
                pass
            except AssertionError as failure:  # an invariant: the world's, not the job's
                self.failure = failure
            except Exception as error:  # noqa: BLE001 - whatever a job raises is its outcome
                self.ended(Done(self.job, None, error))
            except BaseException as failure:  # noqa: BLE001 - the process ends here
                self.failure = failure
            self.job = None
            hands.lay_down(self)


class VirtualCarrier:
    """A carrier of the production code's jobs: what ended waits here until it is asked for."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._ended: list[Done] = []

    def carry(self, job: Job) -> None:
        """Begin a job; it goes on as time passes."""
        self._hands.start(job, self._ended.append)

    def done(self) -> list[Done]:
        """Return the jobs that ended since the last time, in the order in which they did."""
        ended = list(self._ended)
        self._ended.clear()
        return ended

    @property
    def news(self) -> int:
        """How many jobs have ended and nobody has asked."""
        return len(self._ended)
