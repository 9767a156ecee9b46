"""Every relative link leads to a file and a heading of it, and every table's row has its head."""

import pytest

from tests.docs.markdown import ROOT, anchors, pages, relative_links, tables


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_relative_links_resolve(page):
    broken = []
    for link in relative_links(page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or not target.is_relative_to(ROOT):
            broken.append(f"{link}: no such file in the project")
        elif anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
            broken.append(f"{link}: no such heading")
    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_rows_have_as_many_cells_as_the_head(page):
    for widths in tables(page.read_text(encoding="utf-8")):
        assert widths == [widths[0]] * len(widths)
