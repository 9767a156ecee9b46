"""An exchange's account against a session's journal: every wallet and order, to the last digit."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from gpt_trader.domain.account import told_wallet
from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.state import State

ZERO = Decimal(0)


class Difference(NamedTuple):
    """One thing that the two do not agree on; what: asset or order."""

    what: str
    name: str
    journal: str
    exchange: str


def expected_wallets(began: Mapping[str, Decimal], state: State) -> dict[str, Decimal]:
    """Return what each wallet must hold: what it began with, and all that moved since."""
    expected = dict(began)
    for asset, text in state.ledger.items():
        expected[asset] = expected.get(asset, ZERO) + Decimal(text)
    return expected


def differing_wallets(
    began: Mapping[str, Decimal], state: State, wallets: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """Return by how much each wallet that is not as it must be holds more (> 0) or less.

    Raises Unavailable if one that must hold something was not told: that is no look.
    """
    expected = expected_wallets(began, state)
    told = dict(wallets)
    for one in sorted({*expected} - {*wallets}):
        told[one] = told_wallet(wallets, one) if expected[one] else ZERO
    found = {one: told[one] - expected.get(one, ZERO) for one in told}
    return {asset: amount for asset, amount in found.items() if amount}


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
