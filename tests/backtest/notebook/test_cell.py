"""A run as a notebook's cell: bounded, alone, and of the report's numbers."""

from dataclasses import replace
from functools import cache
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from gpt_trader.backtest.report import html as report_html
from gpt_trader.backtest.report.head import tiles
from gpt_trader.errors import UsageError
from gpt_trader.strategy.sma_cross import SmaCross
from tests.backtest.notebook.cells import check_cell
from tests.backtest.test_repr import many
from tests.backtest.test_result import BTC, walk
from tests.uncounted import backtest


@cache
def run():
    return backtest([walk(BTC, 900)], SmaCross(fast=3, slow=9), assess=True, self_check=False)


@cache
def long():
    """Two years and a half of hours, which reach far enough for a log scale."""
    found = backtest(walk(BTC, 22_000), SmaCross(fast=30, slow=90), assess=True, self_check=False)
    grown = np.exp(np.cumsum(np.random.default_rng(1).normal(2e-4, 0.02, 22_000))) * 10_000.0
    return replace(found, path=replace(found.path, equity=grown))


@pytest.mark.parametrize("make", [run, many, long])
def test_a_cell_of_any_run_is_bounded_and_alone(make):
    check_cell(make()._repr_html_())
    check_cell(make().plot()._repr_html_())


def test_a_cell_says_the_verdict_and_the_numbers_of_the_report():
    html = run()._repr_html_()
    page = report_html(run())
    for label, value, *more in tiles(run()):
        for said in (label, value, *more):
            assert said in html
            assert said in page
    assert run().assessment.verdict.word in html
    assert f"run {run().run_id}" in html
    assert "Not stated or checked" in html
    assert html.count("<path") == 3  # equity, buy and hold, drawdown


def test_a_run_that_nobody_assessed_has_a_cell():
    bare = replace(run(), assessment=None)
    check_cell(bare._repr_html_())
    assert "NOT ASSESSED" in bare._repr_html_()
    assert "buy and hold" not in bare.plot()._repr_html_()


def test_names_are_text_and_never_markup():
    used = replace(run().strategy[0], name="<b title=x>&")
    odd = replace(run(), strategy=(used,), label="<script>alert(1)</script>")
    check_cell(odd._repr_html_())
    assert "&lt;script&gt;" in odd._repr_html_()
    ET.fromstring(odd.plot()._repr_svg_())  # noqa: S314 - our own


def test_a_drawing_is_kept_as_svg_or_as_a_page(tmp_path):
    drawn = run().plot()
    assert drawn.save(tmp_path / "run.svg").read_text() == drawn._repr_svg_()
    root = ET.fromstring(drawn._repr_svg_())  # noqa: S314 - our own
    assert root.get("viewBox").startswith("0 0 960 ")
    page = drawn.save(str(tmp_path / "run.html")).read_text()
    assert page.startswith("<!doctype html>")
    assert drawn._repr_html_() in page
    with pytest.raises(UsageError, match=r"expected a file named \*.svg"):
        drawn.save(tmp_path / "run.png")
    with pytest.raises(UsageError, match="there is no folder"):
        drawn.save(tmp_path / "none" / "run.svg")


def test_the_report_stands_in_a_frame_of_its_own(tmp_path):
    report = run().report()
    html = report._repr_html_()
    assert html.startswith("<iframe srcdoc=")
    assert 'sandbox="allow-scripts"' in html
    assert html.count("<") == 2  # the frame's own tags: the page is its text
    assert len(repr(report)) < 100
    assert run().save(tmp_path / "run.html").read_text() == report_html(run()) == report.html
    with pytest.raises(UsageError, match=r"expected a file named \*.html"):
        run().save(tmp_path / "run")
