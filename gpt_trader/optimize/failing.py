"""A point at which its strategy fails: it is said and counted, and the search goes on."""

from collections.abc import Callable
from dataclasses import dataclass

from gpt_trader.door import users_place
from gpt_trader.strategy.answers import said_of_failure


@dataclass(frozen=True, slots=True)
class Failing:
    """What a strategy failed with, and in words."""

    error: Exception
    words: str

    @property
    def place(self) -> str | None:
        """The file:line of the user's where it failed."""
        return users_place(self.error)


def attempt[T](call: Callable[[], T]) -> T | Failing:
    """Return what a call returns, or what the strategy that it asks fails with.

    Raises whatever is not the strategy's failure.
    """
    try:
        return call()
    except Exception as error:
        words = said_of_failure(error)
        if words is None:
            raise
        return Failing(error, words)
