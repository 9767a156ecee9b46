"""A strategy of single products, asked about each product of a market.

A trailing window of a market has so many rows, not so many bars of each product. So that it says
what the full history says, a product is asked about anew where it was absent for as many rows as
the strategy needs bars, and without an opinion where it has too few bars within the window.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars, Ints
from gpt_trader.domain.market import Market
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.strategy.answers import COLUMNS, ask_targets
from gpt_trader.strategy.asked import without_early_opinions
from gpt_trader.strategy.base import Strategy


def window_rows(strategy: Strategy) -> int:
    """Return the rows of a market whose last one says what the full history says.

    They hold enough bars of a product that has at least every other one.
    """
    return 2 * strategy.warmup + strategy.min_bars


def ask_each(strategy: Strategy, market: Market) -> list[Targets]:
    """Return a strategy's targets of each product, aligned with the market's rows.

    Where a product is absent its weight and conditions are NaN. Raises StrategyError as
    `ask_targets`.
    """
    return [
        _on_grid(_ask(strategy, bars, np.flatnonzero(market.row[:, j] >= 0)), market.row[:, j])
        for j, bars in enumerate(market.bars.values())
    ]


def _ask(strategy: Strategy, bars: Bars, rows: Ints) -> Targets:
    """Return targets aligned with a product's own bars, which are at these rows of the grid."""
    absent_rows = np.diff(rows) - 1
    begins = [0, *(np.flatnonzero(absent_rows >= strategy.min_bars) + 1).tolist()]
    ends = [*begins[1:], len(bars)]
    pieces = [
        _known(strategy, ask_targets(strategy, bars[begin:end]), rows[begin:end])
        for begin, end in zip(begins, ends, strict=True)
    ]
    return pieces[0] if len(pieces) == 1 else _joined(pieces)


def _known(strategy: Strategy, said: Targets, rows: Ints) -> Targets:
    """Take away what no window may hold enough bars for, and opinions before min_bars."""
    said = without_early_opinions(said, strategy.min_bars)
    window = window_rows(strategy)
    bars_within = np.arange(len(rows)) + 1 - np.searchsorted(rows, rows - window + 1)
    begins_within = rows - rows[:1] < window - strategy.min_bars
    known = begins_within | (bars_within >= strategy.warmup)
    if known.all():
        return said

    def conditions() -> tuple[Condition, ...]:
        return tuple(replace(c, value=np.where(known, c.value, np.nan)) for c in said.reasons())

    return replace(said, weight=np.where(known, said.weight, np.nan), conditions=conditions)


def _joined(pieces: Sequence[Targets]) -> Targets:
    """Return the targets of stretches that follow one another."""
    columns: dict[str, Any] = {
        name: None
        if getattr(pieces[0], name) is None
        else np.concatenate([getattr(one, name) for one in pieces])
        for name in COLUMNS
    }

    def conditions() -> tuple[Condition, ...]:
        return tuple(
            replace(
                same[-1],
                value=np.concatenate([c.value for c in same]),
                threshold=np.concatenate([c.threshold for c in same]),
            )
            for same in zip(*(one.reasons() for one in pieces), strict=True)
        )

    return Targets(**columns, conditions=conditions)


def _on_grid(said: Targets, at: Ints) -> Targets:
    """Return targets of a product's bars at each row; at: (n,) which of them, -1: absent."""
    if len(said.weight) == len(at):
        return said

    def spread(column: NDArray[Any], missing: float) -> NDArray[Any]:
        return np.append(column, missing).astype(column.dtype)[at]

    columns: dict[str, Any] = {
        name: None
        if (column := getattr(said, name)) is None
        else spread(column, 0 if name == "max_bars" else np.nan)
        for name in COLUMNS
    }

    def conditions() -> tuple[Condition, ...]:
        return tuple(
            replace(c, value=spread(c.value, np.nan), threshold=spread(c.threshold, np.nan))
            for c in said.reasons()
        )

    return Targets(**columns, conditions=conditions)
