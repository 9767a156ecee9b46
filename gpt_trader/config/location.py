"""Where a value came from, and what is wrong with it: nothing is known about YAML here."""

from collections.abc import Sequence
from dataclasses import dataclass

from gpt_trader.config.text import Path
from gpt_trader.errors import ConfigError, TraderError, UsageError


@dataclass(frozen=True, slots=True)
class Location:
    """Where a value was stated. text: "default", a file's name, "env NAME" or "flag --x".

    line and column count from 1; 0 where there is no file. source: the line itself, empty
    where it must not be shown.
    """

    text: str
    line: int = 0
    column: int = 0
    source: str = ""

    def __str__(self) -> str:
        return f"{self.text}:{self.line}" if self.line else self.text

    @property
    def place(self) -> str:
        """Return file:line:column, or the text alone."""
        return f"{self.text}:{self.line}:{self.column}" if self.line else self.text


DEFAULT = Location("default")


@dataclass(frozen=True, slots=True)
class Layer:
    """Flat keys of one source (a file, the environment, the flags), or of several merged.

    values: scalars and empty lists by path. origins: where each value stands.
    keys: where each key stands, those of mappings included.
    """

    values: dict[Path, object]
    origins: dict[Path, Location]
    keys: dict[Path, Location]


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration: what, where, and what would be right."""

    message: str
    origin: Location
    hint: str = ""

    def __str__(self) -> str:
        key = self.origin.place.rpartition(" ")[2].lstrip("-")  # "flag --set risk.x" names it
        return f"{self.origin.place}: {self.message.removeprefix(f'{key}: ')}"

    def block(self) -> str:
        """Return place and message, then the source line with a caret under the column."""
        source = self.origin.source
        if not source.strip():
            return str(self)
        indent = len(source) - len(source.lstrip())
        caret = " " * max(self.origin.column - 1 - indent, 0) + "^"
        return f"{self}\n    {source.strip()}\n    {caret}"


class ProfileError(ConfigError):
    """All mistakes of a configuration at once, in the order of their places.

    details: a block of lines for each, with its hint where there are several.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        ordered = sorted(problems, key=lambda p: (not p.origin.line, *_order(p.origin)))
        first, *rest = ordered
        alone = first.message if first.origin.line else str(first)
        super().__init__(
            f"{len(ordered)} problems in the configuration" if rest else alone,
            hint="; ".join(dict.fromkeys(p.hint for p in ordered if p.hint)),
            where=first.origin.place if first.origin.line else None,
        )
        self.problems = tuple(ordered)
        self.details = tuple(
            f"{p.block()}\n    {p.hint}" if rest and p.hint else p.block() for p in ordered
        )


def failure(problems: Sequence[Problem]) -> TraderError:
    """Return all mistakes as one error: of usage if every one of them stands in a flag."""
    wrong = ProfileError(problems)
    if not all(problem.origin.text.startswith("flag ") for problem in problems):
        return wrong
    misused = UsageError(wrong.message, hint=wrong.hint)
    misused.details = wrong.details
    return misused


def _order(origin: Location) -> tuple[str, int, int]:
    return origin.text, origin.line, origin.column
