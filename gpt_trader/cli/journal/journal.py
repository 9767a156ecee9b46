"""`gpt-trader journal`: prove, copy and shorten the record of a session."""

from pathlib import Path
from typing import Annotated

import typer

from gpt_trader.cli import output
from gpt_trader.cli.options import StateDir
from gpt_trader.cli.output import Json, ProfileName

COMMAND = "journal verify"
app = typer.Typer(
    add_completion=False, rich_markup_mode=None, help="Look after the record of a session."
)


@app.callback()
def _group() -> None:
    """Look after the record of a session."""


@app.command()
def verify(*, profile: ProfileName = None, state_dir: StateDir = None, json: Json = False) -> None:
    """Prove the journal's structure, every link of its chain and every snapshot."""
    from gpt_trader.app.journal import journal_file
    from gpt_trader.app.journal import verify as prove

    path = journal_file(profile, state_dir)
    report = prove(path)
    data = {"path": path, "entries": report.entries, "head": report.head.hex(), "ok": True}
    output.emit(COMMAND, data, json=json)
    if not json:
        print(f"ok: {report.entries:,} entries, digest {report.head.hex()}")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="A new file; - for stdout.")] = Path("-"),
    *,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Write every entry as a line of JSON, the chain checked on the way."""
    from gpt_trader.cli.journal.care import export as run

    run(file, profile, state_dir, json=json)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file.")],
    *,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Copy the journal, also beside a running bot, and prove the copy.

    To restore, stop the bot, put the copy into the session's folder as journal.db, and remove the
    old journal.db-wal and journal.db-shm there: they belong to the file that was in its place.
    """
    from gpt_trader.cli.journal.care import backup as run

    run(file, profile, state_dir, json=json)


@app.command()
def compact(
    *,
    no_archive: Annotated[
        bool, typer.Option("--no-archive", help="Keep nothing of what is cut off.")
    ] = False,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Cut off what the snapshots stand for; it goes to an archive beside the journal."""
    from gpt_trader.cli.journal.care import compact as run

    run(profile, state_dir, archive=not no_archive, json=json)
