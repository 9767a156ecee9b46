"""Asking a strategy, and checking what it answers: the one place for backtest, replay and run."""

import inspect
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, NoReturn

import numpy as np

from gpt_trader.domain.bars import Bars, Floats
from gpt_trader.domain.targets import Condition, Target, Targets
from gpt_trader.errors import StrategyError

_COLUMNS = ("stop", "take_profit", "trail", "max_bars")
_FAULT = "this is a fault of the strategy"
_PROTECTION = {  # column: largest fraction (not included), and what is expected in words
    "stop": (1.0, "above 0 and below 1"),
    "take_profit": (np.inf, "above 0"),
    "trail": (1.0, "above 0 and below 1"),
}


def ask_targets(strategy: Any, bars: Bars, *, newest_only: bool = False) -> Targets:  # noqa: ANN401
    """Return a strategy's columns for the bars, as float64 (max_bars as int64).

    newest_only: check the values of the last row alone, which is all that is traded on.
    Raises StrategyError if a column is not what Targets describes, naming the first bar.
    """
    asked = strategy.targets
    found = asked(bars)
    if not isinstance(found, Targets):
        _refuse(strategy, asked, f"gave {_kind(found)}, expected Targets")
    n = len(bars)
    columns = {"weight": _column(strategy, asked, "weight", found.weight, n)}
    for name in _COLUMNS:
        column = getattr(found, name)
        if column is not None:
            columns[name] = _column(strategy, asked, name, column, n)
    begin = n - 1 if newest_only else 0
    _check_values(strategy, asked, bars, {k: c[begin:] for k, c in columns.items()}, begin)
    if "max_bars" in columns:
        columns["max_bars"] = columns["max_bars"].astype(np.int64)

    def conditions() -> tuple[Condition, ...]:
        return tuple(_condition(strategy, asked, c, n) for c in found.reasons())

    later = callable(found.conditions)
    return replace(found, **columns, conditions=cache(conditions) if later else conditions())


def without_early_opinions(targets: Targets, min_bars: int) -> Targets:
    """Return targets whose rows before bar `min_bars` hold no opinion, as in a session."""
    early = slice(0, max(min_bars - 1, 0))
    if np.isnan(targets.weight[early]).all():
        return targets
    weight = targets.weight.copy()
    weight[early] = np.nan
    return replace(targets, weight=weight)


def ask_on_bar(
    strategy: Any,  # noqa: ANN401
    window: Bars | None,
    seen: int,
    memory: Any,  # noqa: ANN401
) -> tuple[Target | None, Any]:
    """Ask a strategy that decides bar by bar; return its target and the memory to keep.

    window: the newest bars, at least `warmup` of them once there are so many; the strategy
    sees exactly the last `warmup`. seen: bars of the product so far; before `min_bars` there
    is no opinion and nothing is asked. The memory is what JSON makes of it, as after a restart.
    Raises StrategyError if the answer is not what BarStrategy describes, naming the bar.
    """
    if window is None or seen < strategy.min_bars:
        return None, memory
    view = window[-max(strategy.warmup, 1) :]
    asked = strategy.on_bar
    found = asked(view, memory)
    if not isinstance(found, tuple) or len(found) != 2:
        _refuse(strategy, asked, f"gave {_kind(found)}, expected (target or None, memory)")
    target, kept = found
    if target is not None and not isinstance(target, Target):
        _refuse(strategy, asked, f"gave {_kind(target)}, expected a Target or None")
    if target is not None:
        columns = {
            name: _column(strategy, asked, name, [getattr(target, name)], 1)
            for name in ("weight", *_COLUMNS)
        }
        _check_values(strategy, asked, view, columns, len(view) - 1)
    return target, _as_json(strategy, asked, kept)


def iso(bars: Bars, row: int) -> str:
    """Return the open time of a bar for people."""
    return f"{np.datetime_as_string(bars.time[row].astype('datetime64[ms]'), unit='s')}Z"


def _column(strategy: Any, asked: Callable[..., Any], name: str, values: Any, n: int) -> Floats:  # noqa: ANN401
    try:
        column = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        _refuse(strategy, asked, f"gave {_kind(values)} as {name}, expected numbers")
    if column.ndim != 1:
        _refuse(strategy, asked, f"gave {column.ndim} dimensions of {name}, expected 1")
    if len(column) != n:
        _refuse(strategy, asked, f"gave {len(column)} rows of {name} for {n} bars")
    return column


def _condition(strategy: Any, asked: Callable[..., Any], found: Any, n: int) -> Condition:  # noqa: ANN401
    if not isinstance(found, Condition):
        _refuse(strategy, asked, f"gave {_kind(found)}, expected a Condition")
    return replace(
        found,
        value=_column(strategy, asked, f"value of {found.label}", found.value, n),
        threshold=_column(strategy, asked, f"threshold of {found.label}", found.threshold, n),
    )


def _check_values(
    strategy: Any,  # noqa: ANN401
    asked: Callable[..., Any],
    bars: Bars,
    columns: dict[str, Floats],
    begin: int,
) -> None:
    """Refuse the first value out of its range. columns: rows begin, begin + 1, ... of the bars."""
    weight = columns["weight"]
    widest = max(np.fmax.reduce(weight, initial=0.0), -np.fmin.reduce(weight, initial=0.0))
    if len(columns) == 1 and widest <= 1.0:
        return
    wrong = {"weight": (np.abs(weight) > 1.0, "within -1 and 1, or NaN")}
    opens = np.abs(weight) > 0.0  # no other row's protection is ever used
    for name, (limit, words) in _PROTECTION.items():
        if name in columns:
            column = columns[name]
            inside = (column > 0.0) & (column < limit) | np.isnan(column)
            wrong[name] = (opens & ~inside, f"{words}, or NaN")
    if "max_bars" in columns:
        inside = (columns["max_bars"] >= 0) & (columns["max_bars"] < 2**53)
        wrong["max_bars"] = (~inside, "0 or more")
    for name, (rows, words) in wrong.items():
        if rows.any():
            row = int(rows.argmax())
            where = f"the {bars.product.product_id} bar at {iso(bars, begin + row)}"
            value = f"{columns[name][row]:g}"
            _refuse(strategy, asked, f"gave {name} {value} for {where}, expected {words}")


def _as_json(strategy: Any, asked: Callable[..., Any], memory: Any) -> Any:  # noqa: ANN401
    if memory is None:
        return None
    try:
        text = json.dumps(memory, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        _refuse(strategy, asked, f"gave a memory that is not JSON: {error}")
    return json.loads(text)


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__}"


def _refuse(strategy: Any, asked: Callable[..., Any], what: str) -> NoReturn:  # noqa: ANN401
    """Raise StrategyError, naming the line at which the method begins."""
    found = inspect.unwrap(asked)
    where = None
    if inspect.isfunction(found) or inspect.ismethod(found):
        code = found.__code__
        where = f"{code.co_filename}:{code.co_firstlineno}"
    raise StrategyError(f"strategy {strategy.name} {what}", hint=_FAULT, where=where)
