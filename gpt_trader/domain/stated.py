"""What somebody states, checked where it is stated: TypeError for a type, UsageError for a value.

Each check takes the name of what is stated, for words, and returns nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from math import inf, isfinite, isnan
from numbers import Integral, Real
from typing import Any

import numpy as np

from gpt_trader.brief import brief
from gpt_trader.domain.times import MAX_MS, OLDEST_SECONDS, SECONDS_LIMIT
from gpt_trader.errors import UsageError


def check_flag(name: str, value: object) -> None:
    """Check true or false."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"expected {name} to be True or False, was {brief(value)}")


def check_number(name: str, value: object, least: float = 0.0, most: float = inf) -> None:
    """Check a number from least to most, both included; infinite only where most is."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"expected {name} as a number, was {brief(value)}")
    number = float(value)
    if isnan(number) or not least <= number <= most or not isfinite(number):
        words = f"of {least:g} or more" if most == inf else f"from {least:g} to {most:g}"
        raise UsageError(f"expected {name} {words}, was {number:g}")


def check_numbers(name: str, value: object) -> None:
    """Check several finite numbers."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"expected {name} as several numbers, was {brief(value)}")
    for one in value:
        check_number(f"each of {name}", one, -inf)


def check_whole(name: str, value: object, least: int = 0, most: float = inf) -> None:
    """Check a whole number from least to most, both included."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"expected {name} as a whole number, was {brief(value)}")
    if not least <= int(value) <= most:
        words = f"of {least} or more" if most == inf else f"from {least} to {most}"
        raise UsageError(f"expected {name} {words}, was {value}")


def check_moment(name: str, value: object) -> None:
    """Check a time in milliseconds UTC; one in seconds, of 2001 or later, is told apart."""
    check_whole(name, value, -MAX_MS, MAX_MS)
    assert isinstance(value, Integral)
    if OLDEST_SECONDS <= int(value) < SECONDS_LIMIT:
        raise UsageError(
            f"expected {name} as milliseconds UTC, was {value}: it looks like seconds",
            hint="multiply by 1000",
        )


def check_one_of(name: str, value: object, known: Collection[str]) -> None:
    """Check one of some words."""
    if not isinstance(value, str):
        raise TypeError(f"expected {name} as text, was {brief(value)}")
    if value not in known:
        raise UsageError(f"expected {name} to be one of {', '.join(known)}, was {brief(value)}")


def is_texts(value: object) -> bool:
    """Whether a value is several texts, and no single one."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return False
    return all(isinstance(one, str) for one in value)


def is_named(value: object) -> bool:
    """Whether a value is values by name."""
    return isinstance(value, Mapping) and is_texts([*value])


def check_is(name: str, value: object, kind: type[Any], made_by: str = "") -> None:
    """Check an object of a type; made_by: how one is made, for a hint in the error."""
    if not isinstance(value, kind):
        how = f" ({made_by})" if made_by else ""
        raise TypeError(f"expected {name} as {kind.__name__}{how}, was {brief(value)}")
