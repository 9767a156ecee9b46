"""A backtest checks itself: a strategy that sees the future, a warm-up that is too short.

A row's answer is asked for once more on the trailing window of `warmup` bars that ends there, as
live trading does. If it is the answer of the whole history to the last bit, that row used no
later bar and no older one. The first rows are asked before the strategy has seen the whole history;
which rows are asked is `sample`'s, and in which process is the caller's.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.data.checks.findings import Judged
from gpt_trader.domain.bars import Bars, Ints
from gpt_trader.domain.targets import Targets
from gpt_trader.domain.text import shown_by_fields
from gpt_trader.errors import ValidationGateError
from gpt_trader.measure import sample
from gpt_trader.measure.sample import ALL, BROUGHT, BUILT_IN, Budget, Reach
from gpt_trader.strategy.answers import COLUMNS, iso
from gpt_trader.strategy.asked import Ends, ask_ends, rows_of
from gpt_trader.strategy.base import Strategy
from gpt_trader.strategy.registry import brings_code, is_array_strategy
from gpt_trader.strategy.sight import Group, Seen

TIMES = 5  # a row is asked again before it is said what its difference means

Windows = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Ask:
    """How a strategy is asked again about what it sees.

    ends: the last row of its answer to each window [begin, end). asked_in: as in
    `Reach`, by now.
    """

    ends: Callable[[Windows], Ends]
    asked_in: Callable[[], str]


@shown_by_fields
@dataclass(frozen=True, slots=True)
class Checks:
    """What was checked; ok is None where nothing was (switched off, or too little data).

    asked: False if the checks were switched off. data: what is odd about each product's bars.
    reach: how far the look-ahead check reached; None where there was none. unreached: files that
    the strategy reads, and all else it reaches for, of which nobody cuts off what is later.
    outside: where it holds what may be signals made outside of it, such as `parameter NAME`.
    """

    sampled: int
    lookahead_ok: bool | None
    warmup_bars: int
    warmup_ok: bool | None
    asked: bool = True
    data: tuple[Judged, ...] = ()
    reach: Reach | None = None
    unreached: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()

    def lookahead_json(self) -> dict[str, Any]:
        """Return what was checked for look-ahead, and how far that reached, as JSON holds it."""
        reach = {f.name: None for f in fields(Reach)} if self.reach is None else asdict(self.reach)
        told = {"sampled": self.sampled, "ok": self.lookahead_ok}
        beyond = {"unreached": list(self.unreached), "outside": list(self.outside)}
        return told | reach | beyond


NO_CHECKS = Checks(sampled=0, lookahead_ok=None, warmup_bars=0, warmup_ok=None)
NOT_ASKED = replace(NO_CHECKS, asked=False)


@dataclass(frozen=True, slots=True)
class Begun:
    """A check of a strategy before it has answered to all that it sees: of a product, or a market.

    rows: (k,) int64 that were asked, ends: what it answered.
    """

    strategy: Strategy
    seen: Seen
    ask: Ask
    budget: Budget
    seed: int
    rows: Ints
    ends: Ends


def begin(strategy: Strategy, seen: Seen, ask: Ask, *, seed: int, budget: Budget = ALL) -> Begun:
    """Ask about rows that chance draws, before anybody shows the strategy what comes after them.

    ask: how it is asked. budget: how many rows it may be.
    """
    most = sample.most_rows(budget, strategy.warmup * len(_all_bars(seen)))
    rows = sample.draw_first(_first(strategy), len(seen) - 1, most, seed)
    return Begun(strategy, seen, ask, budget, seed, rows, ask.ends(_windows(strategy, rows)))


def finish(begun: Begun, full: Sequence[Targets]) -> Checks:
    """Check what a strategy answered to all that it sees, one a product, by the rows of that.

    Asks the rows that matter by that answer. Raises ValidationGateError naming the earliest of
    the bars asked that differs, and its column.
    """
    strategy, seen = begun.strategy, begun.seen
    drawn = sample.draw_rest(
        begun.rows,
        [one.weight for one in full],
        _closes(seen),
        first=_first(strategy),
        most=sample.most_rows(begun.budget, strategy.warmup * len(full)),
        moves=begun.budget.moves,
        seed=begun.seed,
    )
    _compare(begun, full, begun.rows, begun.ends)
    _compare(begun, full, drawn.rows, begun.ask.ends(_windows(strategy, drawn.rows)))
    checked = len(begun.rows) + len(drawn.rows)
    if not checked:
        return replace(NO_CHECKS, warmup_bars=strategy.warmup)
    last = max(begun.rows.max(initial=0), drawn.rows.max(initial=0))
    return Checks(
        sampled=checked,
        lookahead_ok=True,
        warmup_bars=strategy.warmup,
        warmup_ok=True if last + 1 >= strategy.warmup else None,
        reach=Reach(
            rows=len(seen) - 1 - _first(strategy),
            rows_checked=checked,
            changes=drawn.changes,
            changes_checked=drawn.changes_checked,
            peek_changes=drawn.peek_changes,
            peek_rows=drawn.peek_rows,
            seed=begun.seed,
            asked_in=begun.ask.asked_in(),
        ),
    )


def begin_each(
    groups: Sequence[Group],
    asks: Sequence[Ask],
    *,
    seed: int,
    every_row: bool = False,
) -> list[Begun]:
    """Begin every group's check; all of its rows, or as many as cost little."""
    share = len(groups)
    return [
        begin(
            one.strategy,
            one.seen,
            ask,
            seed=seed,
            budget=_budget(one.strategy, share, every_row=every_row),
        )
        for one, ask in zip(groups, asks, strict=True)
        if is_array_strategy(type(one.strategy))
    ]


def finish_each(begun: Sequence[Begun], answers: Sequence[Sequence[Targets] | None]) -> Checks:
    """Finish them, as one; answers: None where a strategy decides bar by bar. Raises as `finish`.

    Such a strategy is shown no later bar, so there is nothing to check.
    """
    said = [one for one in answers if one is not None]
    return together([finish(one, full) for one, full in zip(begun, said, strict=True)])


def together(parts: list[Checks]) -> Checks:
    """Return the checks of several products as one."""
    if not parts:
        return NO_CHECKS
    return Checks(
        sampled=sum(p.sampled for p in parts),
        lookahead_ok=True if all(p.lookahead_ok for p in parts) else None,
        warmup_bars=max(p.warmup_bars for p in parts),
        warmup_ok=True if all(p.warmup_ok for p in parts) else None,
        reach=sample.together([p.reach for p in parts if p.reach is not None]),
    )


def differences(a: Ends, b: Ends) -> NDArray[np.bool_]:
    """Return (k, 5 p) bool: where two lists of rows differ in the last bit; NaN is NaN."""
    both_nan = np.isnan(a.values) & np.isnan(b.values)
    bits = a.values.view(np.int64) != b.values.view(np.int64)
    return np.asarray((bits & ~both_nan) | (a.given != b.given))


def _budget(strategy: Strategy, products: int, *, every_row: bool) -> Budget:
    if every_row:
        return ALL
    return sample.share(BROUGHT if brings_code(strategy) else BUILT_IN, products)


def _first(strategy: Strategy) -> int:
    """Return the first row that can hold an opinion."""
    return max(strategy.min_bars - 1, 0)


def _windows(strategy: Strategy, rows: Ints) -> Windows:
    """Return the bars that live trading would see at some rows."""
    warmup = max(strategy.warmup, 1)
    return [(max(0, row + 1 - warmup), row + 1) for row in rows.tolist()]


def _all_bars(seen: Seen) -> list[Bars]:
    return [seen] if isinstance(seen, Bars) else list(seen.bars.values())


def _closes(seen: Seen) -> list[NDArray[Any]]:
    """Return each product's close at each row; NaN where it has no bar."""
    return [seen.close] if isinstance(seen, Bars) else list(seen.close.T)


def _place(seen: Seen, column: int) -> tuple[str, str]:
    """Return the product and the name of a column of `Ends`."""
    j, name = divmod(column, len(COLUMNS))
    return _all_bars(seen)[j].product.product_id, COLUMNS[name]


def _compare(begun: Begun, full: Sequence[Targets], rows: Ints, ends: Ends) -> None:
    wrong = differences(ends, rows_of(full, rows)).any(axis=1)
    if wrong.any():
        at = int(wrong.argmax())
        _fail(begun, full, int(rows[at]), Ends(ends.values[at : at + 1], ends.given[at : at + 1]))


def _fail(begun: Begun, full: Sequence[Targets], row: int, first: Ends) -> None:
    """Say what it means that a row's answer differs, by asking it again, and of all bars until it.

    first: what was answered about its window at first. Who answers the same here as of all bars,
    and something else where it is asked again, goes by what is here and not there.
    """
    strategy, seen, ask = begun.strategy, begun.seen, begun.ask
    products = ", ".join(one.product.product_id for one in _all_bars(seen))
    window = max(strategy.warmup, 1)
    [part] = _windows(strategy, np.array([row]))
    again = ask.ends([(0, row + 1)] * TIMES)
    one = Ends(again.values[:1], again.given[:1])
    if differences(again, one).any() or differences(ask.ends([part] * TIMES), first).any():
        raise ValidationGateError(
            f"look-ahead cannot be told: {strategy.name} answers otherwise when it is asked again "
            f"about the {products} bars until {iso(seen, row)}",
            hint="draw random numbers from a seed of the bars, and keep nothing between answers",
        )
    said = rows_of(full, np.array([row]))
    later = differences(one, said)[0]
    product, column = _place(seen, int(later.argmax()))
    if later.any() and not differences(ask_ends(strategy, seen, [(0, row + 1)]), said).any():
        raise ValidationGateError(
            f"look-ahead cannot be told: {strategy.name} answers otherwise in a fresh process "
            f"about {column} of the {product} bar at "
            f"{iso(seen, row)}: state set from outside, or kept of later bars",
            hint="make what is set from outside a parameter, and keep nothing between answers",
        )
    if later.any():
        raise ValidationGateError(
            f"look-ahead: {strategy.name} changes {column} of the "
            f"{product} bar at {iso(seen, row)} when the bars after it are cut off",
            hint="row i of the targets may use bars up to and including i only: look for "
            "shift(-1), a centered window, or a mean, maximum or fit of the whole history",
        )
    product, column = _place(seen, int(differences(first, said)[0].argmax()))
    raise ValidationGateError(
        f"warm-up: {strategy.name} declares {strategy.warmup} bars, but {column} of the "
        f"{product} bar at {iso(seen, row)} differs on the last {window}",
        hint="declare a longer warmup: live trading sees only so many bars",
    )
