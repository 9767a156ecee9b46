"""A search as a frame of pandas: a row a point of the grid."""

from typing import TYPE_CHECKING

import numpy as np

from gpt_trader.measure.metrics import DAY_MS
from gpt_trader.optimize.objective import scores

if TYPE_CHECKING:
    import pandas as pd

    from gpt_trader.optimize.search import Search


def points_frame(search: "Search") -> "pd.DataFrame":
    """Return a row a point of the grid, in its order: its parameters, then what it came to.

    score, plateau: float64, of the objective over all days, and with its neighbors'. in_sample:
    on the days before the first test; out_of_sample: on all days from there on, of the same run.
    All are NaN where undefined. tests: how many tests chose the point on the days before them.
    chosen: whether the plateau rule takes it over all days. failed: what its strategy failed with,
    NaN if it did not; impossible: whether the strategy refuses the point.
    """
    import pandas as pd  # noqa: PLC0415

    closes, space = search.closes, search.space
    split = search.walk.folds[0].split // DAY_MS - search.terms.first_day
    before, after = closes[:, :split], closes[:, split:]
    chosen_in = [run.point for run in search.walk.folds]
    with np.errstate(divide="ignore", invalid="ignore"):  # no equity left
        grown = after / before[:, -1:]
    values = {axis.name: [point[axis.name] for point in space.points] for axis in space.axes}
    count = len(space.points)
    found = {
        "score": search.scores,
        "plateau": search.plateau,
        "in_sample": scores(before, search.terms.start, search.objective),
        "out_of_sample": scores(grown, 1.0, search.objective),
        "tests": np.array([chosen_in.count(i) for i in range(count)], np.int64),
        "chosen": np.arange(count) == (-1 if search.chosen is None else search.chosen),
        "impossible": np.array([one is None for one in space.strategies]),
        "failed": pd.Series([search.failed.get(i) for i in range(count)], dtype="str"),
    }
    return pd.DataFrame(values | found)
