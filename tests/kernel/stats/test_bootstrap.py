"""The stationary bootstrap: its random stream, its blocks, its truth about known processes."""

import numpy as np
import pytest

from gpt_trader.kernel.stats import bootstrap as module
from gpt_trader.kernel.stats.bootstrap import bootstrap, draw, sharpe_of, uniforms

# the published sequence of splitmix64 from seed 1234567
SPLITMIX = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]


def test_the_stream_is_splitmix64():
    assert uniforms(1234567, 0, 5).tolist() == [(word >> 11) * 2.0**-53 for word in SPLITMIX]
    assert uniforms(1234567, 2, 3).tolist() == uniforms(1234567, 0, 5)[2:].tolist()


def test_the_stream_is_uniform():
    u = uniforms(3, 0, 100_000)
    assert 0.0 <= u.min() < u.max() < 1.0
    counts = np.histogram(u, 20, (0.0, 1.0))[0]
    assert abs(counts - 5_000).max() < 5 * 5_000**0.5
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.02


@pytest.mark.compiled
def test_compiled_and_interpreted_agree_bitwise(monkeypatch):
    returns = np.random.default_rng(1).normal(0.001, 0.02, 40)
    fast = bootstrap(returns, 3.4, 25, 5)
    for name in ("uniforms", "draw", "sharpe_of"):
        monkeypatch.setattr(module, name, getattr(module, name).py_func)
    slow = bootstrap.py_func(returns, 3.4, 25, 5)
    assert [a.tobytes() for a in fast] == [b.tobytes() for b in slow]


def test_blocks_follow_one_another_and_have_the_mean_length():
    n = 20_000
    drawn = draw(np.arange(n, dtype=np.float64), 8.0, uniforms(1, 0, n))
    goes_on = (np.diff(drawn) % n) == 1.0
    assert np.mean(~goes_on) == pytest.approx(1 / 8, rel=0.05)
    assert drawn.mean() == pytest.approx((n - 1) / 2, rel=0.06)
    assert drawn.min() >= 0.0
    assert drawn.max() <= n - 1


def test_blocks_of_one_are_independent_draws():
    drawn = draw(np.arange(50.0), 1.0, uniforms(2, 0, 50))
    assert len(set(drawn)) > 20
    wrapped = draw(np.arange(5.0), 1e12, np.array([0.7, 0.9, 0.9, 0.9, 0.9]))
    assert wrapped.tolist() == [3.0, 4.0, 0.0, 1.0, 2.0]  # after the last comes the first


def test_numbers_of_a_path():
    returns = np.array([0.1, -0.2, 0.05])
    paths, sharpes, falls = bootstrap(returns, 1e12, 200, 1)  # a rotation each
    for path, ratio, fall in zip(paths.T, sharpes, falls, strict=True):
        steps = np.diff(path, prepend=1.0) / np.append(1.0, path[:-1])
        assert sorted(steps.round(12)) == [-0.2, 0.05, 0.1]
        assert ratio == pytest.approx(steps.mean() / steps.std(ddof=1))
        peaks = np.maximum(np.maximum.accumulate(path), 1.0)  # the start is the first peak
        assert fall == pytest.approx((1.0 - path / peaks).max())


def test_sharpe_without_variation_is_undefined():
    assert np.isnan(sharpe_of(np.zeros(5)))
    assert sharpe_of(np.array([0.0, 0.02])) == pytest.approx(0.01 / (0.02 / 2**0.5))


def autoregressive(rng, phi, n):
    noise = rng.normal(0.0, 0.02, n + 100)
    out = np.zeros(n + 100)
    for i in range(1, n + 100):
        out[i] = phi * out[i - 1] + noise[i]
    return out[100:]


@pytest.mark.compiled
@pytest.mark.parametrize("phi, least", [(0.0, 0.84), (0.3, 0.80)])
def test_intervals_cover_the_truth_about_as_often_as_they_say(phi, least):
    rng = np.random.default_rng(11)
    n, hits, tries = 730, 0, 300
    true = 0.05  # the Sharpe ratio of a day: about 1 a year
    for k in range(tries):
        returns = autoregressive(rng, phi, n)
        returns += true * 0.02 / (1.0 - phi**2) ** 0.5
        sharpes = bootstrap(returns, n ** (1 / 3), 300, k)[1]
        low, high = np.quantile(sharpes, [0.05, 0.95])
        hits += low <= true <= high
    assert least <= hits / tries <= 0.96


@pytest.mark.compiled
def test_blocks_matter_where_returns_go_on():
    """Independent draws would promise too much of an autoregressive series."""
    rng = np.random.default_rng(12)
    returns = autoregressive(rng, 0.5, 2_000)
    blocks = bootstrap(returns, 2_000 ** (1 / 3), 500, 1)[1]
    alone = bootstrap(returns, 1.0, 500, 1)[1]
    true_ratio = ((1 + 0.5) / (1 - 0.5)) ** 0.5  # of the standard errors of the mean
    assert 1.3 < blocks.std() / alone.std() < true_ratio * 1.1
