"""What changed of a session's products since the last look."""

from collections.abc import Callable, Sequence

from gpt_trader.domain.market import ProductInfo

WATCHED = (
    "base_increment",
    "price_increment",
    "quote_increment",
    "base_min_size",
    "quote_min_size",
    "base_max_size",
    "quote_max_size",
    "status",
    "flags",
)


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
