"""Looking after a session's record: proved, exported, copied, shortened."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gpt_trader.app.folders import session_folder
from gpt_trader.engine.events import Started
from gpt_trader.engine.written import tagged_text
from gpt_trader.errors import JournalError, StorageError
from gpt_trader.journal.compact import backup as copy
from gpt_trader.journal.compact import line
from gpt_trader.journal.entry import VerifyReport
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.header import header_to_json
from gpt_trader.runtime.journaling import check_whole
from gpt_trader.runtime.session import JOURNAL, open_stopped


def journal_file(profile: str | None, state_dir: Path | None) -> Path:
    """Return the file of a session's journal."""
    return session_folder(profile, state_dir) / JOURNAL


def verify(path: Path) -> VerifyReport:
    """Prove the journal's structure, its chain and its snapshots. Raises JournalError."""
    with open_journal(path, readonly=True) as journal:
        return check_whole(journal)


def write_lines(path: Path, target: IO[str]) -> int:
    """Write each entry as a line of JSON, the chain checked on the way; return how many."""
    written = 0
    with open_journal(path, readonly=True) as journal:
        for entry in journal.read():
            target.write(line(entry) + "\n")
            written += 1
    return written


def export(path: Path, file: Path) -> int:
    """Write the entries to a new file; return how many. Raises StorageError."""
    with open_journal(path, readonly=True):  # a file that is none is said before one is made
        pass
    try:
        with file.open("x", encoding="utf-8") as target:
            return write_lines(path, target)
    except OSError as error:
        raise StorageError(f"{file}: {error.strerror}", hint="choose another name") from error


def backup(path: Path, file: Path) -> VerifyReport:
    """Copy the journal, and prove the copy. Raises StorageError or JournalError."""
    with open_journal(path, readonly=True):  # a file that is none is said in our words
        pass
    copy(path, file)
    with open_journal(file, create=False) as journal:
        report = journal.verify()
    if not report.ok:
        raise JournalError(f"the copy does not hold: {report.problem}", hint="verify the journal")
    return report


@dataclass(frozen=True, slots=True)
class Compacted:
    """What was cut off, and where it is kept; None: nowhere. bytes: of the file."""

    entries_cut: int
    archive: Path | None
    bytes_before: int
    bytes: int


def compact(profile: str | None, state_dir: Path | None, *, archive: bool) -> Compacted:
    """Cut off what the snapshots stand for, of a stopped session. Raises JournalError."""
    folder = session_folder(profile, state_dir)
    with open_stopped(folder) as (header, journal):
        before = (folder / JOURNAL).stat().st_size
        check_whole(journal)
        kept = tagged_text(Started(0, header_to_json(header)))
        first, last = journal.anchor()[0] + 1, journal.head()[0]
        place = folder / f"journal-archive-{first:09d}-{last:09d}.jsonl.gz" if archive else None
        cut = journal.compact(kept, place)
    return Compacted(cut.entries, cut.archive, before, (folder / JOURNAL).stat().st_size)
