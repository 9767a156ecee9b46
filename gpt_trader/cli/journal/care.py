"""Exporting, copying and shortening a session's journal."""

import sys
from pathlib import Path

from gpt_trader.app import journal
from gpt_trader.cli import output
from gpt_trader.cli.options import again

MB = 1e6
STDOUT = Path("-")


def export(file: Path, profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Write the entries to a new file or to stdout."""
    source = journal.journal_file(profile, state_dir)
    if file == STDOUT:
        journal.write_lines(source, sys.stdout)
        return
    written = journal.export(source, file)
    output.emit("journal export", {"path": file, "entries": written}, json=json)
    if not json:
        print(f"{written:,} entries to {file}")


def backup(file: Path, profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Copy the journal, and prove the copy."""
    report = journal.backup(journal.journal_file(profile, state_dir), file)
    data = {"path": file, "entries": report.entries, "head": report.head.hex()}
    output.emit("journal backup", data, json=json)
    if not json:
        print(f"ok: {report.entries:,} entries in {file}, digest {report.head.hex()}")


def compact(profile: str | None, state_dir: Path | None, *, archive: bool, json: bool) -> None:
    """Cut off what the snapshots stand for, of a stopped session."""
    cut = journal.compact(profile, state_dir, archive=archive)
    output.emit("journal compact", cut, json=json)
    if not json and not cut.entries_cut:
        print("nothing to cut off: there are not two snapshots yet")
    elif not json:
        sizes = f"{cut.bytes_before / MB:,.1f} to {cut.bytes / MB:,.1f} MB"
        print(f"{cut.entries_cut:,} entries cut off, {sizes}")
        print(f"they are in {cut.archive}" if cut.archive else "nothing of them is kept")
        print(f"Next: gpt-trader journal verify{again(profile, state_dir)}")
