"""The worlds hold what they say, and both error rates are about right on a few seeds.

`make power` measures them on as many as it is given; docs/backtest.md has its figures.
"""

from dataclasses import replace

import numpy as np
import pytest

from gpt_trader.measure.metrics import DAY_MS, DAYS_PER_YEAR
from gpt_trader.optimize.given import Sought
from gpt_trader.optimize.search import optimize
from tests.power import rates as power
from tests.power.rates import NOTHING_BEFORE, TAKER, Said, judge_seed, rates, row
from tests.power.worlds import (
    BESIDE,
    CURVE,
    DECLARED,
    NOISE,
    UNREAL,
    YEARS,
    Below,
    Coin,
    Tide,
    World,
    grid,
    market,
    mean_while_on,
    noise,
)
from tests.uncounted import backtest

pytestmark = pytest.mark.compiled
UNREAL_ONES = [(world.name, False) for world in UNREAL if world.interval_ms == DAY_MS]
SHORT = replace(DECLARED, days=400)


def named(name: str) -> World:
    return next(world for world in NOISE if world.name == name)


@pytest.mark.parametrize("sharpe", [1.0, 2.0])
def test_the_planted_sharpe_ratio_is_left_after_all_costs(sharpe):
    world = replace(DECLARED, sharpe=sharpe)
    found = [
        backtest(market(world, seed), Tide(), costs=world.costs, style=TAKER, risk=None,
                 self_check=False).metrics.sharpe
        for seed in range(60)
    ]  # fmt: skip
    assert np.mean(found) == pytest.approx(sharpe, abs=0.25)
    assert np.std(found) == pytest.approx(np.sqrt(DAYS_PER_YEAR / world.days), rel=0.3)


def test_an_edge_leaves_the_market_as_a_whole_as_it_was():
    flat, planted = ([market(replace(SHORT, sharpe=s), seed) for seed in range(40)] for s in (0, 2))
    moved = [
        np.log(b.close[-1] / b.close[0]) - np.log(a.close[-1] / a.close[0])
        for a, b in zip(flat, planted, strict=True)
    ]
    assert abs(np.mean(moved)) < 2.0 * np.std(moved) / np.sqrt(len(moved)) + 0.05
    assert mean_while_on(SHORT) > 0.0


def test_a_seed_is_a_market():
    one, two, other = (market(SHORT, seed) for seed in (1, 1, 2))
    assert one.close.tobytes() == two.close.tobytes()
    assert one.close.tobytes() != other.close.tobytes()
    assert market(replace(SHORT, sharpe=0), 1).volume.tobytes() == one.volume.tobytes()


@pytest.mark.parametrize("law", ["normal", "fat tails", "clustered", "crashes"])
def test_noise_has_no_mean_and_a_deviation_of_one(law):
    found = noise(law, 200_000, np.random.default_rng(1))
    assert np.mean(found) == pytest.approx(0.0, abs=0.02)
    assert np.std(found) == pytest.approx(1.0, abs=0.1)


def test_a_grid_has_as_many_points():
    for points in (10, 100, 400):
        assert np.prod([len(values) for values in grid(points).values()]) == points


def test_what_is_left_out_could_not_have_passed():
    """The first condition that refuses ends a seed; asked of all of them the word is the same."""
    words = []
    for world in (DECLARED, *NOISE, *CURVE, *BESIDE, *YEARS, *UNREAL):
        if world.points > 1:
            continue  # a search is judged whole
        short = replace(
            world, days=400 if world.interval_ms == DAY_MS else 60, tries=min(world.tries, 3)
        )
        for seed in range(2):
            quick, whole = (judge_seed(short, seed, whole=one) for one in (False, True))
            assert (quick.word == "PASS") == (whole.word == "PASS"), (world.name, seed)
            words.append(quick.word)
    assert {"PASS", "no PASS"} == set(words)


def test_the_worlds_own_strategies_look_at_nothing_later():
    """So that it need not be asked of each seed: every row, by code imported anew."""
    terms = {"costs": DECLARED.costs, "style": TAKER, "risk": None, "trials": NOTHING_BEFORE}
    for strategy in (Tide(), Tide(bars=7, level=1_500.0), Coin(3), Below(0.4)):
        bars = market(replace(SHORT, off_bps=150.0), 1)
        found = backtest(bars, strategy, check_all=True, assess=True, **terms)
        assert (found.checks.lookahead_ok, found.checks.warmup_ok) == (True, True)
        assert found.checks.reach.rows_checked == found.checks.reach.rows
        assert found.checks.reach.asked_in == "process"


@pytest.mark.parametrize("points", [1, 10])
def test_code_that_is_asked_as_built_in_is_judged_as_any(points):
    world = replace(SHORT, points=points)
    said = judge_seed(world, 2, whole=True)
    terms = {"costs": world.costs, "style": TAKER, "risk": None}
    if points == 1:
        found = backtest(
            market(world, 2), Tide(), assess=True, trials=NOTHING_BEFORE, **terms
        ).assessment.verdict
    else:
        found = optimize(
            market(world, 2), Sought(Tide, grid(points), trials=NOTHING_BEFORE, **terms)
        ).verdict
    assert (said.word, said.kinds) == (found.word, found.kinds)


def test_the_best_of_many_is_judged_as_that(monkeypatch):
    world = replace(named("the best of 20 backtests"), days=400, tries=5)
    seen = []
    monkeypatch.setattr(
        power, "_refused", lambda run, counted: seen.append((run, counted)) or ("fragile",)
    )
    judge_seed(world, 3)
    ((run, counted),) = seen
    terms = {"costs": world.costs, "style": TAKER, "risk": None}
    ratios = [backtest(market(world, 3), Coin(15 + k), **terms).metrics.sharpe for k in range(5)]
    assert run.metrics.sharpe == max(ratios)
    assert counted.count == 4


def test_both_rates_on_a_few_seeds():
    planted = rates([judge_seed(DECLARED, seed) for seed in range(8)])
    assert planted.passed >= 0.75
    for world in NOISE[:3]:
        assert rates([judge_seed(world, seed) for seed in range(14)]).passed <= 0.15


@pytest.mark.parametrize("name, passes", [("turns every 3 days", True), *UNREAL_ONES])
def test_a_fast_edge_passes_and_what_nobody_could_have_had_does_not(name, passes):
    world = next(one for one in (*BESIDE, *UNREAL) if one.name.endswith(name))
    found = rates([judge_seed(world, seed) for seed in range(700, 705 if passes else 702)])
    assert found.sharpe > 1.5
    assert found.passed >= 0.6 if passes else found.kinds.get("fragile", 0.0) == 1.0


def test_a_row_of_the_table():
    said = [Said("PASS", (), 2.0, 80.0), Said("NOT PROVEN", ("too short",), 1.0, 20.0, True, 90.0)]
    found = rates(said)
    assert row(DECLARED, found) == "| Sharpe 2 | 2 | 50.0% ± 69.3 | 1.50 | too short 50% |"
    assert row(NOISE[0], found) == "| no drift | 2 | 50.0% ± 69.3 | | |"
    limited = row(replace(DECLARED, limits="default"), found)
    assert limited.endswith("halted 50%, median return +80 %, without the halts +90 % |")
