"""What the verdict says of a seed of a world, and how often it says what."""

from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple

from gpt_trader.backtest.api import backtest
from gpt_trader.backtest.result import Result
from gpt_trader.domain.costs import order_style
from gpt_trader.measure.assess import Trials
from gpt_trader.measure.inference import infer
from gpt_trader.measure.metrics import ANNUAL
from gpt_trader.measure.proof import LEVEL, prove
from gpt_trader.optimize.search import optimize
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.registry import create
from tests.power.worlds import Below, Coin, Tide, World, grid, market

TAKER = order_style("taker")
POLICIES = {
    "none": None,
    "default": RiskPolicy(),
    "default, all in one product": RiskPolicy(max_product_pct=100.0),
}
NOTHING_BEFORE = Trials()
QUICK: dict[str, Any] = {"self_check": False}


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


def judge_seed(world: World, seed: int) -> Said:
    """Run one seed through the real engine and the whole verdict."""
    bars = market(world, seed)
    terms: dict[str, Any] = {
        "costs": world.costs, "style": TAKER, "risk": POLICIES[world.limits],
    }  # fmt: skip
    if world.points > 1:
        is_off = world.off_bps > 0.0
        kind: Any = Below if is_off else Tide
        values = grid(world.points, is_off=is_off)
        found = optimize(bars, kind, values, earlier=NOTHING_BEFORE, threads=1, **terms)
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
    if not (world.sharpe or world.off_bps) and not _may_pass(
        backtest(bars, strategy, **QUICK, **terms), counted
    ):
        return Said("no PASS")
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


def _may_pass(result: Result, counted: Trials) -> bool:
    """Whether a run's gain and its luck test alone leave PASS possible; else nothing more is run.

    Of noise that is one seed in thirty, so that a thousand seeds cost little more than thirty.
    """
    path = result.path
    sure = infer(path.time, path.equity, start=path.start, trials=counted, resamples=1)
    luck = prove(sure, None, result.metrics.sharpe).luck
    return result.metrics.return_pct > 0.0 and luck is not None and luck <= LEVEL


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
