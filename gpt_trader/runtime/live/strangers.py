"""Orders of others in the account: what they gave away is gone, and no riddle."""

from collections.abc import Container, Iterable

from gpt_trader.domain.account import RemoteFill
from gpt_trader.kernel.codes import SELL


def given_away(asset: str, fills: Iterable[RemoteFill], ours: Container[str]) -> str:
    """Name the orders of others whose fills sold an asset, or spent it; "" if there are none.

    ours: the exchange's ids of the session's orders.
    """
    found: dict[str, str] = {}
    for fill in fills:
        base, _, quote = fill.product_id.partition("-")
        gave = base if fill.side == SELL else quote
        if fill.is_first and gave == asset and fill.order_id not in ours:
            verb = "sold" if fill.side == SELL else "bought"
            found[fill.order_id] = f"{verb} {base} by order {fill.order_id}"
    return f"not the session's: {', '.join(found.values())}" if found else ""
