"""An exchange's account against a session's journal: every wallet and order, to the last digit."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from gpt_trader.engine.state import State

ZERO = Decimal(0)


class Difference(NamedTuple):
    """One thing that the two do not agree on; what: asset or order."""

    what: str
    name: str
    journal: str
    exchange: str


def expected_wallets(header: Mapping[str, Any], state: State) -> dict[str, Decimal]:
    """Return what each wallet must hold: what it began with, and all that moved since."""
    began = {name: Decimal(text) for name, text in header["wallets"].items()}
    for asset, text in state.ledger.items():
        began[asset] = began.get(asset, ZERO) + Decimal(text)
    return began


def differences(
    header: Mapping[str, Any],
    state: State,
    wallets: Mapping[str, Decimal],
    open_orders: Iterable[tuple[str, str]],
) -> list[Difference]:
    """Return where journal and exchange differ.

    wallets: exact totals by currency. open_orders: (client id, description) of what may still
    fill at the exchange. An order of somebody else is a difference too: it is shown, not touched.
    """
    found = []
    expected = expected_wallets(header, state)
    for asset in sorted({*expected, *wallets}):
        known, told = expected.get(asset, ZERO), wallets.get(asset, ZERO)
        if known != told:
            found.append(Difference("asset", asset, format(known, "f"), format(told, "f")))
    there = dict(open_orders)
    here = {order.client_order_id: order.status.value for order in state.open_orders}
    for key in sorted({*there, *here}):
        if key not in there:
            found.append(Difference("order", key, here[key], "not open"))
        elif key not in here:
            found.append(Difference("order", key, "not ours", there[key]))
    return found
