"""Questions that may fail: each failure is counted, and the loop goes on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gpt_trader.engine.events import Event
from gpt_trader.errors import AuthError, DataError, RateLimited, TraderError, Unavailable

REFUSED_MS = 60_000  # for so long a key may be refused: valid ones are, at times


@dataclass(slots=True)
class Polls:
    """The questions of a feed. failures: how many found no answer; problem: why the last."""

    now_ms: Callable[[], int]
    failures: int = 0
    problem: str = ""
    _refused_ms: int = 0

    def attempt(self, ask: Callable[[], Iterator[Event]]) -> Iterator[Event]:
        """Hand over what an answer says; a failure is counted, and asked again later.

        Raises AuthError once the key has been refused for REFUSED_MS: then it is no hiccup.
        """
        try:
            yield from ask()
        except (Unavailable, RateLimited, AuthError, DataError) as failure:
            self.count(failure)

    def count(self, failure: TraderError) -> None:
        """Count a question that found no answer; raises AuthError as `attempt` does."""
        self.failures += 1
        self.problem = failure.message
        if isinstance(failure, AuthError):
            self._refused_ms = self._refused_ms or self.now_ms()
            if self.now_ms() - self._refused_ms > REFUSED_MS:
                raise failure

    def admit(self) -> None:
        """Take note that the key was let in."""
        self._refused_ms = 0
