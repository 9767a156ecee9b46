"""What can be known of a session from its folder alone, whatever its journal is like."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import TraderError
from gpt_trader.journal.faults import UNREADABLE
from gpt_trader.runtime.header import Header, plan_of
from gpt_trader.runtime.journaling import recover_state, unlocked
from gpt_trader.runtime.session import JOURNAL, locks_of, money_locks, read_header, view


class KeptSession(NamedTuple):
    """A session's folder. header, state: None where the journal does not say; problem: why.

    doubts: what is doubtful about what it says. entries: of the journal by then.
    """

    folder: Path
    header: Header | None
    state: State | None
    problem: str
    doubts: Sequence[str] = ()
    entries: int = 0

    @property
    def plan(self) -> Plan | None:
        """What it trades."""
        return None if self.header is None else plan_of(self.header)

    @property
    def trades_money(self) -> bool:
        """Whether its orders go to an exchange; a live session's folder is named by a UUID."""
        return bool(self.portfolio) if self.header is None else self.header.mode.trades_money

    @property
    def portfolio(self) -> str:
        """The portfolio at the exchange; "" for a simulation, or if nothing says it."""
        if self.header is not None:
            return self.header.portfolio if self.header.mode.trades_money else ""
        name = self.folder.resolve().name
        try:
            return str(uuid.UUID(name))
        except ValueError:
            return ""

    def locks(self) -> list[tuple[Path, str]]:
        """Return its locks; none if only its journal could say which. Raises StorageError."""
        if self.header is not None:
            return locks_of(self.header, self.folder)
        return money_locks(self.portfolio, self.folder) if self.portfolio else []


def look_at(folder: Path) -> KeptSession:
    """Return what a folder says of its session; nothing that is wrong with it is an error here."""
    header = None
    try:
        header = read_header(folder)
        with view(folder) as (_, plan, journal):
            state = recover_state(journal, plan, header.cash)
            seq, _ = journal.head()
            return KeptSession(folder, header, state, "", unlocked(journal), seq)
    except (TraderError, *UNREADABLE) as error:
        return KeptSession(folder, header, None, f"{folder / JOURNAL} cannot be read: {error}")
