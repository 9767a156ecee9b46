"""`gpt-trader journal`: prove that the record of a session is whole."""

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
    from gpt_trader.cli.options import session_folder
    from gpt_trader.errors import JournalError
    from gpt_trader.journal.sqlite import open_journal
    from gpt_trader.runtime.session import JOURNAL

    path = session_folder(profile, state_dir) / JOURNAL
    with open_journal(path, readonly=True) as journal:
        report = journal.verify()
    if not report.ok:
        raise JournalError(report.problem, hint="go back to a copy of the file")
    data = {"path": path, "entries": report.entries, "head": report.head.hex(), "ok": True}
    output.emit(COMMAND, data, json=json)
    if not json:
        print(f"ok: {report.entries:,} entries, digest {report.head.hex()}")
