"""Writing off what was sold beyond what was bought: the way out of a position below zero."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

from gpt_trader.app.adjust import JUST_NOW_MS
from gpt_trader.app.at_exchange import reach_outside
from gpt_trader.app.folders import session_folder
from gpt_trader.app.kept_session import KeptSession, look_at
from gpt_trader.app.operate import open_session, take
from gpt_trader.domain.account import totals_of
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import Settled
from gpt_trader.engine.records import DebtSettled
from gpt_trader.engine.state import is_oversold
from gpt_trader.errors import DataError, HaltError, UsageError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settlement:
    """Which product to settle, who says so, and why."""

    product_id: str
    by: str
    reason: str


def settle(
    asked: Settlement,
    *,
    profile: str | None,
    state_dir: Path | None,
    warn: Callable[[str], object],
    confirm: Callable[[Json], object],
) -> Json:
    """Write off what a product was oversold by, at its ask; return what was done, as JSON.

    confirm: is told what will be done, and raises if it shall not be. Nothing is bought, nothing is
    sent but cancels and exits that were due anyway. Raises UsageError if nothing was sold too many,
    HaltError if the account is not in line with the journal, LockedError while a bot runs.
    """
    if not asked.by.strip() or not asked.reason.strip():
        raise UsageError("who says so, and why?", hint="give --by NAME and --reason TEXT")
    folder = session_folder(profile, state_dir, strictly=True)
    kept = look_at(folder)
    product, lots = _oversold(kept, asked.product_id)
    wallet, ticks = _look(kept, profile, product)
    told = {
        "product": product.product_id,
        "oversold": product.size(lots),
        "price": product.price(ticks),
        "value": product.size(lots) * product.price(ticks),
        "wallet": wallet,
    }
    confirm(told)
    opened = open_session(profile, state_dir, warn, folder=folder, reduces=True, fresh=True)
    with opened as session:
        if session.time_ms() - session.state.reconciled_ms > JUST_NOW_MS:
            raise HaltError(
                "the account is not in line with the journal: what is owed is not certain",
                hint="see what differs: gpt-trader account reconcile",
            )
        event = Settled(session.time_ms(), product.product_id, lots, ticks, asked.by, asked.reason)
        entries = take(session, event)
    if not any(isinstance(one, DebtSettled) for entry in entries for one in entry.records):
        raise HaltError(f"{product.product_id} changed meanwhile, or an order of it is open")
    return told


def _oversold(kept: KeptSession, product_id: str) -> tuple[Product, int]:
    plan, state = kept.plan, kept.state
    if plan is None or state is None or not kept.trades_money:
        raise UsageError("expected a session of money with a journal that can be read")
    j = plan.index.get(product_id)
    if j is None or not is_oversold(plan, state, j):
        raise UsageError(
            f"of {product_id} no more was sold than was bought: there is nothing to settle",
            hint="see gpt-trader status",
        )
    return plan.products[j], -int(state.slots["lots"][j])


def _look(kept: KeptSession, profile: str | None, product: Product) -> tuple[Decimal | None, int]:
    """Return what the exchange holds of a coin, and what one costs, ticks."""
    private = reach_outside(kept, profile).private
    wallets = totals_of(private.balances())
    for touch in private.touches([product.product_id]):
        ticks = product.ticks(touch.ask, ROUND_CEILING)
        if ticks is not None:
            return wallets.get(product.base_currency), ticks
    raise DataError(f"nobody offers {product.product_id} now: what is owed has no price")
