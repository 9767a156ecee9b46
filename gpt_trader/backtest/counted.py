"""A backtest that is counted: what the command and the library run."""

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from hashlib import sha256
from os import PathLike
from typing import Any, Literal

from gpt_trader.backtest.api import (
    DEFAULT_CASH,
    DEFAULT_RISK,
    Engine,
    assign,
    backtest,
    histories_of,
    routes_of,
)
from gpt_trader.backtest.contained import contained
from gpt_trader.backtest.content import sketch
from gpt_trader.backtest.holes import check_coverage
from gpt_trader.backtest.outcome import tell_outcome
from gpt_trader.backtest.plan_order import in_order, plan_order
from gpt_trader.backtest.result import History, Result
from gpt_trader.backtest.route import DEFAULT_STYLE, Route
from gpt_trader.backtest.run import Stop, never
from gpt_trader.backtest.seals import admit
from gpt_trader.backtest.trials import (
    Trial,
    books,
    count,
    identify,
    others,
    record,
    say_new,
    with_sharpe,
)
from gpt_trader.backtest.warm import before, known, since, wanted
from gpt_trader.data.checks.quality import LEAST_COVERAGE_PCT
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel, OrderStyle
from gpt_trader.domain.decimals import in_plain_decimals
from gpt_trader.domain.selection import Membership
from gpt_trader.journal.root import state_root
from gpt_trader.measure.assess import Trials, say_unrecorded
from gpt_trader.measure.path import Path as RunPath
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.base import BarStrategy, Strategy
from gpt_trader.strategy.registry import brings_code

SEED_BITS = 32
READ_FROM = ("file", "as_of", "sha256")  # a list that is newer and says the same decides the same


@in_plain_decimals
def backtest_and_count(  # noqa: PLR0913 - the library's call, each by its name
    bars: History | Sequence[History],
    strategy: Strategy | BarStrategy | Sequence[Route],
    *,
    costs: CostModel = DEFAULT_COSTS,
    risk: RiskPolicy | None = DEFAULT_RISK,
    style: OrderStyle = DEFAULT_STYLE,
    cash: Decimal | int = DEFAULT_CASH,
    close_at_end: bool = False,
    engine: Engine | None = None,
    self_check: bool = True,
    check_all: bool = False,
    detail: Sequence[Bars] = (),
    assess: bool = False,
    nulls: int | None = None,
    trials: Trials | Callable[[RunPath], Trials] | Literal[False] | None = None,
    label: str | None = None,
    universe: Membership | None = None,
    chosen_by: Mapping[str, Any] | None = None,
    sealed_after_ms: int | None = None,
    unseal: bool = False,
    state_dir: str | PathLike[str] | None = None,
    check_seed: int | None = None,
    start_ms: int | None = None,
    cold_start: bool = False,
    min_coverage_pct: float = LEAST_COVERAGE_PCT,
    made_of: Sequence[Bars] = (),
    order: Sequence[str] = (),
    load_s: float = 0.0,
    stop: Stop = never,
) -> Result:
    """Run a backtest (`api.backtest` has the other arguments) and count it as a trial.

    The same strategy, code, parameters, products, times, costs, limits and cash count once.
    trials: what else was tried, for the assessment; None: what the ledger knows; False: nobody
    counts, and no ledger is read or written. chosen_by: what decides the universe, as JSON holds
    it; None: its members. state_dir: the folder of the ledger,
    `trials.jsonl`; None: GPT_TRADER_STATE_DIR, else the user's state folder. A ledger that cannot
    be read or written fails no backtest: it is said in the notes and caps the verdict.
    check_seed: as in `api.backtest`; None: another at every run. start_ms: where the run begins,
    int64 ms UTC, None: at the first bar; on bars before it, and on those that a file was read with,
    strategies warm up unless cold_start: nothing is traded or measured there. min_coverage_pct:
    share of each product's bars that must be there. order: products that decide first, in this
    order, as a profile's do in a session; the others follow by name, however bars were given.
    sealed_after_ms: from where on these products' bars are sealed, int64 ms UTC; unseal: open what
    is, once and for ever (`seals.admit`).
    Raises GapError, and what `api.backtest` and `seals.admit` do.
    """
    root = state_root(state_dir, os.environ)
    ledger = books(root)
    now_ms = time.time_ns() // 1_000_000
    pairs = histories_of(bars)
    places = plan_order([one.product.product_id for one, _ in pairs], order)
    given = [pairs[i][1] for i in places]
    detail, made_of = in_order(detail, places), in_order(made_of, places)
    histories = [one if start_ms is None else since(one, start_ms) for one in given]
    check_coverage(histories, min_coverage_pct)
    series = [one for one, _ in histories_of(histories)]
    routes = routes_of(strategy, style)
    assigned = assign(routes, [one.product.product_id for one in series])
    early = [
        b[:0] if cold_start else wanted(before(one, start_ms), b, route.strategy)
        for one, b, route in zip(given, series, assigned, strict=True)
    ]
    decided = _members(universe) if chosen_by is None else chosen_by
    tell = partial(
        identify, routes, series, costs=costs, risk=risk, label=label, universe=_rule(decided),
        content=[sketch(one) for one in series], warmed_up=list(map(len, early)),
        cash=cash, close_at_end=close_at_end, detail=detail,
    )  # fmt: skip
    sealing = admit(
        root, tell(), list(map(known, given)),
        sealed_after_ms=sealed_after_ms, unseal=unseal, now_ms=now_ms,
    )  # fmt: skip
    beside = [*early, *detail]
    members = str(_members(universe))

    def tried(path: RunPath | None) -> Trial:  # what a strategy reads is known once it was asked
        is_told = path is not None and any(brings_code(route.strategy) for route in routes)
        did = tell_outcome(path, beside, members) if path is not None and is_told else ""
        return replace(tell(), did=did)

    if trials is None:
        trials = lambda path: others(ledger, tried(path), now_ms=now_ms)  # noqa: E731
    with contained([route.strategy for route in routes], series) as moved:
        result = backtest(
            histories,
            strategy,
            costs=costs,
            risk=risk,
            style=style,
            cash=cash,
            close_at_end=close_at_end,
            engine=engine,
            self_check=self_check,
            check_all=check_all,
            detail=detail,
            assess=assess,
            nulls=nulls,
            trials=None if trials is False else trials,
            label=label,
            universe=universe,
            chosen_by=decided,
            sealing=sealing,
            earlier=early,
            made_of=made_of,
            now_ms=now_ms,
            check_seed=secrets.randbits(SEED_BITS) if check_seed is None else check_seed,
            load_s=load_s,
            stop=stop,
        )
    result = replace(result, notes=(*result.notes, *moved))
    if trials is False:
        return result
    outcome = None if result.interrupted else result.metrics.sharpe
    trial = with_sharpe(tried(None if result.interrupted else result.path), outcome)
    if assess:  # whoever looks closely waits for the disk
        problem = record(ledger, [trial], now_ms=now_ms)
    else:
        problem = count(ledger, trial, now_ms=now_ms)
    if (said := say_new(trial)) is not None:
        result = replace(result, notes=(*result.notes, said))
    if problem is None:
        return result
    if result.assessment is not None:
        return replace(result, assessment=say_unrecorded(result.assessment, problem))
    return result if assess else replace(result, notes=(*result.notes, problem))


def _rule(universe: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return what decides a universe, without where that was read."""
    if universe is None:
        return None
    return {key: value for key, value in universe.items() if key not in READ_FROM}


def _members(universe: Membership | None) -> Mapping[str, Any] | None:
    if universe is None:
        return None
    listed = repr(universe.listed).encode()
    told = sha256(universe.moments.tobytes() + universe.mask.tobytes() + listed)
    return {"members": told.hexdigest(), "products": list(universe.product_ids)}
