"""Overfitting: the probability by its definition, half by half; about one half for noise."""

from itertools import combinations

import numpy as np
import pytest

from gpt_trader.optimize.overfit import overfit


def by_definition(returns, blocks):
    """CSCV as the paper writes it, one combination at a time."""
    size = returns.shape[1] // blocks
    parts = np.split(returns[:, returns.shape[1] - blocks * size :], blocks, axis=1)
    logits = []
    for chosen in combinations(range(blocks), blocks // 2):
        rest = [i for i in range(blocks) if i not in chosen]
        inside = np.concatenate([parts[i] for i in chosen], axis=1)
        outside = np.concatenate([parts[i] for i in rest], axis=1)
        best = np.argmax(inside.mean(axis=1) / inside.std(axis=1, ddof=1))
        after = outside.mean(axis=1) / outside.std(axis=1, ddof=1)
        rank = 1 + np.count_nonzero(after < after[best])
        share = rank / (len(returns) + 1)
        logits.append(np.log(share / (1 - share)))
    return np.array(logits)


def test_logits_are_those_of_the_definition():
    returns = np.random.default_rng(1).normal(0, 0.01, (7, 37))
    found = overfit(returns)
    assert (found.blocks, found.block_days, len(found.logits)) == (8, 4, 70)
    np.testing.assert_allclose(found.logits, by_definition(returns, 8), rtol=1e-12)
    assert found.pbo == np.mean(by_definition(returns, 8) <= 0)


def test_sixteen_blocks_are_12870_halves():
    found = overfit(np.random.default_rng(2).normal(0, 0.01, (5, 365)))
    assert (found.blocks, found.block_days, len(found.logits)) == (16, 22, 12_870)


def test_noise_is_about_one_half_and_an_edge_near_none():
    noise, edge = [], []
    for seed in range(12):
        returns = np.random.default_rng(seed).normal(0, 0.01, (50, 400))
        noise.append(overfit(returns).pbo)
        returns[17] += 0.004
        edge.append(overfit(returns).pbo)
    assert 0.35 < np.mean(noise) < 0.65
    assert max(edge) < 0.05


def test_what_only_repeats_one_half_is_overfit():
    """Points that won in one half lose in the other: choosing is worse than not choosing."""
    pattern = np.sign(np.random.default_rng(3).normal(size=(40, 8)))
    pattern -= pattern.mean(axis=1, keepdims=True)
    noise = np.random.default_rng(4).normal(0, 0.1, (40, 64))
    found = overfit(np.repeat(pattern, 8, axis=1) + noise)
    assert found.pbo > 0.9
    assert found.slope < 0
    assert found.loss_share > 0.9


def test_points_that_are_all_alike_rank_in_the_middle():
    found = overfit(np.zeros((9, 64)))
    assert (found.logits == 0.0).all()
    assert found.slope is None


@pytest.mark.parametrize("shape", [(1, 400), (10, 31)])
def test_too_little_to_tell(shape):
    assert overfit(np.random.default_rng(5).normal(size=shape)) is None
