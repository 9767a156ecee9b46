"""Whose portfolio a key may be used for."""

import pytest

from gpt_trader.broker.exchange.scope import check_portfolio
from gpt_trader.domain.account import Permissions
from gpt_trader.errors import AuthError

KEY = Permissions(
    can_view=True,
    can_trade=True,
    can_transfer=False,
    portfolio_uuid="one",
    portfolio_type="DEFAULT",
)


def test_a_key_is_used_for_its_own_portfolio_alone():
    check_portfolio(KEY, "one")
    with pytest.raises(AuthError, match="portfolio one, the session of two"):
        check_portfolio(KEY, "two")
