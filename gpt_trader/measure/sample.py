"""Which rows of a strategy's answers are checked, and what such a sample may miss.

All of them where that costs no more than a budget says. Else some that chance draws from a seed
that is told, those at which the answer changes, and those before the largest moves: a result is
only as good as what was looked at, so how many that were stands beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import lgamma
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Ints

Floats = NDArray[np.float64]

MISSED = 0.05  # the chance at which a peek counts as one that would have been found
AT_CHANGES = 0.75  # share of a budget that is spent on changes, where they do not all fit
LEAST_ROWS = 12


class Budget(NamedTuple):
    """Most rows that are asked again, most bars that their windows take, rows of large moves."""

    rows: int
    bars: int
    moves: int


# About a second (`make bench`): every row of 5,760 bars with a warm-up of 60.
BROUGHT = Budget(rows=10_000, bars=1_000_000, moves=64)
BUILT_IN = Budget(rows=50, bars=200_000, moves=0)  # tests hold these to every row
ALL = Budget(rows=2**62, bars=2**62, moves=0)


# The surest first: code of this package, which keeps nothing; a process of its own that imports the
# code anew; such a process as it was forked; a second copy of the code; the strategy itself.
ASKED_IN = ("built in", "process", "fork", "module", "same")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a check reached.

    rows: of which the answer could have been known too early; changes: those of them at which it
    changes, the row before among them. peek_changes, peek_rows: a peek at so many changes, or on so
    many other rows, would have been found with a chance of 95 %; 1 where all were checked, None
    where none was. seed: what chance drew from. asked_in: "process" (of its own, with the code
    imported anew), "module" (imported anew beside the first) or "same" (as it was).
    """

    rows: int
    rows_checked: int
    changes: int
    changes_checked: int
    peek_changes: int | None
    peek_rows: int | None
    seed: int
    asked_in: str


class Drawn(NamedTuple):
    """Rows to check beside those already asked, (k,) int64 rising, and figures of `Reach`."""

    rows: Ints
    changes: int
    changes_checked: int
    peek_changes: int | None
    peek_rows: int | None


def most_rows(budget: Budget, warmup: int) -> int:
    """Return how many rows a budget allows."""
    return max(min(budget.rows, budget.bars // max(warmup, 1)), LEAST_ROWS)


def draw_first(first: int, end: int, most: int, seed: int) -> Ints:
    """Return rows of [first, end) that are asked before anything is known of the answer, rising.

    All of them if `most` allows it, else as many as are not kept for changes.
    """
    n = max(end - first, 0)
    if n <= most:
        return np.arange(first, first + n)
    by_chance = np.random.default_rng(seed)
    drawn = by_chance.choice(n, most - int(most * AT_CHANGES), replace=False)
    return np.asarray(np.sort(first + drawn))


def draw_rest(
    asked: Ints,
    weights: Sequence[Floats],
    closes: Sequence[NDArray[Any]],
    *,
    first: int,
    most: int,
    moves: int,
    seed: int,
) -> Drawn:
    """Return what to ask besides the rows that `draw_first` gave, once the answer is known.

    Where the answer changes, before the largest moves, and elsewhere what is left of `most`.
    weights, closes: (n,) each, one a product: the answer and the prices. No later bar exists that
    the last row could have known.
    """
    end = len(weights[0]) - 1
    n = max(end - first, 0)
    is_change, is_asked = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    for weight in weights:
        is_change |= changing(weight, first, end)
    is_asked[asked - first] = True
    changes = np.flatnonzero(is_change) + first
    if len(asked) == n:
        return Drawn(np.empty(0, np.int64), len(changes), len(changes), 1, 1)
    by_chance = np.random.default_rng([seed, 1])
    left = np.flatnonzero(is_change & ~is_asked) + first
    at_changes = min(len(left), int(most * AT_CHANGES))
    chosen = by_chance.choice(left, at_changes, replace=False)
    taken = np.flatnonzero(is_change | is_asked) + first
    elsewhere = min(n - len(taken), most - len(asked) - at_changes)
    others = _others(taken, first, by_chance.choice(n - len(taken), elsewhere, replace=False))
    paying = before_moves(closes, first, end, moves)
    checked = len(changes) - len(left) + at_changes
    return Drawn(
        rows=np.setdiff1d(np.concatenate([chosen, others, paying]), asked),
        changes=len(changes),
        changes_checked=checked,
        peek_changes=found_from(len(changes), checked),
        peek_rows=found_from(n - len(changes), len(asked) - (len(changes) - len(left)) + elsewhere),
    )


def changing(weight: Floats, first: int, end: int) -> NDArray[np.bool_]:
    """Return, of each row of [first, end), whether the answer changes there or at the next one.

    The row before belongs to it: who knows the next bar keeps what he would have changed.
    """
    bits = np.ascontiguousarray(weight, np.float64).view(np.int64)[first : end + 1]
    changes = bits[1:] != bits[:-1]  # from each row to the next one
    changes[1:] |= changes[:-1].copy()
    return np.asarray(changes)


def before_moves(closes: Sequence[NDArray[Any]], first: int, end: int, most: int) -> Ints:
    """Return the rows before the largest moves of a close: there a look ahead pays most."""
    if not most or end <= first:
        return np.empty(0, np.int64)
    moves = np.zeros(end - first)
    for close in closes:
        with np.errstate(invalid="ignore"):
            own = np.abs(np.diff(close[first : end + 1]) / close[first:end])
        np.fmax(moves, own, out=moves)
    return np.argpartition(moves, -min(most, len(moves)))[-most:] + first


def found_from(pool: int, drawn: int) -> int | None:
    """Return the fewest rows of a pool that a draw meets with a chance of at least 1 - MISSED.

    The chance to miss m of them is C(pool - m, drawn) / C(pool, drawn), the hypergeometric law.
    None: no number is, since nothing was drawn.
    """
    if pool == drawn:
        return 1
    if drawn == 0:
        return None
    low, high = 1, pool - drawn + 1
    while low < high:
        middle = (low + high) // 2
        if chance_to_miss(pool, drawn, middle) <= MISSED:
            high = middle
        else:
            low = middle + 1
    return low


def chance_to_miss(pool: int, drawn: int, rows: int) -> float:
    """Return the chance that a draw without replacement meets none of some rows of a pool."""
    left = pool - rows
    if left < drawn:
        return 0.0
    ways = lgamma(left + 1) - lgamma(left - drawn + 1)
    of_all = lgamma(pool + 1) - lgamma(pool - drawn + 1)
    return float(np.exp(ways - of_all))


def _others(taken: Ints, first: int, numbers: Ints) -> Ints:
    """Return the rows from `first` on that are not taken, by their number among these."""
    free_before = taken - first - np.arange(len(taken))  # such rows before each one that is taken
    return first + numbers + np.searchsorted(free_before, numbers, side="right")


def say(reach: Mapping[str, Any]) -> str:
    """Say how far a check reached, from `Reach` as JSON holds it."""
    if reach["rows_checked"] == reach["rows"]:
        text = f"all {reach['rows']:,} rows"
    else:
        missed = " or ".join(
            f"{'any' if least is None else f'fewer than {least:,}'} {what}"
            for what, least in (("changes", reach["peek_changes"]), ("rows", reach["peek_rows"]))
            if least != 1
        )
        text = (
            f"{reach['rows_checked']:,} of {reach['rows']:,} rows, {reach['changes_checked']:,} of "
            f"{reach['changes']:,} changes, drawn from seed {reach['seed']}; a peek on {missed} "
            "may be missed"
        )
    return text + _ASKED[reach["asked_in"]]


_ASKED = {
    "built in": "",
    "process": "",
    "fork": "; with what its code had kept before",
    "module": "; in this process, by a second copy of its code",
    "same": "; in this process, with what its code had kept before",
}


def share(budget: Budget, products: int) -> Budget:
    """Return what each of some products may take of a budget."""
    return Budget(*(amount // products for amount in budget))


def together(parts: list[Reach]) -> Reach | None:
    """Return how far the checks of several products reached as one: a peek hides in the weakest."""
    if not parts:
        return None
    return Reach(
        rows=sum(part.rows for part in parts),
        rows_checked=sum(part.rows_checked for part in parts),
        changes=sum(part.changes for part in parts),
        changes_checked=sum(part.changes_checked for part in parts),
        peek_changes=_weakest([part.peek_changes for part in parts]),
        peek_rows=_weakest([part.peek_rows for part in parts]),
        seed=parts[0].seed,
        asked_in=max((part.asked_in for part in parts), key=ASKED_IN.index),
    )


def _weakest(sizes: list[int | None]) -> int | None:
    return None if None in sizes else max(size for size in sizes if size is not None)
