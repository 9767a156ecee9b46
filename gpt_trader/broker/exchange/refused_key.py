"""Whether the exchange takes what a key sends: its right to trade may be taken from it."""

from dataclasses import dataclass

from gpt_trader.broker.exchange.cadence import is_past
from gpt_trader.engine.events import Noted
from gpt_trader.errors import AuthError, TraderError

KEY = "key"  # what notes are about
TAKEN = "taken again"
LASTS_MS = 4_000  # one refusal is a hiccup; what is to be cancelled is asked for again by then


@dataclass(slots=True)
class RefusedKey:
    """What was heard of it."""

    _since_ms: int | None = None
    _is_said: bool = False

    def hear(self, error: TraderError | None, now_ms: int) -> list[Noted]:
        """Take note of how an order or a cancel was answered; return what is new of the key.

        Only an answer lets it in: silence says nothing of a key.
        """
        if isinstance(error, AuthError):
            lasts = self._since_ms is not None and is_past(self._since_ms, LASTS_MS, now_ms)
            self._since_ms = now_ms if self._since_ms is None else self._since_ms
            if not lasts or self._is_said:
                return []
            self._is_said = True
            return [Noted(now_ms, KEY, error.message)]
        if error is not None:
            return []
        was_said, self._since_ms, self._is_said = self._is_said, None, False
        return [Noted(now_ms, KEY, TAKEN)] if was_said else []
