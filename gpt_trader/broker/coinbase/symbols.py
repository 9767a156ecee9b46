"""One product, two names: X-USDC is traded on the book of X-USD, and settles in USDC."""

OWN_BOOKS = ("USDT-USDC", "EURC-USDC")  # of all -USDC products only these have their own channels


def book_id(product_id: str) -> str:
    """Return the product whose market data channels tell a product's prices."""
    if product_id.endswith("-USDC") and product_id not in OWN_BOOKS:
        return product_id.removesuffix("C")
    return product_id
