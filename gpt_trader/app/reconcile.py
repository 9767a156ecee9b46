"""The exchange against a session's journal."""

from pathlib import Path
from typing import Any

from gpt_trader.app.account import reach_account
from gpt_trader.app.folders import session_folder
from gpt_trader.app.operate import taken_over
from gpt_trader.broker.exchange.reports import lots_of
from gpt_trader.broker.exchange.scope import check_portfolio
from gpt_trader.domain.account import RemoteOrder, totals_of
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import Unavailable, UsageError
from gpt_trader.runtime.journaling import check_whole, recover_state, unlocked
from gpt_trader.runtime.live.agreement import Difference, differences
from gpt_trader.runtime.live.take_over import lacks
from gpt_trader.runtime.live.wallets import expected_wallets
from gpt_trader.runtime.session import view

HOUR_MS = 3_600_000
LACKING = "ours, not in this journal"


def reconcile(profile: str | None, state_dir: Path | None) -> tuple[dict[str, Any], list[str]]:
    """Read both; return every difference, as JSON, and what is doubtful about the journal.

    `lacking` are orders of this bot that the journal does not know: an older one was put back.
    Raises UsageError for a session that trades no money, AuthError or a BrokerError, also where not
    all that is open can be read: what agrees as far as it was told is not told to agree; and
    JournalError where the journal does not hold: nothing agrees with what is damaged.
    """
    folder = session_folder(profile, state_dir)
    with view(folder) as (header, plan, journal):
        if not header.mode.trades_money:
            raise UsageError(
                "this session trades no money: there is no exchange to hold it against",
                hint="reconcile a profile of mode live",
            )
        check_whole(journal)
        state = recover_state(journal, plan, header.cash)
        warnings = unlocked(journal)
    reached = reach_account(profile, state_dir, header)
    check_portfolio(reached.permissions(), header.portfolio)
    began_ms = min(
        [order.intent.sent_ms for order in state.open_orders], default=reached.exchange.now_ms()
    )
    remote, is_whole, _ = reached.private.open_orders(began_ms - HOUR_MS)
    if not is_whole:
        raise Unavailable("what is open at the exchange cannot be read")
    wallets = totals_of(reached.private.balances())
    orders = [
        (one.client_order_id or one.order_id, f"{one.status} {one.product_id}") for one in remote
    ]
    with view(folder) as (_, _, journal):
        lacking = lacks(header.portfolio, state, journal, reached.private, remote)
    found = [
        one._replace(journal=LACKING) if one.name in lacking else one
        for one in differences(header.wallets, state, wallets, orders)
    ]
    found += [one for row in remote if (one := _filled_further(plan, state, row)) is not None]
    data = {
        "agrees": not found,
        "portfolio": header.portfolio,
        "wallets": len(expected_wallets(header.wallets, state)),
        "orders": len(orders),
        "differences": [one._asdict() for one in found],
        "lacking": lacking,
        "taken_over": taken_over(state),
    }
    return data, warnings


def _filled_further(plan: Plan, state: State, row: RemoteOrder) -> Difference | None:
    """Return that an order of the session rests and has filled otherwise than is booked."""
    order = state.orders.get(row.client_order_id)
    if order is None:
        return None
    product = plan.products[plan.index[order.product_id]]
    there = lots_of(product, row) if row.tells_size else None
    if there == order.filled:
        return None
    told = "not told" if there is None else format(product.size(there), "f")
    here = format(product.size(order.filled), "f")
    return Difference("order", row.client_order_id, f"filled {here}", f"filled {told}")
