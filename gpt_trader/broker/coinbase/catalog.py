"""Whether a product may be traded now, and what changed of it since the last look."""

from collections.abc import Callable, Sequence

from gpt_trader.broker.coinbase.parse import ProductInfo

CLOSED = {
    "is_disabled": "it is disabled",
    "trading_disabled": "trading is disabled",
    "cancel_only": "orders can only be cancelled",
    "auction_mode": "an auction is on",
    "view_only": "this account may only look at it",
}
WATCHED = (
    "base_increment",
    "price_increment",
    "base_min_size",
    "quote_min_size",
    "status",
    "flags",
)


def untradable(info: ProductInfo) -> str | None:
    """Return why no order of a product would be taken, None if it would.

    limit_only and post_only are no reason: resting orders work.
    """
    for flag, words in CLOSED.items():
        if flag in info.flags:
            return words
    if info.status and info.status != "online":  # futures say nothing
        return f"it is {info.status}"
    return None


def changes(before: ProductInfo, after: ProductInfo) -> list[str]:
    """Return what changed of a product's grid, minimums, status and modes, one line each."""
    found = []
    for name in WATCHED:
        old, new = before._asdict()[name], after._asdict()[name]
        if old != new:
            found.append(f"{after.product_id} {name}: {_words(old)} -> {_words(new)}")
    return found


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)


class Catalog:
    """The products of a session as they were at the last look. ask: returns one by its id."""

    def __init__(self, ask: Callable[[str], ProductInfo], known: Sequence[ProductInfo]) -> None:
        self._ask = ask
        self._known = {info.product_id: info for info in known}

    def news(self) -> list[tuple[str, str]]:
        """Look again; return (product, what changed) for each change since the last look."""
        found = []
        for product_id, before in self._known.items():
            after = self._ask(product_id)
            found += [(product_id, change) for change in changes(before, after)]
            self._known[product_id] = after
        return found
