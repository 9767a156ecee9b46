"""Grids: what may be written, what it means exactly, what is refused and why."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.errors import UsageError
from gpt_trader.optimize.space import MAX_POINTS, Axis, make_space, parse_axis
from gpt_trader.strategy.ensemble import Ensemble
from gpt_trader.strategy.mean_reversion import MeanReversion
from gpt_trader.strategy.sma_cross import SmaCross


@given(
    start=st.integers(-10_000, 10_000), step=st.integers(1, 500), steps=st.integers(0, 60),
    past=st.integers(0, 499), places=st.integers(0, 4),
)  # fmt: skip
def test_a_range_holds_every_exact_step_up_to_its_stop(start, step, steps, past, places):
    unit = Decimal(1).scaleb(-places)
    stop = start + steps * step + past % step
    text = f"x={start * unit}:{stop * unit}:{step * unit}"
    axis = parse_axis(text)
    expected = [float((start + i * step) * unit) for i in range(steps + 1)]
    assert [float(value) for value in axis.values] == expected
    assert all(isinstance(v, int) == float(v).is_integer() for v in axis.values)


@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=7, unique=True))
def test_a_list_keeps_its_order(words):
    assert parse_axis(f" x = {' , '.join(words)} ") == Axis("x", tuple(words))


@pytest.mark.parametrize(
    "text, said",
    [
        ("fast", "expected --grid NAME=VALUES"),
        ("=1:2:3", "expected --grid NAME=VALUES"),
        ("fast=", "expected --grid NAME=VALUES"),
        ("fast=1:2", "NAME=START:STOP:STEP"),
        ("fast=1:2:3:4", "NAME=START:STOP:STEP"),
        ("fast=1:x:3", "three numbers"),
        ("fast=1:nan:3", "three numbers"),
        ("fast=1:inf:3", "three numbers"),
        ("fast=5:1:1", "START <= STOP"),
        ("fast=1:5:0", "STEP > 0"),
        ("fast=1:5:-1", "STEP > 0"),
        ("fast=1,,2", "between the commas"),
        ("fast=0:1000000000:1", "1,000,000,001 points, at most 20,000"),
    ],
)
def test_what_is_no_grid_is_refused(text, said):
    with pytest.raises(UsageError, match=said):
        parse_axis(text)


def test_points_run_the_last_axis_fastest_and_impossible_ones_are_counted():
    space = make_space(SmaCross, [Axis("fast", (5, "20")), Axis("slow", (10, 20, 30))])
    assert space.shape == (2, 3)
    assert space.points[1] == {"fast": 5, "slow": 20}
    assert [s is None for s in space.strategies] == [False] * 3 + [True, True, False]
    assert space.impossible == 2
    assert space.why_impossible == "expected fast < slow in sma_cross, was fast=20 slow=10"
    assert space.strategies[5] == SmaCross(20, 30)


def test_a_value_outside_its_range_is_impossible_too():
    space = make_space(SmaCross, [Axis("fast", (0, 5))], {"slow": 50})
    assert space.strategies == (None, SmaCross(5, 50))


@pytest.mark.parametrize(
    "axes, fixed, said",
    [
        ([], {}, "which parameters"),
        ([Axis("fasst", (1,))], {}, "no parameter 'fasst'"),
        ([Axis("fast", (1.5,))], {}, "whole number"),
        ([Axis("fast", (5, "5"))], {}, "value 5 twice"),
        ([Axis("fast", (5,)), Axis("fast", (6,))], {}, "two --grid"),
        ([Axis("fast", (5,))], {"fast": 5}, "by --grid and by --set"),
        ([Axis("slow", (5,))], {"fast": 9}, "no point of the grid is possible: expected fast <"),
        ([Axis("fast", tuple(range(200))), Axis("slow", tuple(range(101)))], {}, "20,200 points"),
    ],
)
def test_a_space_that_cannot_be_is_refused(axes, fixed, said):
    with pytest.raises(UsageError, match=said):
        make_space(SmaCross, axes, fixed)


@pytest.mark.parametrize(
    "name",
    ["taker_bps", "costs.taker_bps", "costs.participation", "risk.max_drawdown_pct", "cash",
     "interval", "order_style.entry.style"],
)  # fmt: skip
def test_costs_limits_and_cash_are_never_searched(name):
    with pytest.raises(UsageError, match="is not a search variable"):
        make_space(SmaCross, [Axis(name, (1, 2))])


def test_words_and_numbers_become_the_parameters_types():
    words = make_space(Ensemble, [Axis("members", ("sma_cross", "momentum"))])
    assert [s.members for s in words.strategies] == ["sma_cross", "momentum"]
    numbers = make_space(MeanReversion, [Axis("band_width", (1, "2.5"))])
    assert [s.band_width for s in numbers.strategies] == [1.0, 2.5]
    assert MAX_POINTS == 20_000
