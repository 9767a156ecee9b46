"""What cannot be undone is done only if the user types its name."""

import sys

import typer

from gpt_trader.errors import UsageError


def confirm(what: str, why: str, *, yes: bool) -> None:
    """Let the user type what it is about, unless told not to. No prompt without a terminal.

    Raises UsageError where nobody can type, or something else was typed.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"{why}: it is done only if you say so", hint="add --yes where nobody can type"
        )
    if typer.prompt(f"{why}: type {what} to go on", err=True) != what:
        raise UsageError("that was something else: nothing is done")
