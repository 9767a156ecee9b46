"""`gpt-trader account reconcile`: the exchange against the journal."""

from pathlib import Path

import typer

from gpt_trader.app.account import reach_account
from gpt_trader.app.folders import session_folder
from gpt_trader.broker.exchange.scope import check_portfolio
from gpt_trader.cli import output
from gpt_trader.errors import UsageError
from gpt_trader.runtime.journaling import doubts, recover_state
from gpt_trader.runtime.live.agreement import differences, expected_wallets
from gpt_trader.runtime.session import view

DIFFERENT = 1


def run(profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Read both and show every difference; exit 1 if there is one."""
    with view(session_folder(profile, state_dir)) as (header, plan, journal):
        if not header.mode.trades_money:
            raise UsageError(
                "this session trades no money: there is no exchange to hold it against",
                hint="reconcile a profile of mode live",
            )
        state = recover_state(journal, plan, header.cash)
        warnings = doubts(journal)
    reached = reach_account(profile or header.profile)
    check_portfolio(reached.private.permissions(), header.portfolio)
    began_ms = min(
        [order.intent.sent_ms for order in state.open_orders], default=reached.exchange.now_ms()
    )
    remote = reached.private.open_orders(began_ms - 3_600_000)
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
    output.emit("account reconcile", data, warnings, json=json)
    if not json and found:
        output.table(("what", "name", "journal", "exchange"), found)
        print("a deposit or withdrawal is written down with: gpt-trader account adjust")
    elif not json:
        print(f"agrees to the last digit: {data['wallets']} wallets, {data['orders']} open orders")
    if found:
        raise typer.Exit(DIFFERENT)
