"""The strategy that somebody means: an object of one, a function of bars, or a name."""

from dataclasses import is_dataclass
from typing import Any

from gpt_trader.brief import brief
from gpt_trader.domain.stated import check_whole
from gpt_trader.errors import UsageError
from gpt_trader.strategy.of_function import from_function
from gpt_trader.strategy.registry import create

NEEDED = ("name", "min_bars", "warmup")


def strategy_meant(given: Any) -> Any:  # noqa: ANN401
    """Return the strategy that is given; text is a reference as `--strategy` takes it.

    Raises UsageError on a class, on what is no dataclass (its fields are its parameters), and on
    one that lacks something; TypeError on what is no strategy at all.
    """
    if isinstance(given, str):
        return create(given, {})
    if isinstance(given, type):
        raise UsageError(
            f"expected a strategy that is made, was the class {given.__name__}",
            hint=f"call it: {given.__name__}()",
        )
    kind = type(given)
    asked = [one for one in ("targets", "on_bar") if hasattr(kind, one)]
    if not asked and callable(given):
        return from_function(given)
    if not asked:
        raise TypeError(
            f"expected a strategy, a function of bars or a name as sma_cross, was {brief(given)}"
        )
    if not is_dataclass(kind):
        raise UsageError(
            f"expected a strategy to be a dataclass, made, was {brief(given)}",
            hint="put @dataclass(frozen=True) above its class, and call it",
        )
    lacks = [word for word in NEEDED if not hasattr(given, word)]
    if lacks:
        raise UsageError(
            f"expected {kind.__name__} to have {' and '.join(lacks)}",
            hint="min_bars: bars before its first opinion; warmup: bars that it looks back on",
        )
    for word in ("min_bars", "warmup"):
        if callable(getattr(given, word)):
            raise UsageError(
                f"expected {word} of {kind.__name__} as a whole number, was a method",
                hint=f"put @property above def {word}",
            )
        check_whole(f"{word} of {kind.__name__}", getattr(given, word))
    return given
