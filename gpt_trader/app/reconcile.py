"""The exchange against a session's journal."""

from pathlib import Path
from typing import Any

from gpt_trader.app.account import reach_account
from gpt_trader.app.folders import session_folder
from gpt_trader.broker.exchange.scope import check_portfolio
from gpt_trader.errors import UsageError
from gpt_trader.runtime.journaling import doubts, recover_state
from gpt_trader.runtime.live.agreement import differences
from gpt_trader.runtime.live.wallets import expected_wallets
from gpt_trader.runtime.session import view

HOUR_MS = 3_600_000


def reconcile(profile: str | None, state_dir: Path | None) -> tuple[dict[str, Any], list[str]]:
    """Read both; return every difference, as JSON, and what is doubtful about the journal.

    Raises UsageError for a session that trades no money, AuthError or a BrokerError.
    """
    with view(session_folder(profile, state_dir)) as (header, plan, journal):
        if not header.mode.trades_money:
            raise UsageError(
                "this session trades no money: there is no exchange to hold it against",
                hint="reconcile a profile of mode live",
            )
        state = recover_state(journal, plan, header.cash)
        warnings = doubts(journal)
    reached = reach_account(profile, state_dir, header)
    check_portfolio(reached.permissions(), header.portfolio)
    began_ms = min(
        [order.intent.sent_ms for order in state.open_orders], default=reached.exchange.now_ms()
    )
    remote = reached.private.open_orders(began_ms - HOUR_MS).rows
    wallets = {one.currency: one.total for one in reached.private.balances()}
    orders = [
        (one.client_order_id or one.order_id, f"{one.status} {one.product_id}") for one in remote
    ]
    found = differences(header.wallets, state, wallets, orders)
    data = {
        "agrees": not found,
        "portfolio": header.portfolio,
        "wallets": len(expected_wallets(header.wallets, state)),
        "orders": len(orders),
        "differences": [one._asdict() for one in found],
    }
    return data, warnings
