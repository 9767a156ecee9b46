"""Asking strategies of either kind about all that they see, or about single rows of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars, Floats, Ints
from gpt_trader.domain.coarsen import spread, visible
from gpt_trader.domain.market import EMPTY, Market
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.strategy.answers import COLUMNS, ask_market, ask_targets
from gpt_trader.strategy.registry import is_array_strategy
from gpt_trader.strategy.sight import Group, Seen, groups_of, part


class Ends(NamedTuple):
    """Single rows of targets.

    values: (k, 5 p) float64, of each of p products in the order of COLUMNS, NaN where a column is
    left out. given: (k, 5 p) bool, whether it is there.
    """

    values: Floats
    given: NDArray[np.bool_]


def rows_of(answers: Sequence[Targets], rows: Ints) -> Ends:
    """Return some rows of an answer."""
    columns = [getattr(one, name) for one in answers for name in COLUMNS]
    values = [np.full(len(rows), np.nan) if one is None else one[rows] for one in columns]
    given = np.array([one is not None for one in columns])
    return Ends(np.stack(values, axis=1).astype(np.float64), np.tile(given, (len(rows), 1)))


def ask_seen(strategy: Any, seen: Seen, *, newest_only: bool = False) -> list[Targets]:  # noqa: ANN401
    """Return a strategy's answers, one a product, aligned with the rows of what it is shown."""
    if isinstance(seen, Bars):
        return [ask_targets(strategy, seen, newest_only=newest_only)]
    return ask_market(strategy, seen, newest_only=newest_only)


def ask_ends(strategy: Any, seen: Seen, windows: Sequence[tuple[int, int]]) -> Ends:  # noqa: ANN401
    """Return the last row of a strategy's answer to each window [begin, end) of what it sees."""
    values, given = [], []
    for begin, end in windows:
        found = ask_seen(strategy, part(strategy, seen, begin, end), newest_only=True)
        columns = [getattr(one, name) for one in found for name in COLUMNS]
        values.append([np.nan if one is None else float(one[-1]) for one in columns])
        given.append([one is not None for one in columns])
    shape = len(values), len(COLUMNS) * (1 if isinstance(seen, Bars) else len(seen.bars))
    return Ends(
        np.array(values, np.float64).reshape(shape), np.array(given, np.bool_).reshape(shape)
    )


def ask_groups(groups: Sequence[Group]) -> list[list[Targets] | None]:
    """Return the answers of each group, aligned with what it sees; None: it decides bar by bar."""
    return [
        ask_seen(one.strategy, one.seen) if is_array_strategy(type(one.strategy)) else None
        for one in groups
    ]


def by_product(
    groups: Sequence[Group], answers: Sequence[Sequence[Targets] | None]
) -> list[Targets | None]:
    """Return each product's targets, aligned with its own bars, with opinions as in a session."""
    found: dict[int, Targets | None] = {}
    for group, said in zip(groups, answers, strict=True):
        if said is None:
            found.update(dict.fromkeys(group.places))
            continue
        own = [_own(group, column, targets) for column, targets in enumerate(said)]
        if group.fine:
            pairs = zip(own, _shown(group.seen), group.fine, strict=True)
            own = [at_closes(*one, group.seen.time) for one in pairs]
        found.update(zip(group.places, own, strict=True))
    return [found[j] for j in sorted(found)]


def _shown(seen: Seen) -> list[Bars]:
    return [seen] if isinstance(seen, Bars) else list(seen.bars.values())


def _own(group: Group, column: int, targets: Targets) -> Targets:
    """Return a product's targets, aligned with the bars that are shown of it."""
    seen, min_bars = group.seen, group.strategy.min_bars
    if isinstance(seen, Bars):
        return without_early_opinions(targets, min_bars)
    own = without_early_opinions(targets, first_row(seen, min_bars) + 1)
    present = seen.row[:, column] >= 0
    return own if present.all() else own.rows(present)


def at_closes(targets: Targets, coarse: Bars, fine: Bars, grid: Ints) -> Targets:
    """Return targets of longer bars at the finer bars at which each is decided: the first one.

    That is the one that closes with it, or after it where there is none, unless a newer row of the
    grid, that of its market, has closed by then. At all others there is no opinion; conditions are
    those that were last decided on.
    """
    at, is_first = decided_at(coarse, fine)
    newest = np.searchsorted(grid + coarse.interval_ms, fine.time + fine.interval_ms, "right") - 1
    rows = np.flatnonzero(is_first)
    is_first[rows] = grid[newest[rows]] == coarse.time[at[rows]]
    columns: dict[str, Any] = {}
    for name in COLUMNS:
        column = getattr(targets, name)
        if column is not None:
            nothing = 0 if name == "max_bars" else np.nan
            out = np.full(len(fine), nothing, column.dtype)
            out[is_first] = column[at[is_first]]
            columns[name] = out

    def conditions() -> tuple[Condition, ...]:
        return tuple(
            replace(one, value=spread(one.value, at), threshold=spread(one.threshold, at))
            for one in targets.reasons()
        )

    return replace(targets, **columns, conditions=conditions)


def decided_at(coarse: Bars, fine: Bars) -> tuple[Ints, NDArray[np.bool_]]:
    """Return (n,) int64 which longer bar had closed by each fine one's close, -1: none; and bool.

    The second: whether it is decided there. At the first fine bar it is if it closes with it.
    """
    at = visible(fine, coarse)
    if not len(fine) or not len(coarse):
        return at, np.zeros(len(fine), np.bool_)
    ends_here = coarse.time[at[:1]] + coarse.interval_ms == fine.time[:1] + fine.interval_ms
    before = np.where(ends_here, -1, at[:1]) if at[0] >= 0 else at[:1]
    return at, np.diff(at, prepend=before) > 0


def ask_all(
    strategies: Sequence[Any],
    series: Sequence[Bars],
    reads: Mapping[str, Bars] = EMPTY,
    intervals: Sequence[int | None] = (),
) -> list[Targets | None]:
    """Return each product's targets; None of one whose strategy decides bar by bar.

    Arguments as in `sight.groups_of`.
    """
    groups = groups_of(strategies, series, reads, intervals)
    return by_product(groups, ask_groups(groups))


def first_row(market: Market, min_bars: int) -> int:
    """Return the first row of a market by which one of its products has had so many bars."""
    seen = market.row.max(axis=1, initial=-1) + 1 >= min_bars
    return int(seen.argmax()) if seen.any() else len(market)


def without_early_opinions(targets: Targets, min_bars: int) -> Targets:
    """Return targets whose rows before bar `min_bars` hold no opinion, as in a session."""
    early = slice(0, max(min_bars - 1, 0))
    if np.isnan(targets.weight[early]).all():
        return targets
    weight = targets.weight.copy()
    weight[early] = np.nan
    return replace(targets, weight=weight)
