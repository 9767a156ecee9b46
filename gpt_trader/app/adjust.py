"""Writing down what came in or went out otherwise than by a fill."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from gpt_trader.app.operate import open_session, take, taken_over
from gpt_trader.engine.events import Adjusted
from gpt_trader.errors import UsageError

JUST_NOW_MS = 60_000
LARGEST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What to write down, and who says so."""

    kind: str
    asset: str
    amount: str
    by: str
    reason: str


def adjust(
    asked: Adjustment,
    *,
    profile: str | None,
    state_dir: Path | None,
    warn: Callable[[str], object],
) -> dict[str, Any]:
    """Journal the adjustment and return it, as JSON; nothing is moved at the exchange.

    Raises UsageError for what makes no sense, where the account is in line already, and where what
    differs may be what the bot traded itself, under a journal that is not here. warn: is
    told what else there is to say.
    """
    amount = read_amount(asked.kind, asked.amount)
    asset = asked.asset.strip().upper()
    if not asset.isalnum():
        raise UsageError(f"expected an asset such as USD, was {asked.asset!r}")
    if not asked.by.strip() or not asked.reason.strip():
        raise UsageError("who says so, and why?", hint="give --by NAME and --reason TEXT")
    with open_session(profile, state_dir, warn, reduces=True, fresh=True) as session:
        looked_ms = session.time_ms() - session.state.reconciled_ms
        if session.plan.max_unreconciled_ms and looked_ms <= JUST_NOW_MS:
            raise UsageError(
                "the account is in line with the journal: there is nothing to write down",
                hint="what came in may have been adopted: gpt-trader journal export",
            )
        if taken := taken_over(session.state):
            raise UsageError(
                f"not while what the journal did not know is taken over: {taken[0]}",
                hint="what trading came to is neither deposit nor withdrawal: `run` books it",
            )
        event = Adjusted(
            session.time_ms(), asset, format(amount, "f"), asked.kind, asked.by, asked.reason
        )
        take(session, event)
        ledger = dict(session.state.ledger)
    return {"asset": asset, "amount": amount, "kind": asked.kind, "ledger": ledger}


def read_amount(kind: str, text: str) -> Decimal:
    """Return an amount with its sign: a withdrawal goes out, a transfer says which way."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise UsageError(f"expected --amount to be a number, was {text!r}") from None
    if not amount.is_finite() or amount == 0 or abs(amount) > LARGEST:
        raise UsageError(f"expected --amount to be a sensible amount, was {text!r}")
    if amount < 0 and kind != "transfer":
        raise UsageError(
            f"expected --amount above 0 for a {kind}", hint="only a transfer may be below 0"
        )
    return -amount if kind == "withdrawal" else amount
