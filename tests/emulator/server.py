"""The exchange's REST API on a port of this machine, quirks and limits included."""

import contextlib
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.emulator import rest_private
from tests.emulator.auth import Key, Keys
from tests.emulator.books import Books, Order, Rules
from tests.emulator.faults import Plan, too_many
from tests.emulator.market import GENESIS_MS, Market, Product, cents, units
from tests.emulator.rest import Answer, error, one
from tests.emulator.rest_private import user_row
from tests.emulator.ws import BATCH, Wire

PREFIX = "/api/v3/brokerage"
GRANULARITIES = {
    "ONE_MINUTE": 60,
    "FIVE_MINUTE": 300,
    "FIFTEEN_MINUTE": 900,
    "THIRTY_MINUTE": 1800,
    "ONE_HOUR": 3600,
    "TWO_HOUR": 7200,
    "FOUR_HOUR": 14400,
    "SIX_HOUR": 21600,
    "ONE_DAY": 86400,
}
ROWS = {"candles", "trades", "products", "orders", "fills", "accounts"}
MOST_BUCKETS = 350
MOST_TRADES = 1000


class Request(NamedTuple):
    """A request that came in, and the status it was answered with (0: the connection was cut)."""

    method: str
    path: str
    query: dict[str, list[str]]
    status: int


class Exchange:
    """A running stand-in. now_ms: its time; a test may set it. requests: what was asked of it."""

    def __init__(self, market: Market, now_ms: int) -> None:
        self.market = market
        self.now_ms = now_ms
        self.faults = Plan()
        self.requests: list[Request] = []
        self.refused_granularities: set[str] = set()
        self.delisted: set[str] = set()  # products that it knows no more
        self.silent: set[str] = set()  # products whose ticker says nothing, heartbeats or not
        self.held = 0  # requests that are not answered yet because of a fault
        self.most_per_s: int | None = None  # public requests a second; None: no limit
        self.clock: Callable[[], float] = time.monotonic  # the limit's seconds
        self._begun: deque[float] = deque()
        self.private_left = 29  # requests of a key that it says are left
        self.keys = Keys()
        self.books = Books()
        self._told = 0
        self.denied: list[str] = []  # requests whose token was not good
        self.lock = threading.RLock()
        self.wire = Wire(self._first, self._may_hear, lambda: _iso(self.now_ms))
        self.books.on_order.append(self._report)
        for product in market.products:
            self.books.rules[product.product_id] = _rules(product)
            self._quote(product, now_ms)
        self._server = _Server(self)

    @property
    def rest_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def new_key(self, kind: str = "ec", **rights: Any) -> tuple[str, str]:
        """Make a key to the account; return its name and secret."""
        return self.keys.new(kind, **rights)

    def close_product(self, product_id: str, flag: str = "cancel_only") -> None:
        """Let nobody trade a product, as the flag says; its row shows it."""
        with self.lock:
            self.books.rules[product_id].flags.add(flag)

    def fill_untold(self, order_id: str, *, lags: bool = False) -> Callable[[], None]:
        """Let half of an order fill, and report nothing of it; return what tells it at last.

        Cancel it in between: its fill is told after its end. lags: answers about the order and
        the list of fills say nothing, either; wallets tell.
        """
        with self.lock:
            order = self.books.orders[order_id]
            assert self.books.fill_untold(order, self.now_ms, lags=lags), "nothing was left to fill"

        def tell() -> None:
            with self.lock:
                self.books.tell_late(order)

        return tell

    def advance(self, to_ms: int) -> None:
        """Let time pass: the tape's trades happen, one by one, and what is due."""
        with self.lock:
            trades = []
            for product in self.market.products:
                tape = self.market.tape(product, self.now_ms, to_ms)
                rows = zip(tape.time.tolist(), tape.price.tolist(), tape.size.tolist(), strict=True)
                trades += [(at, product.product_id, price, size) for at, price, size in rows]
            for at, product_id, price, size in sorted(trades):
                self.trade(product_id, Decimal(price) / 100, Decimal(size) / 10**8, at)
            self.now_ms = to_ms
            self.books.settle(to_ms)

    def trade(self, product_id: str, price: Decimal, size: Decimal, at_ms: int) -> None:
        """Let others trade; the touch follows the price."""
        with self.lock:
            self.now_ms = max(self.now_ms, at_ms)
            step = self.books.rules[product_id].price_increment
            self.books.touch[product_id] = (price - step, price + step)
            self._tell_trade(product_id, price, size, self.now_ms)
            self.books.trade(product_id, price, size, self.now_ms)

    @property
    def ws_url(self) -> str:
        """Where its WebSocket listens, for market data and for reports."""
        return self.wire.url

    def _may_hear(self, token: str | None) -> bool:
        good = token is not None and self.keys.check(token, self.now_ms / 1000, None) is not None
        if not good:
            self.denied.append("subscribe user")
        return good

    def _report(self, order: Order) -> None:
        self.wire.push("user", {"type": "update", "orders": [user_row(order)], "positions": {}})

    def _first(self, channel: str, products: set[str]) -> list[dict[str, Any]]:
        """Return what a new subscriber of a channel is told first."""
        if channel == "user":
            rows = [user_row(o) for o in self.books.orders.values() if not o.is_final]
            parts = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)] or [[]]
            return [{"type": "snapshot", "orders": part, "positions": {}} for part in parts]
        if channel == "ticker":
            return [self._ticker_event(p, "snapshot") for p in sorted(products)]
        return []

    def _ticker_event(self, product_id: str, kind: str = "update") -> dict[str, Any]:
        bid, ask = self.books.touch[product_id]
        row = {
            "type": "ticker",
            "product_id": product_id,
            "price": str(bid),
            "best_bid": str(bid),
            "best_bid_quantity": "1",
            "best_ask": str(ask),
            "best_ask_quantity": "1",
        }
        return {"type": kind, "tickers": [row]}

    def _tell_trade(self, product_id: str, price: Decimal, size: Decimal, at_ms: int) -> None:
        self._told += 1
        row = {
            "trade_id": str(self._told),
            "product_id": product_id,
            "price": str(price),
            "size": str(size),
            "side": "BUY",
            "time": _iso(at_ms),
        }
        self.wire.push("market_trades", {"type": "update", "trades": [row]}, product_id)
        if product_id not in self.silent:
            self.wire.push("ticker", self._ticker_event(product_id), product_id)

    def _quote(self, product: Product, now_ms: int) -> None:
        tape = self.market.tape(product, now_ms - 86_400_000, now_ms)
        last = Decimal(int(tape.price[-1]) if len(tape.price) else product.price) / 100
        step = self.books.rules[product.product_id].price_increment
        self.books.touch[product.product_id] = (last - step, last + step)

    def signed(
        self, method: str, path: str, query: dict[str, list[str]], body: Any, token: str | None
    ) -> Answer:
        """Return what the exchange says to a request that needs a key."""
        key = self._key(method, path, token)
        if key is None:
            self.denied.append(f"{method} {path}")
            return Answer(401, "Unauthorized\n")
        parts = path.removeprefix(PREFIX).strip("/").split("/")
        body = body if isinstance(body, dict) else {}
        if {*query.get("product_ids", []), body.get("product_id")} & self.delisted:
            return error(400, "INVALID_ARGUMENT", "invalid product_ids")
        found = rest_private.answer(self.books, key, method, parts, query, body, self.now_ms)
        return found or error(404, "NOT_FOUND", "no such route")

    def _key(self, method: str, path: str, token: str | None) -> Key | None:
        if token is None:
            return None
        return self.keys.check(token, self.now_ms / 1000, f"{method} api.coinbase.com{path}")

    def answer(self, path: str, query: dict[str, list[str]]) -> Answer:
        """Return what the exchange says to a GET."""
        parts = path.removeprefix(PREFIX).strip("/").split("/")
        if not path.startswith(PREFIX):
            return error(404, "NOT_FOUND", "no such route")
        if parts == ["time"]:
            seconds = str(self.now_ms // 1000)
            return Answer(200, {"epochSeconds": seconds, "epochMillis": str(self.now_ms)})
        named = {*parts[2:3], *query.get("product_id", [])} if parts[0] == "market" else set()
        if gone := named & self.delisted:
            return error(404, "NOT_FOUND", f"product {min(gone)} is not found")
        if parts == ["market", "products"]:
            offset, limit = int(one(query, "offset", "0")), int(one(query, "limit", "1000"))
            listed = [p for p in self.market.products if p.product_id not in self.delisted]
            rows = [self._product(p) for p in listed][offset : offset + limit]
            return Answer(200, {"products": rows, "num_products": len(rows)})
        if parts == ["market", "product_book"]:
            return self._book(one(query, "product_id", ""))
        if parts[:2] == ["market", "products"] and len(parts) in (3, 4):
            product = self.market.product(parts[2])
            if product is None:
                words = f"Product {parts[2]} not supported"
                return error(404, "NOT_FOUND", words)
            if len(parts) == 3:
                return Answer(200, self._product(product))
            if parts[3] == "candles":
                return self._candles(product, query)
            if parts[3] == "ticker":
                return self._ticker(product, query)
        return error(404, "NOT_FOUND", "no such route")

    def is_too_fast(self) -> bool:
        """Count a request; whether it is beyond the limit of the second that ends now."""
        if self.most_per_s is None:
            return False
        now = self.clock()
        while self._begun and self._begun[0] <= now - 1.0:
            self._begun.popleft()
        if len(self._begun) >= self.most_per_s:
            return True
        self._begun.append(now)
        return False

    def _product(self, product: Product) -> dict[str, Any]:
        base, quote = product.product_id.split("-")
        tape = self.market.tape(product, self.now_ms - 86_400_000, self.now_ms)
        rules = self.books.rules[product.product_id]
        return {
            "product_id": product.product_id,
            "price": cents(tape.price[-1]) if len(tape.price) else "",
            "volume_24h": units(tape.size.sum()),
            "base_increment": format(rules.base_increment, "f"),
            "quote_increment": format(rules.quote_increment, "f"),
            "price_increment": format(rules.price_increment, "f"),
            "base_min_size": format(rules.base_min, "f"),
            "quote_min_size": format(rules.quote_min, "f"),
            "base_currency_id": base,
            "quote_currency_id": quote,
            "product_type": "SPOT",
            "status": "online",
            "best_bid_price": "",
            "best_ask_price": "",
            "is_disabled": False,
            **dict.fromkeys(rules.flags, True),
        }

    def _book(self, product_id: str) -> Answer:
        product = self.market.product(product_id)
        if product is None:
            return error(404, "NOT_FOUND", f"Product {product_id} not supported")
        bid, ask = self.books.touch[product_id]
        book = {
            "product_id": product_id,
            "bids": [{"price": str(bid), "size": "1"}],
            "asks": [{"price": str(ask), "size": "1"}],
            "time": _iso(self.now_ms),
        }
        return Answer(200, {"pricebook": book, "last": str((bid + ask) / 2)})

    def _candles(self, product: Product, query: dict[str, list[str]]) -> Answer:
        name = one(query, "granularity", "")
        seconds = GRANULARITIES.get(name)
        if seconds is None or name in self.refused_granularities:
            return error(400, "INVALID_ARGUMENT", f"granularity is invalid: {name}")
        start, end = int(one(query, "start", "0")), int(one(query, "end", "0"))
        first, last = -(-start // seconds) * seconds, end // seconds * seconds
        if (last - first) // seconds + 1 > MOST_BUCKETS:
            return error(
                400,
                "INVALID_ARGUMENT",
                "start and end argument is invalid - number of candles requested should be "
                "less than 350",
            )
        until = min((last + seconds) * 1000, self.now_ms)
        rows = self.market.candles(product, seconds * 1000, first * 1000, until)
        return Answer(200, {"candles": rows[::-1]})

    def _ticker(self, product: Product, query: dict[str, list[str]]) -> Answer:
        limit = int(one(query, "limit", "0"))
        if not limit:
            return error(400, "INVALID_ARGUMENT", "limit is required")
        if limit > MOST_TRADES:
            return error(500, "INTERNAL", "limit is too large")
        windowed = "start" in query and "end" in query
        start = int(one(query, "start", "0")) * 1000 if windowed else self.now_ms - 3_600_000
        end = (int(one(query, "end", "0")) + 1) * 1000 if windowed else self.now_ms
        tape = self.market.tape(product, start, min(end, self.now_ms))
        newest = list(range(len(tape.time)))[::-1][: limit if windowed else min(limit, 100)]
        rows = [
            {
                "trade_id": f"{tape.time[i]}{tape.price[i]}{tape.size[i]}",
                "product_id": product.product_id,
                "price": cents(tape.price[i]),
                "size": units(tape.size[i]),
                "time": _iso(int(tape.time[i])),
                "side": "BUY" if tape.buys[i] else "SELL",
                "bid": "",
                "ask": "",
                "exchange": "coinbase",
            }
            for i in newest
        ]
        return Answer(200, {"trades": rows, "best_bid": "", "best_ask": ""})


@contextlib.contextmanager
def serve(market: Market | None = None, *, now_ms: int = GENESIS_MS + 40 * 86_400_000) -> Iterator:
    """Run a stand-in for the length of a `with` block."""
    exchange = Exchange(market or Market(), now_ms)
    server = exchange._server
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    exchange.wire.start()
    try:
        yield exchange
    finally:
        exchange.wire.stop()
        server.shutdown()
        server.cut()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.lock = threading.Lock()
        self.accepted: list[socket.socket] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a connection, so that it ends with the server."""
        self.accepted.append(request)
        super().process_request(request, client_address)

    def cut(self) -> None:
        """End every connection: a server that is gone answers nobody."""
        for connection in self.accepted:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away: some tests kill theirs."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def _respond(self, method: str) -> None:
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        exchange, parts = self.server.exchange, urlsplit(self.path)
        query = parse_qs(parts.query)
        fault = exchange.faults.take(method, self.path, sent)
        with self.server.lock:
            if exchange.is_too_fast():
                fault = too_many()
        if fault is not None and fault.delay_s:
            with self.server.lock:
                exchange.held += 1
            threading.Event().wait(fault.delay_s)
            with self.server.lock:
                exchange.held -= 1
        answer = Answer(fault.status or 500, {}) if fault is not None and fault.refuses else None
        if answer is None:
            answer = self._answer(method, parts.path, query, sent)
        status = answer.status
        headers = {"content-type": "application/json", "cache-control": "max-age=14400"}
        if "authorization" in self.headers:
            left = exchange.private_left
            headers |= {"x-ratelimit-limit": "30", "x-ratelimit-remaining": str(left)}
            headers |= {"x-ratelimit-reset": "1"}
        if fault is not None and fault.rows is not None:
            for name in ROWS & set(answer.document):
                answer.document[name] = fault.rows(answer.document[name])
        if fault is not None and fault.changes is not None:
            answer = answer._replace(document=fault.changes(answer.document))
        text = isinstance(answer.document, str)
        body = answer.document if text else json.dumps(answer.document)
        if fault is not None and fault.status is not None:
            status, body = fault.status, fault.body
            headers |= dict(fault.headers)
        cut = None if fault is None else fault.cut
        with self.server.lock:
            exchange.requests.append(
                Request(method, parts.path, query, 0 if cut is not None else status)
            )
        if cut == "before":
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        if cut == "middle":
            self.wfile.write(body.encode()[: len(body) // 2])
            self.close_connection = True
            return
        self.wfile.write(body.encode())

    def _answer(self, method: str, path: str, query: dict[str, list[str]], sent: bytes) -> Answer:
        exchange = self.server.exchange
        try:
            with exchange.lock:
                public = path.removeprefix(PREFIX).startswith(("/time", "/market/"))
                if public and method == "GET":
                    return exchange.answer(path, query)
                token = (self.headers.get("authorization") or "").removeprefix("Bearer ") or None
                return exchange.signed(method, path, query, json.loads(sent or b"{}"), token)
        except ValueError:
            return error(400, "INVALID_ARGUMENT", "a number is invalid")

    def log_message(self, *args: Any) -> None:
        """Nothing on stderr."""


def _rules(product: Product) -> Rules:
    step = Decimal(product.price_increment)
    return Rules(
        product.product_id,
        Decimal(product.base_increment),
        step,
        step,
        Decimal(product.base_increment),
        Decimal(1),
        set(product.flags),
    )


def _iso(time_ms: int) -> str:
    from datetime import UTC, datetime, timedelta

    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
