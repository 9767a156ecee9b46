"""Questions to an exchange that nobody waits for: what follows from an answer is said with it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from gpt_trader.broker.exchange.carry import Carrier, Job, Key
from gpt_trader.broker.exchange.departures import Budget, Departure, Departures, Kind
from gpt_trader.engine.events import Event
from gpt_trader.errors import RateLimited, TraderError

# What is asked, by what depends on it; `costs` says how many requests one question makes.
PATIENT_MS = 2_000  # what costs several requests comes to its turn, however many others are asked
KINDS = {
    "order": Kind(0, 8),
    "touch": Kind(0, 4),
    "rests": Kind(0, 2, costs=4.0, patience_ms=PATIENT_MS),
    "rehearsal": Kind(1, 4, patience_ms=PATIENT_MS),
    "search": Kind(1, 1, costs=4.0, patience_ms=PATIENT_MS),
    "account": Kind(1, 1, costs=3.0, patience_ms=PATIENT_MS),
    "clock": Kind(1, 1, patience_ms=PATIENT_MS),
    "candles": Kind(2, 4, patience_ms=PATIENT_MS),
    "news": Kind(3, 2, patience_ms=10_000),
}
MOST = sum(kind.most for kind in KINDS.values())  # threads that one reader can need


class Question(NamedTuple):
    """One question. about: what it is about, asked once at a time; kind: one of KINDS.

    ask: asks, away from the loop, and returns or raises within its deadline. take: says on the
    loop what follows from the answer; each event is taken before the next is asked for. fail: told
    on the loop why there is no answer, where somebody minds.
    """

    about: Key
    kind: str
    ask: Callable[[], Any]
    take: Callable[[Any], Iterable[Event]]
    fail: Callable[[TraderError], object] | None = None


class Reader:
    """Asks within a budget. heard: told of each question's end, None or why there is no answer."""

    def __init__(
        self, carrier: Carrier, per_s: float, heard: Callable[[TraderError | None], object]
    ) -> None:
        """per_s: requests a second."""
        self._carrier, self._heard = carrier, heard
        self._budget = Budget(per_s)
        self._departures: Departures[Question] = Departures(KINDS, self._budget)

    def put(self, question: Question) -> None:
        """Ask, unless the same is being asked."""
        if not self._departures.holds(question.about):
            self._departures.put(Departure(question.about, question.kind, question))

    def asks(self, about: Key) -> bool:
        """Whether something is being asked."""
        return self._departures.holds(about)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being asked."""
        return self._departures.is_empty

    @property
    def waits(self) -> bool:
        """Whether a question waits for its turn."""
        return self._departures.waits

    def turn(self, now_ms: int) -> Iterator[Event]:
        """Let questions leave whose turn it is; hand over what follows from answers that are in."""
        for begun in self._departures.begin(now_ms):
            self._carrier.carry(Job(begun.key, begun.what.ask))
        for job, answer, error in self._carrier.done():
            question = self._departures.end(job.key)
            if error is None:
                self._budget.speed_up()
                self._heard(None)
                yield from question.take(answer)
            elif isinstance(error, TraderError):
                if isinstance(error, RateLimited):
                    self._budget.slow_down()
                self._heard(error)
                if question.fail is not None:
                    question.fail(error)
            else:
                raise error
