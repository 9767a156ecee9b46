"""Reads what the documentation promises: its links, headings and console blocks."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent.parent
MARKER = re.compile(r"<!--\s*(not-run|exact|worded|exit)\b:?\s*(.*?)\s*-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a console block and the output that is printed under it."""

    command: str
    output: str


@dataclass(frozen=True, slots=True)
class Block:
    """A console block with what the marker comments right before it say.

    not_run: why it is not executed; None: it is. exact: its output must be as printed.
    worded: as printed but for numbers, digests and where lines end.
    exit_code: what its last command ends with.
    """

    line: int
    steps: tuple[Step, ...]
    not_run: str | None = None
    exact: bool = False
    worded: bool = False
    exit_code: int = 0


def pages() -> list[Path]:
    """Every Markdown page of the project."""
    inside = [p for folder in ("docs", ".github") for p in (ROOT / folder).rglob("*.md")]
    return sorted([*ROOT.glob("*.md"), *inside])


def _tokens(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def _steps(content: str) -> tuple[Step, ...]:
    """Split a block at its prompts; a line that ends in a backslash goes on in the next."""
    joined = re.sub(r"\s*\\\n(> )?\s*", " ", content)
    chunks = re.split(r"^\$ ", joined, flags=re.MULTILINE)[1:]
    return tuple(
        Step(command, output) for command, _, output in (c.partition("\n") for c in chunks)
    )


def console_blocks(text: str) -> list[Block]:
    """Every block fenced as `console`."""
    return _blocks(text, "console", _steps)


def python_blocks(text: str) -> list[Block]:
    """Every block fenced as `python`, each one step."""
    return _blocks(text, "python", lambda content: (Step(content, ""),))


def _blocks(text: str, language: str, steps: Callable[[str], tuple[Step, ...]]) -> list[Block]:
    blocks: list[Block] = []
    markers: dict[str, str] = {}
    for token in _tokens(text):
        if token.type == "html_block":
            markers |= dict(MARKER.findall(token.content))
            continue
        if token.type == "fence" and token.info.strip() == language and token.map:
            blocks.append(
                Block(
                    token.map[0] + 1,
                    steps(token.content),
                    not_run=markers.get("not-run"),
                    exact="exact" in markers,
                    worded="worded" in markers,
                    exit_code=int(markers.get("exit", "0")),
                )
            )
        markers = {}
    return blocks


def tables(text: str) -> list[list[int]]:
    """Of every table how many cells each of its lines has; Markdown drops those beyond the head."""
    lines = text.splitlines()
    places = [token.map for token in _tokens(text) if token.type == "table_open" and token.map]
    return [
        [len(re.split(r"(?<!\\)\|", line.strip().strip("|"))) for line in lines[first:end]]
        for first, end in places
    ]


def _inline(text: str) -> Iterator[Token]:
    for token in _tokens(text):
        yield from token.children or ()


def relative_links(text: str) -> list[str]:
    """Links and pictures that point into the project itself."""
    targets = [str(t.attrs.get("href") or t.attrs.get("src") or "") for t in _inline(text)]
    return [t for t in targets if t and not re.match(r"[a-z][a-z0-9+.-]*:", t)]


def anchors(text: str) -> set[str]:
    """Names of the headings as the forge makes them: lower case, dashes, no punctuation."""
    tokens = _tokens(text)
    names: list[str] = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            plain = "".join(t.content for t in inline.children or ())
            slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
            again = names.count(slug)
            names += [slug, f"{slug}-{again}"] if again else [slug]
    return set(names)
