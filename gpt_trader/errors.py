"""Every error the project raises on purpose, with its exit code.

TraderError                     1
├── UsageError                  2   the command line asks for something impossible
│   └── StrategyError           2   a strategy's answer is not what it must be
├── ConfigError                 3   a profile, flag or environment value is wrong
├── BrokerError                 5   the exchange or the network
│   ├── AuthError               4   key, permission
│   ├── RateLimited             5
│   ├── Unavailable             5
│   └── UnknownOutcome          5   sent, no proof of what became of it; never resent
├── HaltError                   6   refused by a guard, or halted
├── DataError                   7   market data missing or bad
│   └── GapError                7
├── ValidationGateError         8   a result did not pass its check (look-ahead, ...)
├── LockedError                 9   another instance holds the portfolio's lock
├── JournalError                1   the journal cannot be read or written
│   └── StorageError            1   the disk is full, read-only or failing
└── Interrupted               130   ended by Ctrl-C before it was done

Refusals by a guard and unfilled orders are values, not errors.
"""

from typing import ClassVar

from gpt_trader.hints import in_python


class TraderError(Exception):
    """Root of the tree: one line for the user, a hint, a place and an exit code.

    `message` and `hint` name the command line's flags. Python shows hint and place as notes, in its
    own words; so is the text of what a call of the library raises (`door`).
    """

    code: ClassVar[str] = "FAILURE"
    exit_code: ClassVar[int] = 1
    details: tuple[str, ...] = ()  # for people: a block of lines for each mistake found

    def __init__(self, message: str, *, hint: str = "", where: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where
        if hint:
            self.add_note(f"hint: {in_python(hint)}")
        if where:
            self.add_note(f"at {where}")


class UsageError(TraderError):
    """The command line asks for something impossible."""

    code = "USAGE"
    exit_code = 2


class StrategyError(UsageError):
    """A strategy's answer is not what it must be; `where` is its file:line."""


class ConfigError(TraderError):
    """A profile, flag or environment value is wrong; `where` is file:line:column."""

    code = "CONFIG"
    exit_code = 3


class BrokerError(TraderError):
    """The exchange refused, failed or could not be reached."""

    code = "EXCHANGE"
    exit_code = 5


class AuthError(BrokerError):
    """The key is missing, wrong, or lacks a permission."""

    code = "AUTH"
    exit_code = 4


class RateLimited(BrokerError):
    """The exchange asked for a pause of `retry_after_s` seconds."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after_s: float, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class Unavailable(BrokerError):
    """The exchange cannot be reached or is in maintenance."""

    code = "UNAVAILABLE"


class UnknownOutcome(BrokerError):
    """A request was sent and nothing proves what became of it."""

    code = "UNKNOWN_OUTCOME"


class HaltError(TraderError):
    """A guard refused, or trading is halted."""

    code = "HALTED"
    exit_code = 6


class DataError(TraderError):
    """Market data is missing or bad."""

    code = "DATA"
    exit_code = 7


class GapError(DataError):
    """Bars are missing where they are needed."""

    code = "DATA_GAP"


class ValidationGateError(TraderError):
    """A result did not pass its own check."""

    code = "VALIDATION"
    exit_code = 8


class LockedError(TraderError):
    """Another instance holds the portfolio's lock."""

    code = "LOCKED"
    exit_code = 9


class JournalError(TraderError):
    """The journal cannot be read, or its chain does not verify."""

    code = "JOURNAL"


class StorageError(JournalError):
    """The disk is full, read-only or failing: nothing durable, so nothing is sent."""

    code = "STORAGE"


class Interrupted(TraderError):
    """A command was ended before it was done; what it keeps is kept."""

    code = "INTERRUPTED"
    exit_code = 130


def __dir__() -> list[str]:
    """List the errors, and nothing that they are made with."""
    kinds = {name: one for name, one in globals().items() if isinstance(one, type)}
    return sorted(name for name, kind in kinds.items() if issubclass(kind, Exception))
