"""The map of a search as a drawing: bounded, with a scale, and the chosen point on it."""

import re

import numpy as np
import pytest

from gpt_trader.optimize.heat import heat
from gpt_trader.optimize.heatmap import HeatMap
from gpt_trader.optimize.space import Axis
from tests.backtest.notebook.cells import check_cell


def drawn(rows, columns, chosen, name="slow"):
    """A map whose values go from -1 to 2."""
    values = np.linspace(-1.0, 2.0, rows * columns).reshape(rows, columns)
    fast, slow = Axis("fast", tuple(range(columns))), Axis(name, tuple(range(100, 100 + rows)))
    found = HeatMap(fast, slow, values, (), chosen)
    return heat(found, "sma_cross: sharpe in sample", "sharpe").markup()


def cells(html):
    """Return the places of the cells, (x, y)."""
    return set(re.findall(r'<path d="M(\d+) (\d+)h', html))


@pytest.mark.parametrize(
    "rows, columns, chosen, shown",
    [
        (5, 6, (4, 0), 30),
        (16, 16, (3, 9), 256),
        (24, 24, (23, 23), 576),
        (40, 40, (39, 38), 400),
        (300, 7, (250, 6), 23 * 7),
    ],
)
def test_any_map_fits_a_cell_and_shows_the_chosen_point(rows, columns, chosen, shown):
    html = drawn(rows, columns, chosen)
    check_cell(html)
    assert len(cells(html)) == shown
    assert re.search(r'<rect x="(\d+)" y="(\d+)"', html).groups() in cells(html)


def test_a_map_is_as_wide_as_there_is_room_for():
    html = drawn(24, 24, None)
    width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', html).groups())
    assert f"width:100%;max-width:{width:g}px" in html
    assert max(int(x) for x, _ in cells(html)) + 16 <= width <= 400
    assert height > max(int(y) for _, y in cells(html)) + 16
    assert "overflow-x" not in html
    assert "<rect" not in html


def test_what_the_cells_measure_is_said_with_its_ends():
    said = re.sub(r"<[^>]*>", "", drawn(3, 2, None))
    assert "sharpe: ■ −1.00 lowest  ■ 2.00 highest" in said
    assert "is shown" not in said


def test_what_is_left_out_is_said():
    said = drawn(40, 60, (39, 38))
    assert "fast: of 60 values 1 in 3 is shown" in said
    assert "slow: of 40 values 1 in 2 is shown" in said


def test_cells_tell_their_values_where_that_fits():
    assert "<title>fast=1 slow=101: 0.80</title>" in drawn(3, 2, None)
    assert "<title>" not in drawn(
        16, 16, None, name="a_name_that_takes_all_of_the_room_there_is" * 3
    )
