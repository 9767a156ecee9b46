"""What an order is called: its client id says what made it, and that it is ours.

An id is a UUID of version 8 (RFC 9562). 90 of its bits are a hash of what made the order, so the
same intent always has the same id and a retry is no new order. The last 32 are the mark: a hash
of the other bits and of the portfolio, which whoever knows the portfolio can check without a
journal. An id of somebody else is taken for ours by chance once in 2**32 if it has version 8, and
never if it has another, as the random ones (version 4) that exchanges and their apps make.

Ids once were bare: 128 bits of hash, without version and mark. A session goes on with those that
it holds; those that nobody holds are known by trying what could have made them.
"""

import hashlib
from functools import lru_cache

from gpt_trader.kernel.codes import ORDINAL_QUOTE

BARE, MARKED = 1, 2  # the forms that ids have had
LENGTH = 36
BODY = 28  # characters before the mark: "xxxxxxxx-xxxx-8xxx-yxxx-xxxx"
VARIANTS = "89ab"


def bar_cause(interval: str, open_ms: int) -> str:
    """Cause of the orders that a bar's decision makes."""
    return f"bar:{interval}:{open_ms}"


def order_id(portfolio: str, product_id: str, cause: str, ordinal: int, form: int = MARKED) -> str:
    """Client order id of the order that a cause made with this ordinal; form: BARE or MARKED."""
    told = _sha256(f"{portfolio}\n{product_id}\n{cause}\n{ordinal}")
    if form == BARE:
        return f"{told[:8]}-{told[8:12]}-{told[12:16]}-{told[16:20]}-{told[20:32]}"
    variant = VARIANTS[int(told[16], 16) % 4]
    body = f"{told[:8]}-{told[8:12]}-8{told[13:16]}-{variant}{told[17:20]}-{told[20:24]}"
    return body + mark(portfolio, body)


@lru_cache(maxsize=4096)
def client_order_id(
    portfolio: str,
    product_id: str,
    interval: str,
    cause_ms: int,
    ordinal: int,
    form: int = MARKED,
) -> str:
    """Client order id of the order that a bar's decision, its protection or a quote made."""
    if ordinal == ORDINAL_QUOTE:
        return order_id(portfolio, product_id, f"quote:{cause_ms}", 0, form)
    return order_id(portfolio, product_id, bar_cause(interval, cause_ms), ordinal, form)


def is_ours(client_order_id: str, portfolio: str) -> bool:
    """Whether an id bears the mark of a portfolio. Bare ids never do."""
    body = client_order_id[:BODY]
    return (
        len(client_order_id) == LENGTH
        and body[14] == "8"
        and body[19] in VARIANTS
        and client_order_id[BODY:] == mark(portfolio, body)
    )


def mark(portfolio: str, body: str) -> str:
    """Return the mark, 8 digits, of an id that begins so."""
    return _sha256(f"{portfolio}\n{body}")[: LENGTH - BODY]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
