"""Exporting, copying and shortening a session's journal."""

import sys
from pathlib import Path
from typing import IO

from gpt_trader.app.folders import session_folder
from gpt_trader.cli import output
from gpt_trader.cli.options import again
from gpt_trader.engine.events import Started
from gpt_trader.engine.written import tagged_text
from gpt_trader.errors import JournalError, StorageError
from gpt_trader.journal.compact import backup as copy
from gpt_trader.journal.compact import line
from gpt_trader.journal.sqlite import Journal, open_journal
from gpt_trader.runtime.header import header_to_json
from gpt_trader.runtime.session import JOURNAL, stopped

MB = 1e6
STDOUT = Path("-")


def export(file: Path, profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Write the entries to a new file or to stdout."""
    source = session_folder(profile, state_dir) / JOURNAL
    with open_journal(source, readonly=True) as journal:
        if file == STDOUT:
            _lines(journal, sys.stdout)
            return
        try:
            with file.open("x", encoding="utf-8") as target:
                written = _lines(journal, target)
        except OSError as error:
            raise StorageError(f"{file}: {error.strerror}", hint="choose another name") from error
    output.emit("journal export", {"path": file, "entries": written}, json=json)
    if not json:
        print(f"{written:,} entries to {file}")


def _lines(journal: Journal, target: IO[str]) -> int:
    written = 0
    for entry in journal.read():
        target.write(line(entry) + "\n")
        written += 1
    return written


def backup(file: Path, profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Copy the journal, and prove the copy."""
    source = session_folder(profile, state_dir) / JOURNAL
    with open_journal(source, readonly=True):  # a file that is none is said in our words
        pass
    copy(source, file)
    with open_journal(file, create=False) as journal:
        report = journal.verify()
    if not report.ok:
        raise JournalError(f"the copy does not hold: {report.problem}", hint="verify the journal")
    data = {"path": file, "entries": report.entries, "head": report.head.hex()}
    output.emit("journal backup", data, json=json)
    if not json:
        print(f"ok: {report.entries:,} entries in {file}, digest {report.head.hex()}")


def compact(profile: str | None, state_dir: Path | None, *, archive: bool, json: bool) -> None:
    """Cut off what the snapshots stand for, of a stopped session."""
    folder = session_folder(profile, state_dir)
    with stopped(folder) as (header, journal):
        before = (folder / JOURNAL).stat().st_size
        report = journal.verify()
        if not report.ok:
            raise JournalError(report.problem, hint="go back to a copy of the file")
        kept = tagged_text(Started(0, header_to_json(header)))
        first, last = journal.anchor()[0] + 1, journal.head()[0]
        place = folder / f"journal-archive-{first:09d}-{last:09d}.jsonl.gz" if archive else None
        cut = journal.compact(kept, place)
    after = (folder / JOURNAL).stat().st_size
    data = {"entries_cut": cut.entries, "archive": cut.archive}
    data |= {"bytes_before": before, "bytes": after}
    output.emit("journal compact", data, json=json)
    if not json and not cut.entries:
        print("nothing to cut off: there are not two snapshots yet")
    elif not json:
        sizes = f"{before / MB:,.1f} to {after / MB:,.1f} MB"
        print(f"{cut.entries:,} entries cut off, {sizes}")
        print(f"they are in {cut.archive}" if cut.archive else "nothing of them is kept")
        print(f"Next: gpt-trader journal verify{again(profile, state_dir)}")
