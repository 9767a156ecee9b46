"""Parameters of strategies: from text to typed values within their ranges."""

from collections.abc import Mapping
from difflib import get_close_matches
from math import isfinite
from numbers import Number
from typing import Any

from gpt_trader.brief import brief
from gpt_trader.errors import UsageError
from gpt_trader.strategy.base import Param, params_of

Value = str | int | float | bool

_WORDS = {"true": True, "yes": True, "on": True, "1": True}
_WORDS |= {"false": False, "no": False, "off": False, "0": False}
_TYPE_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def nearest(word: str, known: list[str], otherwise: str) -> str:
    """Return a hint that names the known word most like `word`, else `otherwise`."""
    close = get_close_matches(word, known, n=1)
    return f"did you mean {close[0]}?" if close else otherwise


def coerce(strategy: type[Any], settings: Mapping[str, Value]) -> dict[str, Value]:
    """Return settings as the types of the strategy's parameters.

    Raises UsageError on an unknown parameter (naming the nearest) and on a wrong type.
    """
    params = {p.name: p for p in params_of(strategy)}
    typed: dict[str, Value] = {}
    for name, value in settings.items():
        if name not in params:
            known = ", ".join(params) or "none"
            raise UsageError(
                f"{strategy.name} has no parameter {name!r}",
                hint=nearest(name, list(params), f"its parameters: {known}"),
            )
        typed[name] = _type(strategy.name, params[name], value)
    return typed


def _type(strategy: str, param: Param, value: Value) -> Value:
    wanted = type(param.default)
    parsed = _parse(wanted, value)
    if parsed is None:
        raise UsageError(
            f"expected {param.name} of {strategy} to be {_type_words(wanted)}, was {brief(value)}",
            hint=_range_text(param),
        )
    return parsed


def _type_words(kind: type) -> str:
    return _TYPE_WORDS.get(kind, "a number or text, as what a search tries is stated")


def _parse(wanted: type, value: Value) -> Value | None:
    """Value as the wanted type, None if it cannot be one."""
    if wanted is str:
        return str(value) if isinstance(value, str | Number) else None
    if wanted is bool:
        return _WORDS.get(str(value).strip().lower())
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
        if not isfinite(number):
            return None
        if wanted is float:
            return number
        return int(value) if isinstance(value, str | int) or number.is_integer() else None
    except (TypeError, ValueError):
        return None


def check_ranges(strategy: Any) -> None:  # noqa: ANN401
    """Raise UsageError where a parameter has a wrong type or lies outside its range."""
    for param in params_of(type(strategy)):
        value = getattr(strategy, param.name)
        kind = type(param.default)
        right = isinstance(value, kind) and isinstance(value, bool) == (kind is bool)
        if not right and not (kind is float and isinstance(value, int)):
            raise UsageError(
                f"expected {param.name} of {strategy.name} to be {_type_words(kind)}, "
                f"was {brief(value)}"
            )
        above = param.low is None or value >= param.low
        below = param.high is None or value <= param.high
        if not (above and below):
            raise UsageError(
                f"expected {param.name} of {strategy.name} in {range_of(param)}, was {value}",
                hint=param.doc,
            )


def range_of(param: Param) -> str:
    """Return a parameter's allowed values in words, e.g. "1 to 500"; empty: any."""
    if isinstance(param.default, bool):
        return "true or false"
    if param.low is None and param.high is None:
        return ""
    if param.high is None:
        return f"{param.low} and up"
    if param.low is None:
        return f"up to {param.high}"
    return f"{param.low} to {param.high}"


def _range_text(param: Param) -> str:
    allowed = range_of(param)
    return f"{param.name}: {param.doc}" + (f" ({allowed})" if allowed else "")
