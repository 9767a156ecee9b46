"""Strategies that were refused in this process: what one kept of that call may pass the next.

A cache that a strategy leaves where nobody looks (an attribute of numpy, `sys.modules`, the
environment) holds all bars from the first call on, for every process that is begun after it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from gpt_trader.backtest.identity import code_sha256, tell_parameters
from gpt_trader.backtest.result import Result
from gpt_trader.domain.declared import declared
from gpt_trader.errors import ValidationGateError
from gpt_trader.measure.doubt import UNTESTED, Doubt
from gpt_trader.measure.verdict import cap

_REFUSED: dict[tuple[str, ...], str] = {}  # for what, by code and parameters


@contextmanager
def remembered(strategies: Sequence[Any]) -> Iterator[str | None]:
    """Give for what these strategies were refused here before; remember it if they are now."""
    key = _key(strategies)
    try:
        yield None if key is None else _REFUSED.get(key)
    except ValidationGateError as error:
        if key is not None and str(error).startswith("look-ahead"):
            _REFUSED[key] = str(error)
        raise


def say_refused(result: Result, why: str | None) -> Result:
    """Return a result with what is to be said of one that was refused before, and capped."""
    if why is None:
        return result
    said = f"The same code was refused in this process before ({why}): it may have kept later bars."
    checks = result.checks
    kept = (*checks.unreached, "state kept of a call that was refused")
    trust = result.assessment
    if trust is not None:
        trust = replace(trust, verdict=cap(trust.verdict, Doubt(UNTESTED, said)))
    return replace(
        result, notes=(*result.notes, said), checks=replace(checks, unreached=kept),
        assessment=trust,
    )  # fmt: skip


def _key(strategies: Sequence[Any]) -> tuple[str, ...] | None:
    """Return what stays of strategies from one call to the next; None of what has no such form."""
    told = []
    for one in strategies:
        code = code_sha256(type(one))
        if code is None:
            return None
        try:
            told += [type(one).__qualname__, code, repr(tell_parameters(declared(one)))]
        except ValueError:
            return None
    return tuple(told)
