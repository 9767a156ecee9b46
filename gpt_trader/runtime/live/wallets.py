"""What an account's wallets must hold by the journal, and what they hold."""

from collections.abc import Mapping
from decimal import Decimal

from gpt_trader.domain.account import told_wallet
from gpt_trader.engine.state import State, all_moved

ZERO = Decimal(0)


def expected_wallets(began: Mapping[str, Decimal], state: State) -> dict[str, Decimal]:
    """Return what each wallet must hold: what it began with, and all that moved since."""
    expected = dict(began)
    for asset, amount in all_moved(state).items():
        expected[asset] = expected.get(asset, ZERO) + amount
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
