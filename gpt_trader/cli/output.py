"""What every command prints: one JSON document or a table on stdout, all else on stderr."""

import json as json_format
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from gpt_trader.cli.numbers import list_some
from gpt_trader.errors import TraderError
from gpt_trader.plain import plain

SCHEMA_VERSION = 1
SUBJECTS_SHOWN = 3
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


def emit(
    command: str,
    data: object,
    warnings: Sequence[str] = (),
    *,
    json: bool = True,
    refused: TraderError | None = None,
) -> None:
    """Write a successful result: with `json` the envelope to stdout, else warnings to stderr.

    Without `json` the caller has printed its own text or table. refused: what failed beside a
    result that is there all the same; it ends the command with its exit code.
    """
    if not json:
        for warning in joined(warnings):
            warn(warning)
        if refused is not None:
            raise refused
        return
    if refused is None:
        print(document(command, data=data, warnings=warnings))
        return
    error = error_of(refused.code, refused.message, refused.hint, refused.where, refused.details)
    print(document(command, data=data, warnings=warnings, error=error))
    raise typer.Exit(refused.exit_code)


def joined(warnings: Sequence[str]) -> list[str]:
    """Return each warning once, and as one what is said of many products, their first word."""
    subjects: dict[str, dict[str, None]] = {}
    for warning in warnings:
        subject, _, said = warning.partition(" ")
        subjects.setdefault(said, {})[subject] = None
    return [
        f"{first} {said}".strip()
        + (f"; the same of {list_some(others, SUBJECTS_SHOWN)}" if others else "")
        for said, (first, *others) in subjects.items()
    ]


def error_of(
    code: str, message: str, hint: str, where: str | None, details: Sequence[str] = ()
) -> dict[str, object]:
    """Return an error as the envelope has it, with the first line of each mistake found."""
    each = [block.partition("\n")[0] for block in details]
    said = " ".join(message.split()) + (f": {'; '.join(each)}" if each[1:] else "")
    return {"code": code, "message": said, "hint": hint, "where": where}


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
