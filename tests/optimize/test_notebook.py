"""A search as a notebook's cell, and its map as a drawing."""

from dataclasses import replace
from functools import cache
from xml.etree import ElementTree as ET

import numpy as np

from gpt_trader.optimize import page
from gpt_trader.optimize.given import Sought
from gpt_trader.optimize.search import optimize
from gpt_trader.strategy.sma_cross import SmaCross
from tests.backtest.notebook.cells import check_cell
from tests.optimize.markets import GRID, TERMS, cycle


@cache
def found():
    return optimize(cycle(120, 1), Sought(SmaCross, GRID, folds=3, **TERMS))


@cache
def wide():
    grid = {"fast": tuple(range(2, 32)), "slow": tuple(range(32, 62))}
    return optimize(cycle(60, 1), Sought(SmaCross, grid, folds=2, **TERMS))


def test_a_cell_shows_verdict_growth_and_map():
    html = found()._repr_html_()
    check_cell(html)
    assert found().verdict.word in html
    scored = np.count_nonzero(~np.isnan(found().map.values))
    assert html.count("<title>fast=") == scored > 10
    assert html.count('stroke-width="3"') == 1  # the chosen one's frame
    assert html.count("<rect") == 1
    assert html.count("<path") == scored + 1  # and the line


def test_a_map_too_large_for_a_cell_is_drawn_when_asked_for():
    check_cell(wide()._repr_html_())
    assert "A map of 900 cells: .plot() draws it" in wide()._repr_html_()
    assert wide().plot()._repr_html_().count("<title>") == 15 * 15


def test_the_map_is_a_drawing_of_its_own(tmp_path):
    drawn = found().plot()
    ET.fromstring(drawn._repr_svg_())  # noqa: S314 - our own
    assert "<title>fast=4 slow=12: " in drawn.body
    assert drawn.save(tmp_path / "map.svg").read_text() == drawn._repr_svg_()


def test_the_report_is_the_commands(tmp_path):
    assert found().save(tmp_path / "search.html").read_text() == page.html(found())
    assert found().report()._repr_html_().startswith("<iframe srcdoc=")


def test_without_a_score_there_is_nothing_to_draw():
    none = replace(found(), scores=np.full(20, np.nan), chosen=None)
    check_cell(none._repr_html_())
    assert "No map" in none._repr_html_()
    assert "<rect" not in none.plot().body
