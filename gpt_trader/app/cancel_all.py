"""A session's entries at the exchange, seen from outside of it."""

import os
import threading
import time
from pathlib import Path

from gpt_trader.config.load import load_profile
from gpt_trader.domain.order import Order
from gpt_trader.engine.state import State
from gpt_trader.runtime.header import Header
from gpt_trader.runtime.journaling import recover_state
from gpt_trader.runtime.session import view

VERIFY_S = 15.0
LOOK_S = 0.5


def left_open(folder: Path, header: Header, *, sweep: bool) -> list[str]:
    """Return which of the session's entries are still open at the exchange, after a while.

    sweep: cancel them from here; orders of others and protective stops are left alone.
    """
    if not header.mode.trades_money:
        return []
    from gpt_trader.app.account import ATTEMPTS, wait
    from gpt_trader.runtime.venues import connect_account, reach

    settings = load_profile(header.profile, env=os.environ, flags={}).settings
    exchange = reach(settings, wait, attempts=ATTEMPTS)
    private = connect_account(
        settings,
        os.environ,
        wait,
        sends=sweep,
        now_ms=exchange.now_ms,
        attempts=ATTEMPTS,
    )
    entries = {
        o.client_order_id: o.intent.sent_ms for o in _known(folder).orders.values() if is_entry(o)
    }
    since_ms = min(entries.values(), default=exchange.now_ms()) - 3_600_000
    until = time.monotonic() + VERIFY_S
    asked: set[str] = set()
    while True:
        remote = private.open_orders(since_ms)
        left = [one for one in remote if one.client_order_id in entries]
        if not left or time.monotonic() > until:
            return [one.client_order_id for one in left]
        new = [one.order_id for one in left if one.order_id not in asked]
        if sweep and new:
            private.cancel(new)
            asked.update(new)
        threading.Event().wait(LOOK_S)


def is_entry(order: Order) -> bool:
    """Whether an order may add to a position."""
    return not order.intent.reduce_only


def _known(folder: Path) -> State:
    with view(folder) as (header, plan, journal):
        return recover_state(journal, plan, header.cash)
