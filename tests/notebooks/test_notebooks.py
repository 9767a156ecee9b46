"""The notebooks of the documentation run, and show what stands in them."""

import re

import nbformat
import pytest

from scripts.notebooks import FOLDER, executed

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
VERDICT = re.compile(r"\b(LOSES|NOT PROVEN|PASS)\b")
ADDRESS = re.compile(r"https?://(?!www\.w3\.org/)")
MOST_CELL_BYTES = 40_000

pytestmark = pytest.mark.compiled  # whole kernels, at the speed they have


def shown(notebook: nbformat.NotebookNode) -> list[list[dict[str, str]]]:
    """Return what each code cell shows: of each output its text by kind."""
    return [
        [dict(one.get("data", {one.output_type: one.get("text", "")})) for one in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_stands_in_it(path, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_STATE_DIR", "set anew by the notebook's run")
    stored = shown(nbformat.read(path, as_version=4))
    found = shown(executed(path))
    kinds = [[sorted(one) for one in cell] for cell in found]
    assert kinds == [[sorted(one) for one in cell] for cell in stored], "make notebooks"
    for now, before in zip(found, stored, strict=True):
        for one, other in zip(now, before, strict=True):
            assert VERDICT.findall(one.get("text/plain", "")) == VERDICT.findall(
                other.get("text/plain", "")
            ), "make notebooks"
            assert one.get("stream") == other.get("stream"), "make notebooks"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_stored_is_small_and_asks_no_network(path):
    for cell in shown(nbformat.read(path, as_version=4)):
        for one in cell:
            html = one.get("text/html", "")
            assert not ADDRESS.search(html)
            assert len(html) <= MOST_CELL_BYTES or "sandbox" in html  # a whole report is framed


def test_there_are_three_and_each_shows_a_verdict():
    assert [path.stem for path in NOTEBOOKS] == ["first_result", "own_strategy", "search"]
    for path in NOTEBOOKS:
        assert VERDICT.search(path.read_text(encoding="utf-8")), path


def test_a_search_counts_its_own_points_alone():
    """What somebody tried before, whose ledger it was run with, is none of a reader's."""
    [stored] = [path for path in NOTEBOOKS if path.stem == "search"]
    said = " ".join(
        one.get("text/plain", "")
        for cell in shown(nbformat.read(stored, as_version=4))
        for one in cell
    )
    [points] = re.findall(r"(\d+) points, ", said)
    counted = re.findall(r"of (\d+)\s+(?:worthless )?(?:trials|tries)", said)
    assert len(counted) >= 3
    assert set(counted) == {points}


def test_the_map_of_a_search_is_shown_once():
    for path in NOTEBOOKS:
        maps = [
            one["text/html"].count('stroke-width="3"')
            for cell in shown(nbformat.read(path, as_version=4))
            for one in cell
            if "text/html" in one and "sandbox" not in one["text/html"]
        ]
        assert sum(maps) == (path.stem == "search")


def test_the_first_one_says_how_many_cells_it_has():
    first = nbformat.read(NOTEBOOKS[0], as_version=4)
    [said] = re.findall(r"(\w+) cells, each of which runs", first.cells[0].source)
    words = ("Three", "Four", "Five", "Six", "Seven")
    assert words.index(said) + 3 == sum(cell.cell_type == "code" for cell in first.cells)
