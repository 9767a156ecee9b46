"""Decimals as the program counts with them, whatever precision a caller has set for his own."""

from collections.abc import Callable
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from functools import wraps

PLAIN = Context(
    prec=28, rounding=ROUND_HALF_EVEN, traps=[DivisionByZero, InvalidOperation, Overflow]
)


def in_plain_decimals[**P, R](call: Callable[P, R]) -> Callable[P, R]:
    """Let a function of the library count with the usual decimals: money is exact."""

    @wraps(call)
    def plain(*args: P.args, **options: P.kwargs) -> R:
        with localcontext(PLAIN):
            return call(*args, **options)

    return plain
