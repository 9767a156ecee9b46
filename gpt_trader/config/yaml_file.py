"""Read one YAML 1.2 profile into flat keys that each know their file, line and column.

Nothing is validated here beyond the file being a mapping with unique text keys.
"""

import os
import pathlib

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gpt_trader.config.location import Layer, Location, Problem, ProfileError
from gpt_trader.config.text import SECRET, Path, format_path, parse_text
from gpt_trader.errors import ConfigError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12


def shorten_path(path: pathlib.Path) -> str:
    """Return a path as people want to read it: relative when it lies below this folder."""
    full = path.resolve()
    here = pathlib.Path.cwd()
    return os.fspath(full.relative_to(here)) if full.is_relative_to(here) else os.fspath(full)


def read_layer(path: pathlib.Path) -> tuple[Layer, list[Problem]]:
    """Return the keys of a profile, and what is wrong with the file's structure.

    Raises:
        ConfigError: the file cannot be read or is not YAML.
    """
    text = _read_text(path)
    hidden = SECRET.search(text) is not None
    reader = _Reader(shorten_path(path), [] if hidden else text.splitlines())
    try:
        root = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        message = f"not valid YAML: {error.problem or error.context}"
        raise ProfileError([Problem(message, reader.at(line, column))]) from error
    except (YAMLError, RecursionError) as error:
        raise ProfileError([Problem("not valid YAML", Location(reader.name))]) from error
    if root is None or (isinstance(root, ScalarNode) and not root.value):
        return reader.layer, []
    if not isinstance(root, MappingNode):
        problem = Problem("expected keys and values, as in `mode: dev`", reader.of(root))
        return reader.layer, [problem]
    reader.walk(root, ())
    return reader.layer, reader.problems


def _read_text(path: pathlib.Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"cannot read the profile: {error.strerror}", where=shorten_path(path)
        ) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(
            f"expected a profile of at most {MAX_BYTES} bytes", where=shorten_path(path)
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"expected UTF-8 text, byte {error.start} is none", where=shorten_path(path)
        ) from error


class _Reader:
    """Collects a document's keys and problems while walking its nodes."""

    def __init__(self, name: str, lines: list[str]) -> None:
        self.name = name
        self.lines = lines
        self.layer = Layer({}, {}, {})
        self.problems: list[Problem] = []

    def at(self, line: int, column: int) -> Location:
        source = self.lines[line] if line < len(self.lines) else ""
        return Location(self.name, line + 1, column + 1, source)

    def of(self, node: Node) -> Location:
        return self.at(node.start_mark.line, node.start_mark.column)

    def walk(self, node: Node, path: Path) -> None:
        if len(path) > MAX_DEPTH:
            self.problems.append(Problem("nested too deeply", self.of(node)))
        elif isinstance(node, MappingNode):
            self._mapping(node, path)
        elif isinstance(node, SequenceNode) and node.value:
            for index, item in enumerate(node.value):
                self.walk(item, (*path, index))
        else:
            self.layer.values[path] = _scalar(node) if isinstance(node, ScalarNode) else []
            self.layer.origins[path] = self.of(node)

    def _mapping(self, node: MappingNode, path: Path) -> None:
        first: dict[str, int] = {}
        for key, value in node.value:
            origin = self.of(key)
            if not isinstance(key, ScalarNode):
                self.problems.append(Problem("expected a word as key", origin))
                continue
            name = str(key.value)
            if name in first:
                words = f"{format_path((*path, name))} is stated twice, first on line {first[name]}"
                self.problems.append(Problem(words, origin, "keep one of the two"))
                continue
            first[name] = origin.line
            self.layer.keys[(*path, name)] = origin
            self.walk(value, (*path, name))
            if isinstance(value, ScalarNode) and not value.value:
                self.layer.origins[(*path, name)] = origin  # nothing stands after the key


def _scalar(node: ScalarNode) -> object:
    """Return a plain scalar as what it spells in YAML 1.2; quoted text stays text."""
    kind = str(node.tag).rpartition(":")[2]
    if kind == "null":
        return None
    return str(node.value) if kind == "str" else parse_text(str(node.value))
