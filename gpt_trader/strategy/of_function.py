"""A strategy that is a function of bars: what it returns are targets, or their weights alone."""

from collections.abc import Callable, Mapping
from dataclasses import make_dataclass
from functools import lru_cache, partial, wraps
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from gpt_trader.brief import brief
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.market import Market
from gpt_trader.domain.stated import check_whole
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import UsageError

WHOLE = 2**62  # as many bars as there are
CACHED: type[Any] = type(lru_cache(dict))

type Function = Callable[[Bars], Any] | Callable[[Market], Any]


def from_function(
    function: Function, *, min_bars: int = 1, warmup: int | None = None, name: str | None = None
) -> Any:  # noqa: ANN401 - a class of its own, which is a Strategy
    """Return the strategy of a function `f(bars)` that returns Targets, or (n,) weights.

    One of a `market` returns them by product: `f(market) -> {product_id: weights}`.
    Row i may use bars up to and including i. min_bars: bars before the first row that can hold an
    opinion. warmup: bars of the trailing window whose last row equals that of the whole history;
    None: nobody knows, the whole history is asked for. name: None: the function's.
    Raises TypeError for what is no function, UsageError for an object that can be called.
    """
    if isinstance(function, type) or not callable(function):
        raise TypeError(f"expected a function of bars, was {brief(function)}")
    if not _is_function(function):
        of_class = type(function).__name__
        raise UsageError(
            f"expected a function of bars, was a {of_class}: it may keep what it has seen",
            hint=f"a dataclass with targets(bars): @dataclass(frozen=True) class {of_class}",
        )
    check_whole("min_bars", min_bars, 1)
    if warmup is not None:
        check_whole("warmup", warmup, 1)
    own = vars(function) if hasattr(function, "__dict__") else {}
    called = function.__name__ if hasattr(function, "__name__") else type(function).__name__
    module = function.__module__ if hasattr(function, "__module__") else own.get("__module__")

    @wraps(function)
    def targets(_: object, seen: Any) -> Any:  # noqa: ANN401 - `answers` says what is no answer
        found = function(seen)
        is_whole = found is None or isinstance(found, Targets | Mapping)
        return found if is_whole or isinstance(seen, Market) else Targets(found)

    def anew(_: object) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _again, (function, min_bars, warmup, name)

    kind = make_dataclass(
        called.strip("<>"),
        [],
        frozen=True,
        namespace={
            "name": name or called.strip("<>"),
            "min_bars": int(min_bars),
            "warmup": WHOLE if warmup is None else int(warmup),
            "function": staticmethod(function),
            "targets": targets,
            "__reduce__": anew,  # pickled as its function is: no import finds its class
        },
    )
    kind.__module__ = module or __name__
    kind.__qualname__ = f"{called}.<locals>.strategy"  # no import finds it
    return kind()


def _again(function: Function, min_bars: int, warmup: int | None, name: str | None) -> Any:  # noqa: ANN401
    """Return the strategy of a function that was pickled."""
    return from_function(function, min_bars=min_bars, warmup=warmup, name=name)


def _is_function(given: Any) -> bool:  # noqa: ANN401
    """Whether what is called is a function, whose code and what that refers to can be told."""
    if isinstance(given, partial):
        return _is_function(given.func)
    return isinstance(given, FunctionType | BuiltinFunctionType | MethodType | CACHED)


def bounded(strategy: Any, bars: int) -> Any:  # noqa: ANN401
    """Return a strategy whose window is the whole history with one of so many bars."""
    if strategy.warmup < WHOLE:
        return strategy
    return from_function(
        strategy.function, min_bars=strategy.min_bars, warmup=max(bars, 1), name=strategy.name
    )


def say_whole(strategy: Any) -> str | None:  # noqa: ANN401
    """Say that nobody declared how far a strategy looks back; None where somebody did."""
    if strategy.warmup < WHOLE:
        return None
    return (
        f"{strategy.name} is a function without a warm-up: it is shown the whole history "
        "(strategies.from_function(f, min_bars=..., warmup=...) declares one)"
    )
