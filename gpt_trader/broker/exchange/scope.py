"""Whether a key may be used for what is asked of it."""

from gpt_trader.domain.account import Permissions
from gpt_trader.errors import AuthError


def check_scope(
    permissions: Permissions, *, trades: bool, allow_transfer: bool, setting: str
) -> None:
    """Raise AuthError unless the key can do what is needed, and no more than is wanted.

    setting: the profile's key that allows a transfer.

    A key that can move money out turns a stolen file into a stolen account; a bot needs none.
    """
    if not permissions.can_view:
        raise AuthError("the key cannot view the account", hint="make one with the view permission")
    if trades and not permissions.can_trade:
        raise AuthError("the key cannot trade", hint="make one with the trade permission")
    if permissions.can_transfer and not allow_transfer:
        raise AuthError(
            "the key can move money out of the account",
            hint=f"make one without the transfer permission, or set {setting}",
        )


def check_portfolio(permissions: Permissions, portfolio: str) -> None:
    """Raise AuthError if a key belongs to another portfolio than the session it is used for."""
    if permissions.portfolio_uuid != portfolio:
        raise AuthError(
            f"the key is of portfolio {permissions.portfolio_uuid}, the session of {portfolio}",
            hint="use the key that the session was begun with",
        )
