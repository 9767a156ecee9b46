"""An exchange inside the process: virtual time, a random market, exact books, a wire that fails.

Everything follows from the seed. Nothing here runs by itself: `advance` lets time pass, `ask`
answers a request as the wire would, `frames` are what the stream brought since the last look.
"""

import heapq
import json
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import requests

from tests.emulator.auth import Key
from tests.emulator.books import Books, Order, Rules
from tests.emulator.half import spoil_ticker_row, spoil_user_row
from tests.emulator.people import Owner, Second
from tests.emulator.rest import Answer, error
from tests.emulator.rest_private import Row, answer, iso, user_row
from tests.simulation.chances import NONE, Chances
from tests.simulation.liar import Liar
from tests.simulation.truth import Truth, nobody, up
from tests.simulation.weather import MODES, Weather

MINUTE = 60_000
PREFIX = "/api/v3/brokerage"
POINTS_MS = (2_000, 20_000, 40_000, 58_000)  # of a minute: when trades happen
PRODUCTS = {"BTC-USD": (4_000_000, "0.00000001"), "ETH-USD": (250_000, "0.00000001")}
CENT = Decimal("0.01")
QUICK_MS = 2_500  # between two tickers while something depends on them
BEAT_MS = 1_000  # between heartbeats, which tell of what is missing
SILENT_MS = 10_000  # after a look that was not answered, if nobody looks again
DEADLINE_MS = 10_000  # after which the bot's side gives a request up
PORTFOLIO = "11111111-2222-3333-4444-555555555555"


@dataclass
class Request:
    """One request on its way. tell: whom the answer goes to; None once its process is gone."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: dict[str, Any]
    begun_ms: int
    tell: Callable[[Any], object] | None = None

    @property
    def name(self) -> str:
        """What it asks for, and of which product."""
        asked = self.query.get("product_ids", [self.body.get("product_id", "")])
        return f"{self.method} {self.path.removeprefix(PREFIX)} {' '.join(asked)}"

    @property
    def looks(self) -> str:
        """What of the account it looks at; "" if nothing."""
        path = self.path.removeprefix(PREFIX)
        is_look = self.method == "GET" and path.startswith(("/accounts", "/orders"))
        return path.split("/0000", maxsplit=1)[0] if is_look else ""

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.method == "POST" and "preview" not in self.path

    @property
    def places(self) -> bool:
        """Whether it asks for an order."""
        return self.method == "POST" and self.path == f"{PREFIX}/orders"

    @property
    def is_stop(self) -> bool:
        """Whether it asks for an order that waits for a trigger."""
        kinds = self.body.get("order_configuration") or ()
        return self.writes and any(one.startswith(("stop_", "trigger_")) for one in kinds)


def _ghost(body: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to an order that is taken, by its words, and is not there."""
    key = body["client_order_id"]
    named = {"order_id": f"ghost-{key}", "product_id": body["product_id"], "side": body["side"]}
    taken = named | {"client_order_id": key, "attached_order_id": ""}
    configuration = body["order_configuration"]
    return {"success": True, "success_response": taken, "order_configuration": configuration}


def nothing() -> None:
    """Do nothing: the request itself is what is due."""


@dataclass
class Exchange:
    """The world outside. now_ms: its time."""

    seed: int
    now_ms: int
    chances: Chances = field(default_factory=Chances)
    happened: Counter[str] = field(default_factory=Counter)
    nth: tuple[str, int] | None = None  # the operation that fails
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.path = random.Random(self.seed + 1)
        self.books = Books()
        self.books.audits_every = 64
        self.key = Key("key", "ed25519", None, PORTFOLIO)
        self.bars: dict[str, dict[int, tuple[int, int, int, int]]] = {}
        self.price: dict[str, int] = {}
        for name, (price, step) in PRODUCTS.items():
            increment = Decimal(step)
            self.books.rules[name] = Rules(name, increment, CENT, CENT, increment, Decimal(1))
            self.price[name], self.bars[name] = price, {}
            self._quote(name)
        self.frames: deque[tuple[str, dict[str, Any]]] = deque()  # link, frame
        self.up = {"market": False, "user": False}
        self.up_again_ms = {"market": 0, "user": 0}
        self._held: dict[str, Any] | None = None
        self._trades: list[dict[str, Any]] = []
        self._numbers = 0
        self._next_ms = self.now_ms // MINUTE * MINUTE + POINTS_MS[0]
        self._point = 0
        if self._next_ms <= self.now_ms:
            self._next_ms += MINUTE
        self.books.on_order.append(self._report)
        self.odds = random.Random(self.seed + 6)
        self.weather = Weather(self.random, self.happened, self.odds)
        self.truth = Truth(self.books, self.happened, self.now_ms)
        self.owner = Owner(self.books, self.random, self.truth.held)
        self.liar = Liar(self.books, random.Random(self.seed + 5), self.happened, self.truth.ours)
        self.truth.enlarged = self.liar.enlarged
        self.others = random.Random(self.seed + 7)
        self.second = Second(self.books, self.others, PORTFOLIO)
        self.machine_ms = 0  # what the machine's clock is off
        self.on_minute: list[Callable[[], object]] = []
        self.watch_sends: list[Any] = []
        self._agenda: list[tuple[int, int, Request | None, Callable[[], object], bool]] = []
        self._planned = 0
        self._untold: set[str] = set()
        self._failed_ms: dict[str, int] = {}  # by what was asked, while that is unanswered
        self.later(self.now_ms + QUICK_MS, self._tick_quickly, own=True)

    # Time.

    def advance(self, to_ms: int) -> None:
        """Let the market move, and requests arrive and return, until a time."""
        while self.next_ms <= to_ms:
            if self._agenda and self._agenda[0][0] <= self._next_ms:
                self._do_next()
            else:
                self._go_to(self._next_ms)
                self._move()
        self._go_to(to_ms)
        self._settle()

    @property
    def next_ms(self) -> int:
        """When something happens next."""
        return min(self._agenda[0][0], self._next_ms) if self._agenda else self._next_ms

    def later(self, due_ms: int, act: Callable[[], object], *, own: bool = False) -> None:
        """Do something at a time. own: the exchange's; else not if its process is gone by then."""
        self._plan(due_ms, None, act, own=own)

    def _plan(
        self, due_ms: int, request: Request | None, act: Callable[[], object], *, own: bool
    ) -> None:
        self._planned += 1
        heapq.heappush(self._agenda, (due_ms, self._planned, request, act, own))

    def _do_next(self) -> None:
        due_ms, _, request, act, _ = heapq.heappop(self._agenda)
        self._go_to(due_ms)
        self._settle()
        if request is None:
            act()
        else:
            self._arrive(request)

    def _go_to(self, to_ms: int) -> None:
        if to_ms > self.now_ms:
            self.truth.pass_time(to_ms)
            self.now_ms = to_ms

    def _settle(self) -> None:
        if self.books.live():
            self.books.settle(self.now_ms)

    def forget(self) -> None:
        """Forget whoever watches from outside."""
        self.watch_sends.clear()
        self.on_minute.clear()
        self.truth.belief, self.truth.is_down, self.truth.is_silent = nobody, up, bool

    def leave(self) -> None:
        """Forget the process: what it sent may still arrive, and nobody hears of it."""
        left = []
        for item in self._agenda:
            _, _, request, _, own = item
            if request is not None and request.tell is not None:
                own = self.random.random() < 0.7
                request.tell = None
            if own:
                left.append((*item[:4], True))
        heapq.heapify(left)
        self._agenda = left

    def _move(self) -> None:
        point = self._point
        for name in PRODUCTS:
            step = int(self.price[name] * self.path.gauss(0, 0.0004))
            self.price[name] = max(self.price[name] + step, 1000)
            self._traded(name, self.price[name], self.now_ms)
        self._point = (point + 1) % len(POINTS_MS)
        minute_ms = self.now_ms // MINUTE * MINUTE
        if self._point == 0:
            self._tell("market", "market_trades", {"type": "update", "trades": self._trades})
            self._trades = []
            self._minutely()
            minute_ms += MINUTE
        self.tick()
        self._next_ms = minute_ms + POINTS_MS[self._point]

    def _tick_quickly(self) -> None:
        """Tell bids and asks every few seconds while something depends on them."""
        self.later(self.now_ms + QUICK_MS, self._tick_quickly, own=True)
        if self.up["market"] and (self.truth.is_holding or self.books.live()):
            self.tick()

    def tick(self) -> None:
        """Tell bids and asks."""
        rows = [
            {"product_id": p, "best_bid": str(bid), "best_ask": str(ask)}
            for p, (bid, ask) in self._touches("ticker")
            if not self.weather.is_silent(p, self.now_ms)
            and not self.weather.is_closed(p, self.now_ms)
        ]
        if self.random.random() < self.chances.odd_numbers:
            self.happened["ticker of no numbers"] += 1
            rows = [spoil_ticker_row(row, self.random) for row in rows]
        if rows:
            self._tell("market", "ticker", {"type": "update", "tickers": rows})

    def _touches(self, source: str) -> Iterator[tuple[str, tuple[Decimal, Decimal]]]:
        """Yield bids and asks as a source tells them."""
        for name, touch in self.books.touch.items():
            bid, ask = (self.weather.told(source, name, one, self.now_ms) for one in touch)
            yield name, (bid, ask)

    def _traded(self, name: str, ticks: int, at_ms: int) -> None:
        open_ms = at_ms // MINUTE * MINUTE
        o, h, low, _ = self.bars[name].get(open_ms, (ticks, ticks, ticks, ticks))
        self.bars[name][open_ms] = (o, max(h, ticks), min(low, ticks), ticks)
        self._quote(name)
        self.books.trade(name, ticks * CENT, Decimal(1), at_ms)
        self._numbers += 1
        self._trades.append(
            {
                "trade_id": str(self._numbers),
                "product_id": name,
                "price": str(self.weather.told("tape", name, ticks * CENT, at_ms)),
                "size": "1",
                "time": iso(at_ms),
                "side": "BUY",
            }
        )

    def _quote(self, name: str) -> None:
        ticks = self.price[name]
        half = max(ticks // 20_000, 1)
        self.books.touch[name] = ((ticks - half) * CENT, (ticks + half) * CENT)

    def _minutely(self) -> None:
        """Change what can change once a minute."""
        chances = self.chances
        for name in self.up:
            if self.random.random() < chances.link_breaks:
                self._break(name, "links broken")
        if self.random.random() < chances.clock_steps:
            self.machine_ms = self.random.choice((-1500, -200, 0, 300, 1500))
            self.happened["clock steps"] += 1
        if self.random.random() < chances.machine_steps:
            self.machine_ms = self.random.choice((-600_000, -90_000, 0, 0, 90_000, 600_000))
            self.happened["machine clock stepped"] += 1
        self.weather.change(chances, tuple(PRODUCTS), self.now_ms)
        self._close_products()
        self.liar.edit(chances)
        for row in self.liar.frames(chances):
            self._tell("user", "user", {"type": "update", "orders": [row]})
        self._let_people_act()
        for act in self.on_minute:
            act()
        if chances != NONE and self.random.random() < 0.05:
            self.books.hidden_ms = self.random.choice((0, 0, 2_000, 10_000))
            self.books.pending_ms = self.random.choice((0, 0, 1_000, 8_000))
            self.books.cancelling_ms = self.random.choice((0, 0, 1_000, 6_000))
            for name in PRODUCTS:
                self.books.depth.pop(name, None)
                if self.random.random() < 0.5:
                    self.books.depth[name] = Decimal(self.random.choice(("0.001", "0.02", "0.3")))

    def _close_products(self) -> None:
        for name, rules in self.books.rules.items():
            rules.flags -= {"cancel_only", *MODES}
            rules.flags |= {self.weather.mode(name, self.now_ms)} - {""}
            if self.weather.is_closed(name, self.now_ms):
                rules.flags.add("cancel_only")

    def _let_people_act(self) -> None:
        chances, rng = self.chances, self.random
        for name in PRODUCTS:
            if rng.random() < chances.owner:
                self.happened[self.owner.act(name, self.now_ms)] += 1
            if rng.random() < chances.holds:
                self.happened[self.owner.hold(name, self.now_ms)] += 1
                due_ms = self.now_ms + rng.randrange(MINUTE, 10 * MINUTE)
                self.later(due_ms, lambda: self.owner.let_go(self.now_ms), own=True)
            self._let_others_act(name)
        self.happened.pop("", None)

    def _let_others_act(self, name: str) -> None:
        """Let the owner take the bot's coins, and a second bot trade."""
        chances, rng = self.chances, self.others
        if chances.takes and rng.random() < chances.takes:
            taken = Owner(self.books, rng, self.truth.held).take(name, self.truth.ours, self.now_ms)
            self.truth.on_moved(name)
            self.happened["owner took the bot's coins"] += taken > 0
            if taken and rng.random() < 0.5:
                due_ms = self.now_ms + int(1000 * 10 ** rng.uniform(0, 2.8))
                self.later(due_ms, partial(self._bring, name, taken), own=True)
        odds = chances.seconds * (1 + 9 * bool(self.second.held))
        is_told_late = self.books.hidden_ms or self.books.pending_ms  # neither could see the other
        if odds and rng.random() < odds and not is_told_late:
            self.happened[self.second.act(name, self.now_ms)] += 1
            self.truth.on_moved(name)

    def _bring(self, name: str, taken: Decimal) -> None:
        self.happened["owner brought coins back"] += 1
        Owner(self.books, self.others, self.truth.held).bring(name, taken)
        self.truth.on_moved(name)

    def heal(self) -> None:
        """Let nothing go wrong from now on."""
        self.chances, self.machine_ms = NONE, 0
        self.liar.hidden.clear()
        self.weather = Weather(self.random, self.happened, self.odds)
        self._close_products()
        self.owner.let_go(self.now_ms)
        self.books.hidden_ms = self.books.pending_ms = self.books.cancelling_ms = 0
        self.books.depth.clear()

    # The stream.

    def _fill_untold(self, order: Order) -> None:
        """Let an order that ends have been filled in part, which is told seconds later."""
        ends = order.status in ("CANCELLED", "EXPIRED") and order.client_order_id in self.truth.ours
        if not ends or order.told or order.order_id in self._untold:
            return
        chances, rng = self.chances, self.random
        is_late, lags = rng.random() < chances.late_fills, rng.random() < chances.late_rows
        if (is_late or lags) and self.books.fill_untold(order, self.now_ms, lags=lags):
            self._untold.add(order.order_id)
            self.happened["fill told late" + " in answers, too" * lags] += 1
            self.truth.on_order(order)
            due_ms = self.now_ms + rng.randrange(200, 9_000 if lags else 20_000)
            self.later(due_ms, partial(self.books.tell_late, order), own=True)

    def _report(self, order: Order) -> None:
        self._fill_untold(order)
        row = user_row(order)
        if self.random.random() < self.chances.odd_rows:
            self.happened["report unreadable"] += 1
            row = spoil_user_row(row, self.random)
        if order.client_order_id not in self.liar.hidden:
            self._tell("user", "user", {"type": "update", "orders": [row]})

    def _break(self, name: str, why: str) -> None:
        if self.up[name]:
            self.happened[why] += 1
            self.up[name] = False
            self.up_again_ms[name] = self.now_ms + self.random.randrange(500, 20_000)

    def _tell(self, link: str, channel: str, event: dict[str, Any]) -> None:
        if not self.up[link]:
            return
        chances, frame = self.chances, {"channel": channel, "events": [event]}
        if self._fails("frame_lost", chances.frame_lost):
            self._break(link, "frames lost")  # the next number tells of the gap
            return
        if self._held is None and self._fails("frame_late", chances.frame_late):
            self.happened["frames late"] += 1
            self._held = frame | {"link": link}
            self.later(self.now_ms + BEAT_MS, self._let_go, own=True)
            return
        self.frames.append((link, frame))
        if self._fails("frame_twice", chances.frame_twice):
            self.happened["frames twice"] += 1
            self.frames.append((link, frame))
        self._let_go()

    def _let_go(self) -> None:
        """Tell a frame that was held back: the next one passed it, at the latest a heartbeat."""
        if self._held is not None:
            self.frames.append((self._held.pop("link"), self._held))
            self._held = None

    # Requests.

    def ask(self, request: Request) -> Any:
        """Answer while whoever asks waits, and the world goes on; raises what requests raises."""
        there_ms, back_ms = self._ways()
        self.advance(self.now_ms + there_ms)
        answer, due_ms = self._carried_out(request, back_ms)
        self.advance(due_ms)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def send(self, request: Request) -> None:
        """Let a request leave; `request.tell` gets its answer, or the error of the wire."""
        there_ms, _ = self._ways()
        self._plan(self.now_ms + there_ms, request, nothing, own=False)

    def _arrive(self, request: Request) -> None:
        answer, due_ms = self._carried_out(request, self._ways()[1])
        tell = request.tell
        if tell is not None:
            self.later(due_ms, lambda: tell(answer))

    def _ways(self) -> tuple[int, int]:
        """Return how long a request takes to arrive, and its answer to return."""
        low, high = self.chances.latency_ms
        return self.random.randrange(low // 2, high // 2), self.random.randrange(
            low // 2, high // 2
        )

    def _carried_out(self, request: Request, back_ms: int) -> tuple[Any, int]:
        """Carry out a request as the wire lets it; return the answer, and when it is there.

        The answer is a document or an error. One that does not come is told by the deadline.
        """
        due_ms = self.now_ms + back_ms
        if request.looks:
            self._failed_ms[request.looks] = self.now_ms
        try:
            found = self._answered(request)
        except requests.ReadTimeout as error:
            return error, max(request.begun_ms + DEADLINE_MS, due_ms)
        except requests.RequestException as error:
            return error, due_ms
        return carried(found), due_ms

    def _answered(self, request: Request) -> dict[str, Any]:
        chances, rng = self.chances, self.random
        path, writes = request.path, request.writes
        now_ms, weather = self.now_ms, self.weather
        is_left = weather.leaves(request.name, now_ms)
        is_stop = request.is_stop
        if is_stop and rng.random() < chances.unknown_stops:
            self.happened["stop unknown"] += 1
            is_left = True
        if is_left and (not writes or rng.random() < 0.5):
            raise requests.ReadTimeout("never")
        if weather.refuses(now_ms):
            raise _failed(weather.refuses(now_ms))
        if writes:
            if self._fails("lost_before", chances.lost_before):
                self.happened["writes lost"] += 1
                raise rng.choice((requests.ReadTimeout, requests.ConnectionError))("lost")
            if self._fails("refused", chances.refused):
                self.happened["writes refused"] += 1
                raise _failed(rng.choice((429, 500, 503)))
        elif self._fails("read", chances.read):
            self.happened["reads failed"] += 1
            self._failed_read()
        self._hide(path)
        is_left |= is_stop and self.liar.hides(request.body, chances)
        if chances.ghosts and request.places and rng.random() < chances.ghosts:
            self.happened["answered and not there"] += 1
            return _ghost(request.body)
        parts = path.removeprefix(PREFIX).strip("/").split("/")
        found = self._answer(request.method, parts, request.query, request.body)
        if is_left:
            raise requests.ReadTimeout("carried out, and never said")
        if writes and self._fails("lost_after", chances.lost_after):
            self.happened["answers lost"] += 1
            how = rng.randrange(5)
            if how == 0:
                raise requests.ConnectionError("cut")
            if how == 1:
                raise requests.ReadTimeout("slow")
            if how == 2:
                raise _failed(502)
            return {} if how == 3 else {"success": True}
        if found.status >= 400:
            raise _failed(found.status, found.document)
        return self._told(request, found.document)

    def _hide(self, path: str) -> None:
        """Let an order that is asked for by its id not be found, at times."""
        if "/historical/0000" in path and self.random.random() < self.chances.not_found:
            self.happened["orders not found"] += 1
            raise _failed(404)

    def _told(self, request: Request, document: dict[str, Any]) -> dict[str, Any]:
        """Return an answer as it is told: whole, or half of it."""
        told: dict[str, Any] = self.weather.halved(request.path, document, self.now_ms)
        if told is document:
            self._failed_ms.pop(request.looks, None)
        if document.get("success") is False:
            self.truth.on_refused(request.body["client_order_id"])
        if request.is_stop and document.get("success") is True:
            told = self.liar.placed(document, self.chances)
        elif request.path.endswith("/orders/historical/batch"):
            told = self.liar.list(told, self.chances)
        elif "order" in told:
            told = self.liar.own(told, self.chances, self.now_ms)
        return told

    @property
    def is_silent(self) -> bool:
        """Whether what was asked last of the account was not answered, or not in full."""
        return any(self.now_ms - ms <= SILENT_MS for ms in self._failed_ms.values())

    def _fails(self, kind: str, chance: float) -> bool:
        """Count an operation; whether it fails, by chance or because it is the n-th."""
        self.seen[kind] += 1
        return self.random.random() < chance or self.nth == (kind, self.seen[kind])

    def _failed_read(self) -> None:
        how = self.random.randrange(5)
        if how == 0:
            raise requests.ConnectionError("cut")
        if how == 1:
            raise requests.ReadTimeout("slow")
        raise _failed((502, 401, 429)[how - 2])

    def _answer(
        self, method: str, parts: list[str], query: dict[str, list[str]], body: dict[str, Any]
    ) -> Answer:
        closed = self._closed_name(parts, query, body)
        if closed:
            return closed
        match parts:
            case ["time"]:
                return Answer(200, {"epochMillis": str(self.now_ms)})
            case ["market", "products", name]:
                return Answer(200, self._product(name))
            case ["market", "products", name, "candles"]:
                return self._candles(name, int(query["start"][0]), int(query["end"][0]))
            case ["market", "product_book"]:
                name = query["product_id"][0]
                bid, ask = dict(self._touches("touch"))[name]
                book = {
                    "product_id": name,
                    "bids": [{"price": str(bid), "size": "1"}],
                    "asks": [{"price": str(ask), "size": "1"}],
                    "time": iso(self.now_ms),
                }
                return Answer(200, {"pricebook": book})
        found = answer(self.books, self.key, method, parts, query, body, self.now_ms)
        assert found is not None, parts
        return found

    def _product(self, name: str) -> dict[str, Any]:
        rules = self.books.rules[name]
        return {
            "product_id": name,
            "price": str(self.books.touch[name][0]),
            "base_increment": format(rules.base_increment, "f"),
            "quote_increment": format(rules.quote_increment, "f"),
            "price_increment": format(rules.price_increment, "f"),
            "base_min_size": format(rules.base_min, "f"),
            "quote_min_size": format(rules.quote_min, "f"),
            "base_currency_id": rules.base,
            "quote_currency_id": rules.quote,
            "product_type": "SPOT",
            "status": "online",
            "is_disabled": False,
            **{flag: flag in rules.flags for flag in ("cancel_only", *MODES)},
        }

    def _closed_name(
        self, parts: list[str], query: dict[str, list[str]], body: dict[str, Any]
    ) -> Answer | None:
        """Return the refusal of a question about a product that is not listed; else None."""
        named = query.get("product_ids", []) if parts == ["best_bid_ask"] else []
        named = [*named, *query.get("product_id", []), body.get("product_id", "")]
        if parts[:2] == ["market", "products"]:
            named += parts[2:3]
        for name in named:
            if self.weather.is_closed(name, self.now_ms) == "delisted":
                if parts[0] == "market":
                    return error(404, "NOT_FOUND", "product is not found")
                return error(400, "INVALID_ARGUMENT", "invalid product_ids")
        return None

    def _candles(self, name: str, start_s: int, end_s: int) -> Answer:
        bars, rows = self.bars[name], []
        for open_ms in range(end_s * 1000 // MINUTE * MINUTE, start_s * 1000 - 1, -MINUTE):
            if open_ms in bars and open_ms <= self.now_ms:
                o, h, low, c = (
                    str(self.weather.told("candles", name, ticks * CENT, self.now_ms))
                    for ticks in bars[open_ms]
                )
                rows.append(
                    {
                        "start": str(open_ms // 1000),
                        "open": o,
                        "high": h,
                        "low": low,
                        "close": c,
                        "volume": "4",
                    }
                )
        return Answer(200, {"candles": rows})


def carried(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document as the wire carries it: plain JSON. Rows that were carried stay."""
    rows = document.get("orders", [])
    if not rows:
        return json.loads(json.dumps(document))
    told = [row if isinstance(row, Row) else json.loads(json.dumps(row)) for row in rows]
    return json.loads(json.dumps(document | {"orders": []})) | {"orders": told}


def _failed(status: int, document: object = None) -> requests.HTTPError:
    response = requests.Response()
    response.status_code, response.reason = status, "said the exchange"
    response._content = json.dumps(document or {}).encode()
    return requests.HTTPError(response=response)
