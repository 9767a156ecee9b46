"""An exchange's account against a session's journal: every wallet and order, to the last digit."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.state import State
from gpt_trader.runtime.live.wallets import ZERO, differing_wallets, expected_wallets


class Difference(NamedTuple):
    """One thing that the two do not agree on; what: asset or order."""

    what: str
    name: str
    journal: str
    exchange: str


def differences(
    began: Mapping[str, Decimal],
    state: State,
    wallets: Mapping[str, Decimal],
    open_orders: Iterable[tuple[str, str]],
) -> list[Difference]:
    """Return where journal and exchange differ.

    began: what the wallets held when the session began. wallets: exact totals by currency.
    open_orders: (client id, description) of what may still fill at the exchange. An order of
    somebody else is a difference too: it is shown, not touched.
    """
    expected = expected_wallets(began, state)
    found = [
        Difference(
            "asset",
            asset,
            format(expected.get(asset, ZERO), "f"),
            format(wallets.get(asset, ZERO), "f"),
        )
        for asset in sorted(differing_wallets(began, state, wallets))
    ]
    there = dict(open_orders)
    here = {
        order.client_order_id: order.status.value
        for order in state.open_orders
        if order.status is not OrderStatus.WAITING  # nobody else knows of it yet
    }
    for key in sorted({*there, *here}):
        if key not in there:
            found.append(Difference("order", key, here[key], "not open"))
        elif key not in here:
            found.append(Difference("order", key, "not ours", there[key]))
    return found
