"""Cells in a real browser: quiet, within their width, and no style of theirs on anything else."""

import pytest

from tests.backtest.notebook.test_cell import run
from tests.browser_helpers import BROWSER, chromium

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
AROUND = (
    '<h1>Notebook</h1><p id="text">Text <b>bold</b> <a href="#x">link</a></p>'
    "<table><tr><th>a</th><td>1</td></tr></table><ul><li>one</li></ul><pre>code</pre>"
)
STYLES = """
JSON.stringify([...document.querySelectorAll('h1,p,b,a,th,td,li,pre,body')]
  .map(e => Object.fromEntries([...getComputedStyle(e)]
    .filter(n => !/size|width|height|origin|perspective/.test(n))
    .map(n => [n, getComputedStyle(e).getPropertyValue(n)]))))
"""
PAGE = (
    '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><meta name="viewport" '
    'content="width=device-width,initial-scale=1"><body style="color:{ink};background:{paper}">'
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("browser")) as one:
        yield one


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_cells_look_after_themselves(browser, tmp_path, width, dark):
    ink, paper = ("rgb(230, 230, 230)", "#111") if dark else ("rgb(20, 20, 20)", "#fff")
    top, file = PAGE.format(ink=ink, paper=paper), tmp_path / "notebook.html"
    browser.look(width, 900, dark=dark)
    file.write_text(top + AROUND)
    browser.open(file.as_uri())
    before = browser.run(STYLES)
    cells = (run()._repr_html_(), run().plot()._repr_html_(), run().report()._repr_html_())
    file.write_text(top + AROUND + "".join(f"<section>{cell}</section>" for cell in cells))
    browser.open(file.as_uri())
    assert browser.run(STYLES) == before
    assert browser.complaints() == []
    assert browser.requests() == [file.as_uri()]
    assert browser.run("document.documentElement.scrollWidth") <= width
    drawn = "[...document.querySelectorAll('section svg path')].map(p => p.getBoundingClientRect())"
    assert browser.run(f"{drawn}.every(b => b.width > 100 && b.height > 5)")
    label = "getComputedStyle(document.querySelector('section svg text')).fill"
    assert browser.run(label) == ink
