"""A backtest that is counted: what the command and the library run."""

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Any

from gpt_trader.backtest.api import run_backtest
from gpt_trader.backtest.asked import ALONE, Counting, Scrutiny, Shell, Terms
from gpt_trader.backtest.contained import contained
from gpt_trader.backtest.content import sketch
from gpt_trader.backtest.holes import check_coverage, check_reads
from gpt_trader.backtest.outcome import tell_outcome
from gpt_trader.backtest.plan_order import in_order, plan_order
from gpt_trader.backtest.prepare import assign, histories_of
from gpt_trader.backtest.refused import remembered, say_refused
from gpt_trader.backtest.result import History, Result
from gpt_trader.backtest.route import Route
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
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.decimals import in_plain_decimals
from gpt_trader.domain.selection import Membership
from gpt_trader.journal.root import state_root
from gpt_trader.measure.assess import say_unrecorded
from gpt_trader.measure.path import Path
from gpt_trader.strategy.registry import brings_code

SEED_BITS = 32
READ_FROM = ("file", "as_of", "sha256")  # a list that is newer and says the same decides the same


@in_plain_decimals
def backtest_and_count(
    bars: History | Sequence[History],
    routes: Sequence[Route],
    terms: Terms,
    scrutiny: Scrutiny,
    counting: Counting,
    shell: Shell = ALONE,
) -> Result:
    """Run a backtest (`front.backtest` says what is asked) and count it as a trial.

    Raises GapError, and what `api.run_backtest` and `seals.admit` do.
    """
    root, now_ms = state_root(counting.state_dir, os.environ), time.time_ns() // 1_000_000
    ledger, trials = books(root), scrutiny.trials
    given = _placed(bars, routes, terms, counting)
    tell = partial(_tell, given, scrutiny.label)
    sealing = admit(
        root, tell(), list(map(known, given.read)),
        sealed_after_ms=counting.sealed_after_ms, unseal=counting.unseal, now_ms=now_ms,
    )  # fmt: skip
    if trials is None:
        trials = lambda path: others(ledger, _tried(given, tell, path), now_ms=now_ms)  # noqa: E731
    seed = secrets.randbits(SEED_BITS) if scrutiny.check_seed is None else scrutiny.check_seed
    used = [route.strategy for route in routes]
    with remembered(used) as refused, contained(used, given.series) as moved:
        result = run_backtest(
            given.histories, routes, given.terms, replace(scrutiny, trials=trials, check_seed=seed),
            earlier=given.early, sealing=sealing, now_ms=now_ms, shell=shell,
        )  # fmt: skip
    result = say_refused(replace(result, notes=(*result.notes, *moved)), refused)
    if trials is False:
        return result
    path, sharpe = (None, None) if result.interrupted else (result.path, result.metrics.sharpe)
    trial = with_sharpe(_tried(given, tell, path), sharpe)
    # whoever looks closely waits for the disk
    write = partial(record, ledger, [trial]) if scrutiny.assess else partial(count, ledger, trial)
    return _say(result, say_new(trial), write(now_ms=now_ms))


@dataclass(frozen=True, slots=True)
class _Given:
    """What is run, one entry a product, in the order in which they decide.

    read: as it was given, with what is before the run. early: the bars before it on which its
    strategy warms up.
    """

    read: list[History]
    histories: list[History]
    series: list[Bars]
    early: list[Bars]
    routes: Sequence[Route]
    terms: Terms


def _placed(
    bars: History | Sequence[History], routes: Sequence[Route], terms: Terms, counting: Counting
) -> _Given:
    """Return what is run of what was given; raise GapError if too much of it is missing."""
    pairs = histories_of(bars)
    places = plan_order([one.product.product_id for one, _ in pairs], counting.order)
    read, start_ms = [pairs[i][1] for i in places], counting.start_ms
    histories = [one if start_ms is None else since(one, start_ms) for one in read]
    check_coverage(histories, counting.min_coverage_pct)
    series = [one for one, _ in histories_of(histories)]
    check_reads(terms.reads, series, counting.min_coverage_pct)
    assigned = assign(routes, [one.product.product_id for one in series])
    early = [
        b[:0] if counting.cold_start else wanted(before(one, start_ms), b, route)
        for one, b, route in zip(read, series, assigned, strict=True)
    ]
    chosen_by = terms.chosen_by
    if terms.universe is not None and chosen_by is None:
        chosen_by = _members(terms.universe)
    placed = replace(terms, detail=in_order(terms.detail, places), chosen_by=chosen_by)
    return _Given(read, histories, series, early, routes, placed)


def _tell(given: _Given, label: str | None) -> Trial:
    """Return the trial that this is, before it has run."""
    terms = given.terms
    return identify(
        given.routes, given.series, costs=terms.costs, risk=terms.risk, label=label,
        universe=_rule(terms.chosen_by), content=[sketch(one) for one in given.series],
        warmed_up=list(map(len, given.early)), cash=terms.cash,
        close_at_end=terms.close_at_end, detail=terms.detail, reads=terms.reads,
    )  # fmt: skip


def _tried(given: _Given, tell: Callable[[], Trial], path: Path | None) -> Trial:
    """Return the trial that it was: what a strategy reads is known once it was asked."""
    if path is None or not any(brings_code(route.strategy) for route in given.routes):
        return tell()
    members = None if given.terms.universe is None else _members(given.terms.universe)
    did = tell_outcome(
        path, [*given.early, *given.terms.detail, *given.terms.reads.values()], str(members)
    )
    return replace(tell(), did=did)


def _say(result: Result, said: str | None, problem: str | None) -> Result:
    """Return a result with what is to be said of the trial that it was."""
    if said is not None:
        result = replace(result, notes=(*result.notes, said))
    if problem is None:
        return result
    result = replace(result, notes=(*result.notes, problem))
    if result.assessment is None:
        return result
    return replace(result, assessment=say_unrecorded(result.assessment, problem))


def _rule(universe: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return what decides a universe, without where that was read."""
    if universe is None:
        return None
    return {key: value for key, value in universe.items() if key not in READ_FROM}


def _members(universe: Membership) -> Mapping[str, Any]:
    """Return the members of a universe as JSON holds them."""
    listed = repr(universe.listed).encode()
    told = sha256(universe.moments.tobytes() + universe.mask.tobytes() + listed)
    return {"members": told.hexdigest(), "products": list(universe.product_ids)}
