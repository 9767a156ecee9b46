"""The order in which products decide: what cash and limits leave is the first one's."""

from collections.abc import Sequence


def plan_order(products: Sequence[str], first: Sequence[str] = ()) -> list[int]:
    """Return the places of products in the order in which they decide.

    first: products that decide before the others, in this order, as a profile's do in a session;
    the others follow by name. In what order they were given changes nothing.
    """
    places = {product: place for place, product in enumerate(first)}
    return sorted(
        range(len(products)), key=lambda i: (places.get(products[i], len(places)), products[i])
    )


def in_order[T](series: Sequence[T], order: Sequence[int]) -> list[T]:
    """Return one entry a product in an order; as they are if there is not one for each."""
    return [series[i] for i in order] if len(series) == len(order) else list(series)
