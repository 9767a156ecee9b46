"""An error as a user or a program reads it: a line, a hint, a place, an exit code."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from gpt_trader.cli.commands import COMMANDS, PROGRAM
from gpt_trader.cli.output import document, encode, error_of
from gpt_trader.errors import TraderError

USAGE = 2
SUBCOMMANDS = {
    "account": (
        "snapshot",
        "balances",
        "fees",
        "permissions",
        "portfolios",
        "limits",
        "adjust",
        "reconcile",
    ),
    "data": ("pull", "import", "check", "list", "show", "repair", "remove", "export", "universe"),
    "journal": ("verify",),
    "orders": (
        "place",
        "list",
        "cancel",
        "cancel-all",
        "edit",
        "preview",
        "show",
        "fills",
        "history",
    ),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong. details: further lines for people, such as the line of a file."""

    code: str
    exit_code: int
    message: str
    hint: str = ""
    where: str | None = None
    details: tuple[str, ...] = ()


def describe(error: Exception | SystemExit, args: Sequence[str]) -> Failure:
    """Return what an error says; one that nobody foresaw is named an internal error."""
    if isinstance(error, TraderError):
        return Failure(
            error.code, error.exit_code, error.message, error.hint, error.where, error.details
        )
    if isinstance(error, typer.TyperException):
        return _misused(error, args)
    if isinstance(error, typer.Abort):
        return Failure("ABORTED", 1, "aborted: no answer was given")
    if isinstance(error, MemoryError):
        return Failure("MEMORY", 1, "out of memory", "use fewer bars or products")
    place = _place_in_strategy(error)
    if place is not None:
        return Failure(
            "USAGE",
            USAGE,
            f"{_failed(error)}: {type(error).__name__}: {_one_line(str(error))}",
            "this is a fault of the strategy; --debug shows where",
            place,
        )
    if isinstance(error, OSError):
        file = f": {error.filename}" if error.filename else ""
        return Failure("FAILURE", 1, f"{error.strerror or error}{file}")
    return Failure(
        "INTERNAL",
        1,
        f"internal error: {type(error).__name__}: {_one_line(str(error))}",
        "this is a fault of the program; --debug shows where",
    )


def _place_in_strategy(error: BaseException) -> str | None:
    from gpt_trader.strategy.registry import place_in_strategy

    return place_in_strategy(error)


def _failed(error: BaseException) -> str:
    """Return whose fault it is, by the note that asking a strategy leaves on its errors."""
    notes = vars(error).get("__notes__", [])
    if isinstance(error, SystemExit):
        return "the strategy ended the program"
    return f"{notes[0] if notes else 'the strategy'} failed"


def is_of_strategy(error: BaseException) -> bool:
    """Whether code that a strategy brings raised it."""
    return _place_in_strategy(error) is not None


def report(failure: Failure, args: Sequence[str]) -> int:
    """Write a failure to stderr, or with --json in the arguments to stdout; return its code."""
    if "--json" in args:
        print(_json(failure, command_of(args)))
    else:
        print(_words(failure), file=sys.stderr)
    return failure.exit_code


def command_of(args: Sequence[str]) -> str:
    """Return the command that the arguments name, as "orders place"; "" if none."""
    place = next((i for i, arg in enumerate(args) if arg in COMMANDS), len(args))
    name, after = [*args[place : place + 2], "", ""][:2]
    return f"{name} {after}" if after in SUBCOMMANDS.get(name, ()) else name


def _json(failure: Failure, command: str) -> str:
    """The envelope; for `run`, whose output is lines, a last summary line."""
    error = error_of(failure.code, failure.message, failure.hint, failure.where, failure.details)
    if command == "run":
        return encode({"type": "summary", "ok": False, "error": error})
    return document(command, error=error)


def _words(failure: Failure) -> str:
    """One line with the place, the blocks of a file's mistakes, and the hint."""
    if len(failure.details) > 1:
        blocks = "\n".join(failure.details).replace("\n", "\n  ")
        return f"error: {failure.message}\n  {blocks}"
    place = f"{failure.where}: " if failure.where else ""
    line = failure.details[0] if failure.details else f"{place}{_one_line(failure.message)}"
    return f"error: {line}\nhint: {_one_line(failure.hint)}" if failure.hint else f"error: {line}"


def _misused(error: typer.TyperException, args: Sequence[str]) -> Failure:
    """What the parser refused: a flag, a value, a missing argument."""
    message, _, options = error.format_message().partition(" (Possible options: ")
    message = message.rstrip(".")
    command = command_of(args)
    hint = f"see {PROGRAM} {command} --help".replace("  ", " ")
    if options:
        hint = f"did you mean {options.rstrip(')')}? {hint}"
    return Failure("USAGE", USAGE, message[:1].lower() + message[1:], hint)


def _one_line(text: str) -> str:
    return " ".join(text.split())
