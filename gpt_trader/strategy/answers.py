"""Asking a strategy, and checking what it answers: the one place for backtest, replay and run.

Code that somebody brings gets copies and gives copies: it holds no memory that anybody decides
by, and what it sets for its thread, such as the precision of decimals, ends with its answer.
"""

import copy
import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple, NoReturn

import numpy as np

from gpt_trader.domain.bars import Bars, Floats, Ints
from gpt_trader.domain.market import Market
from gpt_trader.domain.product import Product
from gpt_trader.domain.series import is_of_other_rows
from gpt_trader.domain.targets import Condition, Target, Targets
from gpt_trader.door import users_place
from gpt_trader.errors import StrategyError
from gpt_trader.strategy.aside import apart
from gpt_trader.strategy.registry import is_builtin, place_in_strategy
from gpt_trader.strategy.sight import Seen

_COLUMNS = ("stop", "take_profit", "trail", "max_bars")
COLUMNS = ("weight", *_COLUMNS)
MEMORY_BYTES = 16_384  # as JSON: the journal takes so much a bar and product, at most
_NOTE = "strategy "  # on errors of code that somebody brings
_FAULT = "this is a fault of the strategy"
_PROTECTION = {  # column: largest fraction (not included), and what is expected in words
    "stop": (1.0, "above 0 and below 1"),
    "take_profit": (np.inf, "above 0"),
    "trail": (1.0, "above 0 and below 1"),
}


def ask_targets(strategy: Any, bars: Bars, *, newest_only: bool = False) -> Targets:  # noqa: ANN401
    """Return a strategy's columns for the bars, as float64 (max_bars as int64).

    newest_only: check the values of the last row alone, which is all that is traded on.
    Raises StrategyError if a column is not what Targets describes, naming the first bar, or if
    the strategy tried to end the program; what else it fails with bears its name as a note.
    """
    found = _asked(strategy, bars)
    if not isinstance(found, Targets):
        _refuse(strategy, strategy.targets, f"gave {_kind(found)}, expected Targets")
    return _checked(strategy, found, bars, newest_only=newest_only)


def ask_market(strategy: Any, market: Market, *, newest_only: bool = False) -> list[Targets]:  # noqa: ANN401
    """Return a market strategy's columns for each product, aligned with the market's rows.

    It answers with Targets, or their weights alone, by product; of one that it leaves out it has
    no opinion. Where a product has no bar there is none either. newest_only, Raises: as
    `ask_targets`.
    """
    found = _asked(strategy, market)
    if not isinstance(found, Mapping):
        what = f"gave {_kind(found)}, expected targets by product"
        _refuse(strategy, strategy.targets, what, "return {product_id: Targets(weight), ...}")
    strange = [one for one in found if one not in market.bars]
    if strange:
        what = f"gave targets of {strange[0]}, expected of {', '.join(market.products)}"
        _refuse(strategy, strategy.targets, what)
    answers = []
    for j, product_id in enumerate(market.products):
        given = found.get(product_id)
        if given is None:
            given = Targets(np.full(len(market), np.nan))
        elif not isinstance(given, Targets):
            given = Targets(given)
        answers.append(_of_product(strategy, given, market, j, newest_only=newest_only))
    return answers


def _of_product(
    strategy: Any,  # noqa: ANN401
    given: Targets,
    market: Market,
    j: int,
    *,
    newest_only: bool,
) -> Targets:
    """Return product j's checked targets, without an opinion in the rows in which it is absent."""
    rows = _Rows(market.bars[market.products[j]].product, market.time)
    absent = market.row[:, j] < 0
    columns: dict[str, Any] = {
        name: _aligned(strategy, strategy.targets, name, getattr(given, name), rows)
        for name in COLUMNS
        if getattr(given, name) is not None or name == "weight"
    }
    if absent.any():
        for name, column in columns.items():
            nothing = 0.0 if name == "max_bars" else np.nan
            columns[name] = np.where(absent, nothing, column)
    return _checked(strategy, replace(given, **columns), rows, newest_only=newest_only)


class _Rows(NamedTuple):
    """A product, and the opens of the rows for which it is answered."""

    product: Product
    time: Ints

    def __len__(self) -> int:
        return len(self.time)


def _asked(strategy: Any, seen: Bars | Market) -> Any:  # noqa: ANN401
    """Return what a strategy answers; one that is not built in is shown a copy."""
    if is_builtin(type(strategy)):
        return strategy.targets(seen)
    with _apart(strategy):
        return strategy.targets(seen.copy())


def _checked(strategy: Any, found: Targets, bars: Bars | _Rows, *, newest_only: bool) -> Targets:  # noqa: ANN401
    """Return an answer for rows with columns of its own, as float64 (max_bars as int64)."""
    asked, brought = strategy.targets, not is_builtin(type(strategy))
    columns = {}
    for name in COLUMNS:
        column = getattr(found, name)
        if column is not None or name == "weight":
            columns[name] = _aligned(strategy, asked, name, column, bars)
    begin = len(bars) - 1 if newest_only else 0
    _check_values(strategy, asked, bars, {k: c[begin:] for k, c in columns.items()}, begin)
    if brought:
        columns = {name: column.copy() for name, column in columns.items()}
    if "max_bars" in columns:
        columns["max_bars"] = columns["max_bars"].astype(np.int64)

    def conditions() -> tuple[Condition, ...]:
        with _apart(strategy):
            said: Any = found.reasons()
        if not isinstance(said, Iterable):
            _refuse(strategy, asked, f"gave {_kind(said)} as conditions, expected several of them")
        return tuple(_condition(strategy, asked, one, bars) for one in said)

    later = callable(found.conditions)
    return replace(found, **columns, conditions=cache(conditions) if later else conditions())


def said_of_failure(error: Exception) -> str | None:
    """Return what a strategy failed with when it was asked; None if that was not its failure."""
    if isinstance(error, StrategyError):
        return error.message
    notes = vars(error).get("__notes__", ())
    if isinstance(error, MemoryError) or not any(note.startswith(_NOTE) for note in notes):
        return None
    return f"{type(error).__name__}: {error}".partition("\n")[0]


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
    Raises StrategyError as `ask_targets`.
    """
    if window is None or seen < strategy.min_bars:
        return None, memory
    view = window[-max(strategy.warmup, 1) :]
    asked = strategy.on_bar
    with _apart(strategy):
        found = asked(view.copy(), copy.deepcopy(memory))
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


def iso(bars: Seen | _Rows, row: int) -> str:
    """Return the open time of a bar for people."""
    return f"{np.datetime_as_string(bars.time[row].astype('datetime64[ms]'), unit='s')}Z"


@contextmanager
def _apart(strategy: Any) -> Iterator[None]:  # noqa: ANN401
    """Run code that a strategy brings: what it prints, sets and ends stays its own."""
    try:
        with apart():
            yield
    except Exception as error:
        if isinstance(error, AttributeError) and _is_of_a_market(error):
            raise StrategyError(
                f"strategy {strategy.name} was shown Bars, not a Market: no {error.name}",
                hint="name its argument market, or annotate it gt.Market",
                where=users_place(error),
            ) from error
        error.add_note(f"{_NOTE}{strategy.name}")
        raise
    except SystemExit as error:
        raise StrategyError(
            f"strategy {strategy.name} ended the program: SystemExit: {error}",
            hint=_FAULT,
            where=place_in_strategy(error) or users_place(error),
        ) from error


def _is_of_a_market(error: AttributeError) -> bool:
    """Whether code asked bars for what a market has."""
    return isinstance(error.obj, Bars) and error.name in dir(Market)


def _column(strategy: Any, asked: Callable[..., Any], name: str, values: Any, n: int) -> Floats:  # noqa: ANN401
    try:
        column = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        _refuse(strategy, asked, f"gave {_kind(values)} as {name}, expected numbers")
    if column.ndim != 1:
        _refuse(strategy, asked, f"gave {column.ndim} dimensions of {name}, expected 1")
    if len(column) != n:
        what = f"gave {len(column)} rows of {name} for {n} bars"
        _refuse(strategy, asked, what, _of_the_bars(asked) if len(column) > n else _FAULT)
    return column


def _aligned(
    strategy: Any,  # noqa: ANN401
    asked: Callable[..., Any],
    name: str,
    values: Any,  # noqa: ANN401
    bars: Bars | _Rows,
) -> Floats:
    column = _column(strategy, asked, name, values, len(bars))
    if is_of_other_rows(values, bars.time):
        _refuse(strategy, asked, f"gave {name} as a Series of other times than the bars")
    return column


def _condition(
    strategy: Any,  # noqa: ANN401
    asked: Callable[..., Any],
    found: Any,  # noqa: ANN401
    bars: Bars | _Rows,
) -> Condition:
    if not isinstance(found, Condition):
        _refuse(strategy, asked, f"gave {_kind(found)}, expected a Condition")
    return replace(
        found,
        value=_aligned(strategy, asked, f"value of {found.label}", found.value, bars),
        threshold=_aligned(strategy, asked, f"threshold of {found.label}", found.threshold, bars),
    )


def _check_values(
    strategy: Any,  # noqa: ANN401
    asked: Callable[..., Any],
    bars: Bars | _Rows,
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
        bars_held = columns["max_bars"]
        inside = (bars_held >= 0) & (bars_held < 2**53) & (bars_held == np.floor(bars_held))
        wrong["max_bars"] = (~inside, "a whole number of 0 or more")
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
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        _refuse(strategy, asked, f"gave a memory that is not JSON: {error}")
    if size > MEMORY_BYTES:
        _refuse(
            strategy,
            asked,
            f"gave a memory of {size:,} bytes, expected at most {MEMORY_BYTES:,}: all of it is "
            "written at every bar",
        )
    return json.loads(text)


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__}"


def _of_the_bars(asked: Callable[..., Any]) -> str:
    """Say what a column that was made of other bars is to be made of."""
    found = inspect.unwrap(asked)
    names = [*inspect.signature(found).parameters] if inspect.isroutine(found) else []
    bars = names[0] if len(names) == 1 else "the bars"
    return f"it is asked about shorter histories too: compute from {bars} alone, of each call"


def _refuse(
    strategy: Any,  # noqa: ANN401
    asked: Callable[..., Any],
    what: str,
    hint: str = _FAULT,
) -> NoReturn:
    """Raise StrategyError, naming the line at which the method begins."""
    found = inspect.unwrap(asked)
    where = None
    if inspect.isfunction(found) or inspect.ismethod(found):
        code = found.__code__
        where = f"{code.co_filename}:{code.co_firstlineno}"
    raise StrategyError(f"strategy {strategy.name} {what}", hint=hint, where=where)
