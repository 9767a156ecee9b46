"""Wallets against a journal: what is not told is no difference, and no zero."""

from decimal import Decimal

import pytest

from gpt_trader.errors import Unavailable
from gpt_trader.runtime.live.agreement import differences, differing_wallets
from tests.engine_helpers import Desk

BEGAN = {"USD": Decimal(8_000), "BTC": Decimal(0)}


def test_what_differs_is_told_by_its_amount():
    state = Desk().state
    assert differing_wallets(BEGAN, state, BEGAN) == {}
    assert differing_wallets(BEGAN, state, {"USD": Decimal(8_000)}) == {}, "never used, never told"
    more = BEGAN | {"BTC": Decimal("0.1"), "ETH": Decimal(1)}
    assert differing_wallets(BEGAN, state, more) == {"BTC": Decimal("0.1"), "ETH": 1}
    assert differing_wallets(BEGAN, state, BEGAN | {"USD": Decimal(0)}) == {"USD": -8_000}


@pytest.mark.parametrize("wallets", [{}, {"BTC": Decimal(0)}])
def test_a_wallet_that_vanished_is_no_wallet_of_0(wallets):
    state = Desk().state
    with pytest.raises(Unavailable, match="no wallet of USD"):
        differing_wallets(BEGAN, state, wallets)
    with pytest.raises(Unavailable, match="no wallet of USD"):
        differences(BEGAN, state, wallets, [])
