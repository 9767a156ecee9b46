"""Both tests of a verdict: their chances, what many trials cost, how long proof would take."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from gpt_trader.measure.inference import Trials, infer
from gpt_trader.measure.metrics import sharpe
from gpt_trader.measure.nulls import Nulls
from gpt_trader.measure.proof import LEVEL, alone_level, best_of, most_trials, prove

DAYS = 1_000


def a_run(mean, seed=1, days=DAYS):
    """Return daily returns and their annual Sharpe ratio."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0.0, 0.02, days)
    returns = (noise - noise.mean()) + mean
    return returns, sharpe(returns)


def nulls(p_value, mean=0.0, deviation=0.6):
    return Nulls(199, 0, mean, deviation, p_value, 0.005, -1.0, 0, 0)


def test_the_best_of_many_is_sidak():
    assert best_of(0.01, 1) == pytest.approx(0.01)
    assert best_of(0.01, 10) == pytest.approx(1 - 0.99**10)
    assert best_of(1e-12, 1_000) == pytest.approx(1e-9)
    assert best_of(1.0, 3) == 1.0
    assert best_of(alone_level(400), 400) == pytest.approx(LEVEL)


def test_many_trials_are_held_to_the_same_level_as_one():
    returns, ratio = a_run(0.002)
    for others in (0, 9, 99):
        sure = infer(returns, trials=Trials(count=others))
        found = prove(sure, nulls(0.0004), ratio)
        assert found.trials == others + 1
        assert found.luck == pytest.approx(1 - sure.psr ** (others + 1))
        assert found.timing == pytest.approx(1 - 0.9996 ** (others + 1))
    most = found.most_trials
    assert best_of(max(1 - sure.psr, 0.0004), most) <= LEVEL
    assert best_of(max(1 - sure.psr, 0.0004), most + 1) > LEVEL


def test_how_many_tries_it_stands():
    assert most_trials((0.03, 0.001)) == 1
    assert most_trials((0.031, 0.001)) == 0
    assert most_trials((None, 0.001)) == 0
    assert most_trials((0.0, 1e-30)) == 1_000_000
    assert most_trials((1.0, 0.1)) == 0


def test_a_record_of_the_length_that_is_said_would_be_proof():
    """Such days again, until there are as many as `days_needed`: the chance is then LEVEL."""
    returns, ratio = a_run(0.0008)
    sure = infer(returns, trials=Trials())
    found = prove(sure, nulls(0.0001, mean=-5.0), ratio)
    assert found.luck > LEVEL
    needed = found.days_needed
    assert needed > DAYS
    score = NormalDist().inv_cdf(sure.psr) * np.sqrt(needed / DAYS)
    assert 1 - NormalDist().cdf(score) == pytest.approx(LEVEL, rel=0.01)
    longer = prove(sure, nulls(0.2, mean=ratio - 0.3), ratio)  # half a deviation ahead
    assert longer.days_needed == pytest.approx(DAYS * (1.8808 / 0.5) ** 2, rel=0.01)
    more = infer(returns, trials=Trials(count=99))
    assert prove(more, nulls(0.0001, mean=-5.0), ratio).days_needed > needed


def test_no_record_proves_what_is_no_better_than_its_nulls():
    returns, ratio = a_run(0.002)
    sure = infer(returns, trials=Trials())
    assert prove(sure, nulls(0.6, mean=ratio + 0.1), ratio).days_needed is None
    alike = replace(nulls(1.0, mean=ratio - 1e-15, deviation=1e-15), as_good=199)
    assert prove(sure, alike, ratio).days_needed is None  # holding, at whatever time
    assert prove(sure, None, ratio).days_needed is None
    assert not prove(sure, None, ratio).holds
    assert prove(sure, nulls(0.001), ratio).holds
    returns, ratio = a_run(-0.001)
    sure = infer(returns, trials=Trials())
    assert prove(sure, nulls(0.001, mean=-5.0), ratio).days_needed is None


def test_too_few_days_have_no_chances():
    returns, _ = a_run(0.002, days=5)
    found = prove(infer(returns, trials=Trials()), nulls(0.001), None)
    assert (found.luck, found.days_needed, found.most_trials) == (None, None, 0)
    assert not found.holds
