"""Exact numbers and times as text: no float is ever printed as money."""

import textwrap
from collections.abc import Iterable
from dataclasses import fields
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.brief import brief
from gpt_trader.signs import printed

MONEY_PLACES = 8  # money is whole units of 1e-8 quote
LEAST_PLACES = 2
MOST_LINES, WIDTH = 25, 100  # of what a value says of itself


def fixed(value: int, places: int) -> str:
    """Return value / 10**places with that many decimals: -150 with 2 places is "-1.50"."""
    if places <= 0:
        return str(value * 10**-places)
    sign = "-" if value < 0 else ""
    whole, part = divmod(abs(value), 10**places)
    return f"{sign}{whole}.{part:0{places}d}"


def units_text(units: int) -> str:
    """Return units of 1e-8 quote in quote, exact, with at least two decimals."""
    text = fixed(units, MONEY_PLACES)
    shortest = len(text) - MONEY_PLACES + LEAST_PLACES
    return text[:shortest] + text[shortest:].rstrip("0")


def money_text(value: Decimal) -> str:
    """Return money of at most eight decimals, exact, with at least two of them."""
    return units_text(int(value.scaleb(MONEY_PLACES)))


def grid_of(increment: Decimal) -> tuple[int, int]:
    """Return (k, places) so that n increments are `fixed(n * k, places)`."""
    sign, digits, exponent = increment.normalize().as_tuple()
    assert sign == 0  # an increment is positive
    assert isinstance(exponent, int)  # and finite
    return int("".join(map(str, digits))), -exponent


def iso_times(time_ms: NDArray[np.int64]) -> list[str]:
    """Return int64 ms UTC as ISO-8601 text with milliseconds and Z."""
    text = np.datetime_as_string(time_ms.astype("datetime64[ms]"), unit="ms")
    return [f"{one}Z" for one in text.tolist()]


def printable(text: str) -> str:
    """Return a text with signs that would move a cursor, or color it, in the words of Python."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def shown(lines: Iterable[str]) -> str:
    """Return lines as a value's `repr`: wrapped to 100 columns, and at most 25 of them.

    Of signs that stdout can print: Python raises an error of others.
    """
    wrapped = [part for line in lines for part in _wrap(line)]
    if len(wrapped) > MOST_LINES:
        left = len(wrapped) - MOST_LINES + 1
        wrapped = [*wrapped[: MOST_LINES - 1], f"... {left:,} more lines"]
    return printed("\n".join(wrapped))


def shown_by_fields[T](given: type[T]) -> type[T]:
    """Let a dataclass say its fields in its `repr`, as `shown` does, long values cut."""
    kind: Any = given
    names = [field.name for field in fields(kind) if field.repr]

    def told(self: object) -> str:
        said = ", ".join(f"{name}={brief(getattr(self, name))}" for name in names)
        return shown([f"{given.__name__}({said})"])

    kind.__repr__ = told
    return given


def _wrap(line: str) -> list[str]:
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent)
