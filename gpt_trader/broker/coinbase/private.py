"""An account at Coinbase: questions about it, and the requests that change it.

Reads are tried again, writes are made once and at once: they never wait behind reads.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from gpt_trader.broker.coinbase import account, parse
from gpt_trader.broker.coinbase.parse import Parsed
from gpt_trader.broker.coinbase.rest import Rest
from gpt_trader.broker.coinbase.wire import (
    SIDE_WORDS,
    configuration,
    price_text,
    size_text,
    time_text,
)
from gpt_trader.domain.account import (
    Balance,
    CancelResult,
    FeeTier,
    History,
    Permissions,
    Placed,
    Portfolio,
    Preview,
    Refused,
    RemoteFill,
    RemoteOrder,
)
from gpt_trader.domain.order import OrderIntent, OrderType, TimeInForce
from gpt_trader.domain.product import Product
from gpt_trader.domain.venue import Touch
from gpt_trader.errors import DataError, Unavailable, UnknownOutcome

PAGE = 250
MOST_CANCELS = 100  # orders in one request


@dataclass(frozen=True, slots=True)
class Private:
    """The account that a key belongs to.

    most_pages: of one question; a cursor that never ends is a fault.
    """

    rest: Rest
    most_pages: int = field(default=1000, kw_only=True)

    def permissions(self) -> Permissions:
        """Return what the key may do."""
        return self.rest.get("/key_permissions", account.parse_permissions)

    def balances(self) -> list[Balance]:
        """Return the wallets that orders draw on, those in one currency together."""
        found = self._pages("/accounts", account.parse_wallets, {"limit": PAGE})
        return account.add_up(found.rows)

    def fee_tier(self) -> FeeTier:
        """Return the rates that the account pays."""
        params = {"product_type": "SPOT"}
        return self.rest.get("/transaction_summary", account.parse_fee_tier, params)

    def portfolios(self) -> list[Portfolio]:
        """Return the portfolios that the key can see."""
        return self.rest.get("/portfolios", account.parse_portfolios).rows

    def touches(self, product_ids: Sequence[str]) -> list[Touch]:
        """Return the best bid and ask of products; those without both sides are left out."""
        params = {"product_ids": list(product_ids)}
        return self.rest.get("/best_bid_ask", parse.touches, params)

    def takes_stops(self, product: Product) -> bool | None:
        """Whether a stop that sells would be taken, asked with a preview far below the price.

        A refusal for lack of coins says that the kind of order is taken, one of the kind itself
        that it is not. None: neither was said, as in maintenance.
        """
        touches = self.touches([product.product_id])
        if not touches:
            return None
        found = self.preview(_least_stop(product, touches[0]), product)
        if all("INSUFFICIENT" in reason for reason in found.errors):
            return True
        return False if any("SUPPORTED" in reason for reason in found.errors) else None

    def preview(self, intent: OrderIntent, product: Product) -> Preview:
        """Return what an order would come to; nothing is placed."""
        body = request(intent, product)
        del body["client_order_id"]
        return self.rest.ask("/orders/preview", body, account.parse_preview)

    def place(self, intent: OrderIntent, product: Product) -> Placed | Refused:
        """Place an order, once. Raises as `Rest.post`; an answer without proof: UnknownOutcome."""
        found = account.parse_created(self.rest.post("/orders", request(intent, product)))
        if found is None:
            raise UnknownOutcome(f"Coinbase does not say what became of {intent.client_order_id}")
        return found

    def amend(self, order_id: str, product: Product, lots: int, limit: int) -> Refused | None:
        """Change a resting order: price and the new total size. None: the request was taken."""
        body = {
            "order_id": order_id,
            "price": price_text(product, limit),
            "size": size_text(product, lots),
        }
        found = account.parse_edited(self.rest.post("/orders/edit", body))
        if found is False:
            raise UnknownOutcome(f"Coinbase does not say what became of the edit of {order_id}")
        return found if isinstance(found, Refused) else None

    def cancel(self, order_ids: Sequence[str]) -> list[CancelResult]:
        """Ask to cancel orders. What is answered is that it was asked, not that they ended."""
        found: list[CancelResult] = []
        for at in range(0, len(order_ids), MOST_CANCELS):
            body = {"order_ids": list(order_ids[at : at + MOST_CANCELS])}
            answer = self.rest.post("/orders/batch_cancel", body)
            try:
                found += account.parse_cancels(answer).rows
            except Unavailable as error:
                raise UnknownOutcome(error.message) from None
        return found

    def order(self, order_id: str) -> RemoteOrder | None:
        """Return an order; None if it is not visible, which proves nothing."""
        try:
            return self.rest.get(f"/orders/historical/{quote(order_id, safe='')}", _one_order)
        except DataError:
            return None

    def orders(
        self,
        *,
        product_ids: Sequence[str] = (),
        statuses: Sequence[str] = (),
        since_ms: int | None = None,
        until_ms: int | None = None,
    ) -> History[RemoteOrder]:
        """Return orders, newest first. since and until count by creation; OPEN ignores them.

        statuses: the exchange's words; OPEN stands alone, and leaves out what is still pending.
        """
        params: dict[str, Any] = {"limit": PAGE}
        if product_ids:
            params["product_ids"] = list(product_ids)
        if statuses:
            params["order_status"] = list(statuses)
        if since_ms is not None:
            params["start_date"] = time_text(since_ms)
        if until_ms is not None:
            params["end_date"] = time_text(until_ms)
        page = self._pages("/orders/historical/batch", account.parse_orders, params)
        is_whole = not page.rejected and all(one.client_order_id for one in page.rows)
        return History(page.rows, is_whole, not page.rejected)

    def open_orders(self, since_ms: int) -> History[RemoteOrder]:
        """Return all that may still fill: what is open, and what was pending since a time.

        What has a status that nobody knows may: it is among them.
        """
        resting, newest = self.orders(statuses=("OPEN",)), self.orders(since_ms=since_ms)
        found = {one.order_id: one for one in resting.rows}
        for one in newest.rows:
            if one.life is None or not one.life.is_final:
                found.setdefault(one.order_id, one)
        is_whole = resting.is_whole and newest.is_whole
        return History(list(found.values()), is_whole, resting.tells_all and newest.tells_all)

    def fills(
        self,
        *,
        order_ids: Sequence[str] = (),
        product_ids: Sequence[str] = (),
        since_ms: int | None = None,
    ) -> History[RemoteFill]:
        """Return fills, each once, in the exchange's order."""
        params: dict[str, Any] = {"limit": PAGE}
        if order_ids:
            params["order_ids"] = list(order_ids)
        if product_ids:
            params["product_ids"] = list(product_ids)
        if since_ms is not None:
            params["start_sequence_timestamp"] = time_text(since_ms)
        page = self._pages("/orders/historical/fills", account.parse_fills, params)
        once = {(one.entry_id or one.trade_id, one.order_id): one for one in page.rows}
        return History(list(once.values()), not page.rejected)

    @property
    def limits(self) -> Mapping[str, str]:
        """What the newest answer said of limits on requests."""
        return dict(self.rest.limits)

    @property
    def is_spent(self) -> bool:
        """Whether the newest answer said that no more requests are allowed for now."""
        return self.rest.is_spent

    def _pages[T](
        self,
        path: str,
        read: Callable[[Mapping[str, Any]], Parsed[T]],
        params: Mapping[str, Any],
    ) -> Parsed[T]:
        """Return the rows of all pages, and how many could not be read."""
        found = Parsed[T]([], 0)
        cursor, seen = "", set[str]()
        for _ in range(self.most_pages):
            asked = dict(params) | ({"cursor": cursor} if cursor else {})
            was = cursor
            if cursor in seen:
                raise Unavailable(f"Coinbase's pages of {path} lead back to one before")
            seen.add(cursor)
            page, cursor = self.rest.get(path, lambda page: (read(page), _after(page, was)), asked)  # noqa: B023 - read at once
            found = Parsed(found.rows + page.rows, found.rejected + page.rejected)
            if not cursor:
                return found
        raise Unavailable(f"Coinbase's pages of {path} do not end")


def _after(page: Mapping[str, Any], asked: str) -> str:
    """Return the cursor of the next page, "" if this is the last. asked: this page's own.

    Where pages have nothing but a cursor, the last one may repeat it. Raises Unavailable if the
    page does not say whether it is the last, or more follows and not where.
    """
    has_next, cursor = page.get("has_next"), page.get("cursor")
    if has_next is False:
        return ""
    leads_on = bool(cursor) and cursor != asked
    if not isinstance(cursor, str) or (has_next is True and not leads_on):
        raise Unavailable("Coinbase does not say where the next page is")
    return cursor if leads_on else ""


def _one_order(document: Mapping[str, Any]) -> RemoteOrder:
    row = document.get("order")
    found = account.parse_order(row) if isinstance(row, dict) else None
    if found is None:
        raise Unavailable("Coinbase answered without order")
    return found


def request(intent: OrderIntent, product: Product) -> dict[str, Any]:
    """Return exactly what is sent for an order."""
    return {
        "client_order_id": intent.client_order_id,
        "product_id": intent.product_id,
        "side": SIDE_WORDS[intent.side],
        "order_configuration": configuration(intent, product),
    }


def _least_stop(product: Product, touch: Touch) -> OrderIntent:
    """Return the smallest stop that can be sold, at half the price: it could not trigger."""
    stop = max(int(touch.bid / 2 / product.price_increment), 1)
    least = product.quote_min_size * 4 / touch.bid
    lots = max(int(max(least, product.base_min_size) / product.base_increment) + 1, 1)
    return OrderIntent(
        client_order_id="probe",
        product_id=product.product_id,
        side=-1,
        type=OrderType.STOP_LIMIT,
        tif=TimeInForce.GTC,
        lots=lots,
        quote=0,
        limit=max(stop * 9 // 10, 1),
        stop=stop,
    )
