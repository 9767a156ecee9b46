"""A point at which its strategy fails: it is said and counted, and the search goes on."""

from collections.abc import Callable
from dataclasses import dataclass

from gpt_trader.strategy.answers import said_of_failure


@dataclass(frozen=True, slots=True)
class Failing:
    """What a strategy failed with, in words."""

    words: str


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
        return Failing(words)
