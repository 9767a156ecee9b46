"""A search whose points are counted: what the command and the library run."""

import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from gpt_trader.backtest.asked import Counting
from gpt_trader.backtest.contained import contained
from gpt_trader.backtest.content import sketch
from gpt_trader.backtest.counted import SEED_BITS
from gpt_trader.backtest.holes import check_coverage, check_reads
from gpt_trader.backtest.plan_order import plan_order
from gpt_trader.backtest.prepare import histories_of
from gpt_trader.backtest.result import History
from gpt_trader.backtest.route import Route
from gpt_trader.backtest.seals import admit
from gpt_trader.backtest.trials import Books, Trial, books, identify, of_data, others, record
from gpt_trader.backtest.warm import known
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.decimals import in_plain_decimals
from gpt_trader.domain.stated import check_is
from gpt_trader.journal.root import state_root
from gpt_trader.measure.inference import Trials
from gpt_trader.optimize.given import Before, Floats, Sought
from gpt_trader.optimize.search import Search, optimize
from gpt_trader.optimize.space import Space


@in_plain_decimals
def optimize_and_count(
    bars: History | Sequence[History], sought: Sought, counting: Counting, *, load_s: float = 0.0
) -> Search:
    """Search and count each point as a trial, whoever counts those before; nobody if that is False.

    load_s: time spent on loading. A search opens no seal. Raises GapError, and what
    `search.optimize` and `seals.admit` do.
    """
    pairs = histories_of(bars)
    places = plan_order([one.product.product_id for one, _ in pairs], counting.order)
    given = [pairs[i][1] for i in places]
    check_coverage(given, counting.min_coverage_pct)
    series = [pairs[i][0] for i in places]
    check_reads(sought.reads, series, counting.min_coverage_pct)
    root, now_ms = state_root(counting.state_dir, os.environ), time.time_ns() // 1_000_000
    reader = of_data(sought.strategy.name, series, sought.label)
    admit(
        root, reader, list(map(known, given)),
        sealed_after_ms=counting.sealed_after_ms, unseal=False, now_ms=now_ms,
    )  # fmt: skip
    if sought.trials is not False:
        trial_of = partial(_trial, sought, series, [sketch(one) for one in series])
        sought = replace(sought, trials=partial(_count, books(root), trial_of, sought.trials))
    if sought.check_seed is None:
        sought = replace(sought, check_seed=secrets.randbits(SEED_BITS))
    with contained([sought.strategy], series) as moved:
        found = optimize(given, sought, now_ms=now_ms, load_s=load_s)
    return replace(found, notes=(*found.notes, *moved))


def _trial(sought: Sought, series: Sequence[Bars], content: Sequence[str], point: Any) -> Trial:  # noqa: ANN401
    """Return the trial that a point is."""
    return identify(
        [Route(point, (), sought.budget, sought.style)], series, costs=sought.costs,
        risk=sought.risk, label=sought.label, content=content, cash=sought.cash,
    )  # fmt: skip


def _count(
    ledger: Books,
    trial_of: Callable[[Any], Trial],
    told: Before | None,
    space: Space,
    sharpes: Floats,
) -> Trials:
    """Write every point down as a trial; return the trials that are none of these points.

    told: those, as somebody else counted them.
    """
    mine = [
        replace(trial_of(point), sharpe=None if np.isnan(sharpe) else float(sharpe))
        for point, sharpe in zip(space.strategies, sharpes, strict=True)
        if point is not None
    ]
    now_ms = time.time_ns() // 1_000_000
    wrong = record(ledger, mine, now_ms=now_ms)
    if told is None:
        found = others(ledger, mine[0], now_ms=now_ms)
        before = max(0, found.count - len(mine) + 1)  # what could not be written is found as well
        found = replace(found, count=before)
    else:
        found = told(space, sharpes) if callable(told) else told
        check_is("what trials counts", found, Trials)
    return found if wrong is None else replace(found, note=wrong)
