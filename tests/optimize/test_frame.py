"""A search as a frame: every point with its scores before and after the first test."""

import numpy as np
import pandas as pd
import pytest

from gpt_trader.measure.metrics import DAY_MS
from gpt_trader.optimize.given import Sought
from gpt_trader.optimize.objective import scores
from gpt_trader.optimize.search import optimize
from gpt_trader.strategy.sma_cross import SmaCross
from tests.optimize.markets import GRID, TERMS, cycle


@pytest.mark.parametrize("objective", ["sharpe", "return", "calmar"])
def test_a_row_a_point(objective):
    found = optimize(cycle(120, 1), Sought(SmaCross, GRID, objective=objective, folds=3, **TERMS))
    frame = found.to_pandas()
    assert list(frame)[:3] == ["fast", "slow", "score"]
    assert len(frame) == len(found.space.points) == 20
    assert frame.loc[frame["chosen"]].index.tolist() == [found.chosen]
    assert frame["impossible"].sum() == found.space.impossible == 2
    assert frame.loc[frame["impossible"], "score"].isna().all()
    assert frame["tests"].sum() == 3
    np.testing.assert_array_equal(frame["score"], found.scores)
    wide = frame.pivot_table(index="slow", columns="fast", values="score", dropna=False)
    np.testing.assert_array_equal(wide.to_numpy(), found.map.values)
    first = found.walk.folds[0]
    split = (first.split - first.start) // DAY_MS
    np.testing.assert_array_equal(
        frame["in_sample"], scores(found.closes[:, :split], found.terms.start, objective)
    )
    point = first.point
    assert frame["in_sample"][point] == pytest.approx(first.score)
    if objective == "return":
        both = (1 + frame["in_sample"]) * (1 + frame["out_of_sample"]) - 1
        np.testing.assert_allclose(both, frame["score"])
    assert frame["failed"].isna().all()
    assert isinstance(frame["failed"].dtype, pd.StringDtype | np.dtype)
