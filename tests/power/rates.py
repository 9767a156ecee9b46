"""What the verdict says of a seed of a world, and how often it says what."""

from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple
from unittest.mock import patch

from gpt_trader.backtest.result import Result
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import order_style
from gpt_trader.measure.assess import Trials
from gpt_trader.measure.baselines import baselines
from gpt_trader.measure.doubt import BELOW_LUCK
from gpt_trader.measure.inference import infer
from gpt_trader.measure.late import fill_late
from gpt_trader.measure.metrics import ANNUAL
from gpt_trader.measure.path import day_returns
from gpt_trader.measure.proof import LEVEL, prove
from gpt_trader.measure.verdict import fragile
from gpt_trader.optimize.given import Sought
from gpt_trader.optimize.search import optimize
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy import registry
from gpt_trader.strategy.registry import create
from tests.power.worlds import Below, Coin, Tide, World, grid, market
from tests.uncounted import backtest

TAKER = order_style("taker")
POLICIES = {
    "none": None,
    "default": RiskPolicy(),
    "default, all in one product": RiskPolicy(max_product_pct=100.0),
}
NOTHING_BEFORE = Trials()
QUICK: dict[str, Any] = {"self_check": False}
# Checked as built-in ones are, whose every row is held by a test, not by each of a thousand runs.
OURS = {kind.name: (kind.__module__, kind.__name__) for kind in (Tide, Coin, Below)}


class Said(NamedTuple):
    """What was said of a seed. sharpe: annualized, of the run; 0 where undefined.

    word: "no PASS" where the rest was not run.
    """

    word: str
    kinds: tuple[str, ...] = ()
    sharpe: float = 0.0
    return_pct: float = 0.0
    is_halted: bool = False
    unhalted_pct: float = 0.0


def judge_seed(world: World, seed: int, *, whole: bool | None = None) -> Said:
    """Run one seed through the real engine and the verdict.

    whole: tell all that keeps it from PASS; None: of a planted edge. Else the cheapest conditions
    are asked first, and the rest is left out once one of them refuses: a PASS is always the whole
    verdict's.
    """
    with patch.dict(registry._BUILTIN, OURS):
        return _judge(
            world, market(world, seed), seed, bool(world.sharpe) if whole is None else whole
        )


def _judge(world: World, bars: Bars, seed: int, whole: bool) -> Said:
    terms: dict[str, Any] = {
        "costs": world.costs, "style": TAKER, "risk": POLICIES[world.limits],
    }  # fmt: skip
    if world.points > 1:
        is_off = world.off_bps > 0.0
        kind: Any = Below if is_off else Tide
        values = grid(world.points, is_off=is_off)
        found = optimize(bars, Sought(kind, values, trials=NOTHING_BEFORE, threads=1, **terms))
        verdict, walk = found.verdict, found.walk
        return Said(verdict.word, verdict.kinds, walk.sharpe or 0.0, walk.return_pct)
    strategy: Any = Tide()
    if world.off_bps:
        strategy = Below()
    if world.momentum:
        strategy = create("sma_cross", {"fast": 5, "slow": 20, "weight": 1.0})
    counted = NOTHING_BEFORE
    if world.tries > 1:
        strategy, counted = _best_of(world, bars, seed, terms)
    if not whole:
        quick = backtest(bars, strategy, **QUICK, **terms)
        kinds = _refused(quick, counted)
        if kinds is not None:
            return Said("no PASS", kinds, quick.metrics.sharpe or 0.0, quick.metrics.return_pct)
    result = backtest(bars, strategy, assess=True, trials=counted, **terms)
    assessed = result.assessment
    assert assessed is not None
    free = assessed.sensitivity.unhalted
    made = result.metrics.return_pct
    return Said(
        assessed.verdict.word,
        assessed.verdict.kinds,
        result.metrics.sharpe or 0.0,
        made,
        result.halts.drawdown is not None,
        made if free is None else free.return_pct,
    )


def _refused(run: Result, counted: Trials) -> tuple[str, ...] | None:
    """Return the kinds of a doubt that bars PASS and costs next to nothing; None: there is none.

    A loss is none of a kind, nor is luck, which is below it or too short by what nulls make. Of
    noise nearly every seed ends here: a thousand cost little more than thirty.
    """
    path, made = run.path, run.metrics
    sure = infer(day_returns(path), trials=counted, resamples=1)
    luck = prove(sure, None, made.sharpe).luck
    if made.return_pct <= 0.0 or luck is None or luck > LEVEL:
        return ()
    matched = baselines(path, run.terms.costs, close_at_end=False).vol_matched_return_pct
    if matched is None or made.return_pct <= matched:
        return (BELOW_LUCK,)
    doubts = tuple(fragile(None, fill_late(path)))
    return tuple(doubt.kind for doubt in doubts) or None


def _best_of(world: World, bars: Any, seed: int, terms: dict[str, Any]) -> tuple[Coin, Trials]:
    """Return the best of some coins, and the others as trials that were counted."""
    coins = [Coin(seed * world.tries + k) for k in range(world.tries)]
    ratios = [backtest(bars, coin, **QUICK, **terms).metrics.sharpe or 0.0 for coin in coins]
    best = max(range(len(coins)), key=ratios.__getitem__)
    others = tuple(ratio / ANNUAL for k, ratio in enumerate(ratios) if k != best)
    return coins[best], Trials(others, len(others))


class Rates(NamedTuple):
    """Shares of the seeds of a world. kinds: share in which each was among the doubts."""

    seeds: int
    passed: float
    kinds: dict[str, float]
    sharpe: float
    halted: float
    return_pct: float
    unhalted_pct: float


def rates(found: Sequence[Said]) -> Rates:
    """Return what many seeds come to; medians of the returns."""
    n = len(found)
    names = sorted({kind for one in found for kind in one.kinds})
    return Rates(
        seeds=n,
        passed=sum(one.word == "PASS" for one in found) / n,
        kinds={name: sum(name in one.kinds for one in found) / n for name in names},
        sharpe=sum(one.sharpe for one in found) / n,
        halted=sum(one.is_halted for one in found) / n,
        return_pct=_median([one.return_pct for one in found]),
        unhalted_pct=_median([one.unhalted_pct for one in found]),
    )


def row(world: World, found: Rates) -> str:
    """Return a world's rates as a row of a table."""
    error = 196.0 * sqrt(max(found.passed * (1.0 - found.passed), 1e-9) / found.seeds)
    said = f"| {world.name} | {found.seeds:,} | {found.passed:.1%} ± {error:.1f} |"
    if not (world.sharpe or world.off_bps):
        return f"{said} | |"
    kinds = [", ".join(f"{name} {share:.0%}" for name, share in found.kinds.items()) or "-"]
    if world.limits != "none":
        kinds.append(
            f"halted {found.halted:.0%}, median return {found.return_pct:+.0f} %, "
            f"without the halts {found.unhalted_pct:+.0f} %"
        )
    return f"{said} {found.sharpe:.2f} | {'; '.join(kinds)} |"


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
