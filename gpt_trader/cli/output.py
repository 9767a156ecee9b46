"""What every command prints: one JSON document or a table on stdout, all else on stderr."""

import dataclasses
import enum
import json as json_format
import math
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

SCHEMA_VERSION = 1
PIPE_WIDTH = 1000  # columns where stdout is no terminal: nothing is wrapped or cut

Json = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]
ProfileName = Annotated[
    str | None,
    typer.Option("--profile", "-p", help="Profile name or file.", envvar="GPT_TRADER_PROFILE"),
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A strategy parameter or a dotted key."),
]

_verbosity = [0]  # -1 quiet, 0 normal, 1 verbose: a property of the process, as its stderr is


def set_verbosity(level: int) -> None:
    """Set how much goes to stderr: -1 errors only, 0 normal, 1 more."""
    _verbosity[0] = level


def verbosity() -> int:
    """Return how much goes to stderr: -1 errors only, 0 normal, 1 more."""
    return _verbosity[0]


def emit(command: str, data: object, warnings: Sequence[str] = (), *, json: bool = True) -> None:
    """Write a successful result: with `json` the envelope to stdout, else warnings to stderr.

    Without `json` the caller has printed its own text or table.
    """
    if not json:
        for warning in warnings:
            warn(warning)
        return
    print(document(command, data=data, warnings=warnings))


def document(
    command: str,
    *,
    data: object = None,
    warnings: Sequence[str] = (),
    error: Mapping[str, object] | None = None,
) -> str:
    """Return the envelope that every `--json` command writes, on one line."""
    return encode(
        {
            "schema_version": SCHEMA_VERSION,
            "command": command,
            "ok": error is None,
            "data": data,
            "warnings": list(warnings),
            "error": error,
        }
    )


def encode(value: object) -> str:
    """Return a value as JSON by the rules of `plain`."""
    return json_format.dumps(plain(value), allow_nan=False)


def plain(value: Any) -> Any:  # noqa: ANN401
    """Return a value as JSON knows it.

    Money (Decimal) becomes text without an exponent, NaN and infinities null, times ISO UTC
    with milliseconds, numpy scalars and arrays numbers and lists.
    """
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, enum.Enum)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return money(value) if value.is_finite() else None
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if type(value).__module__ == "numpy":
        return plain(value.tolist())
    raise TypeError(f"expected a value that JSON can hold, was {type(value).__name__}")


def money(value: Decimal) -> str:
    """Return a decimal as text without an exponent: 1E+4 is "10000"."""
    return format(value, "f")


def utc(moment: datetime) -> str:
    """Return an aware time as 2026-01-31T00:00:00.000Z."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text}Z"


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
    """Write a table to stdout; text is shown as it is, never read as markup."""
    from rich import box
    from rich.table import Table

    grid = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*(str(cell) for cell in row))
    console().print(grid)


def console() -> Any:  # noqa: ANN401
    """Return a rich console on stdout that wraps only on a terminal and honors NO_COLOR."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(markup=False, highlight=False, emoji=False, width=width)


def note(message: str) -> None:
    """Say something on stderr, unless `-q`."""
    if _verbosity[0] >= 0:
        print(message, file=sys.stderr)


def detail(message: str) -> None:
    """Say something on stderr, only with `-v`."""
    if _verbosity[0] > 0:
        print(message, file=sys.stderr)


def warn(message: str) -> None:
    """Say a warning on stderr, also with `-q`."""
    print(f"warning: {message}", file=sys.stderr)
