"""What a cell of a notebook may be made of."""

import re

MOST_BYTES = 40_000
FOREIGN = ("<style", "<script", "<link", "<img", "class=", "url(", "http:", "https:", "@import")


def check_cell(html):
    """A cell is bounded, asks nothing of a network, runs nothing and styles only itself."""
    assert len(html.encode()) <= MOST_BYTES
    for word in (
        "<style",
        "<script",
        "<link",
        "<img",
        "class=",
        "url(",
        "http:",
        "https:",
        "@import",
    ):
        assert word not in html, word
    assert not re.search(r"<[^>]*\son\w+=", html)  # no handlers
    opened = re.findall(r"<(\w+)[^>]*?>", html)
    closed = re.findall(r"</(\w+)>", html)
    assert sorted(opened) == sorted(closed)
