"""Questions that may fail: each failure is counted, and the loop goes on."""

from collections.abc import Callable
from dataclasses import dataclass

from gpt_trader.errors import AuthError, DataError, RateLimited, TraderError, Unavailable

REFUSED_MS = 60_000  # for so long a key may be refused: valid ones are, at times
TEACH_NOTHING = (Unavailable, RateLimited, AuthError, DataError)


@dataclass(slots=True)
class Polls:
    """The questions of a feed. failures: how many found no answer; problem: why the last."""

    now_ms: Callable[[], int]
    failures: int = 0
    problem: str = ""
    _refused_ms: int | None = None

    def hear(self, failure: TraderError | None) -> None:
        """Take note of a question's end; one without an answer is asked again when it is due.

        Raises AuthError once the key has been refused for REFUSED_MS: then it is no hiccup. And
        what is no failure of an exchange.
        """
        if failure is None:
            return
        if not isinstance(failure, TEACH_NOTHING):
            raise failure
        self.failures += 1
        self.problem = failure.message
        if isinstance(failure, AuthError):
            now_ms = self.now_ms()
            self._refused_ms = now_ms if self._refused_ms is None else self._refused_ms
            if now_ms - self._refused_ms > REFUSED_MS:
                raise failure

    def admit(self, failure: TraderError | None) -> None:
        """Take note of the end of a question about the account: an answer lets the key in."""
        if failure is None:
            self._refused_ms = None
        self.hear(failure)
