"""Lies about stops that rest: in an order list, or over the stream. The order itself, its fills and
the wallets tell the truth.
"""

import random
from collections import Counter
from collections.abc import Container, Iterator
from decimal import Decimal
from typing import Any

from tests.emulator.books import Books, Order
from tests.emulator.rest_private import user_row
from tests.simulation.chances import Chances

REASONS = (
    *("UNKNOWN_FAILURE_REASON", "INSUFFICIENT_FUND", "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
)


class Liar:
    """ours: client ids of the bot. It draws apart, so that worlds without lies stay as they are."""

    def __init__(
        self, books: Books, rng: random.Random, happened: Counter[str], ours: Container[str]
    ) -> None:
        self.books, self.random, self.happened, self.ours = books, rng, happened, ours
        self.enlarged: dict[str, Decimal] = {}  # by how much the owner let a stop sell more
        self.hidden: set[str] = set()  # client ids of stops that only wallets and fills tell
        self._until_ms: dict[str, int] = {}  # until when a stop tells a lie of itself

    def _stops(self) -> list[Order]:
        return [
            one
            for one in self.books.live()
            if one.is_watching and one.status == "OPEN" and one.client_order_id in self.ours
        ]

    def _is_told(self, chance: float) -> bool:
        return chance > 0 and self.random.random() < chance

    def hides(self, body: dict[str, Any], chances: Chances) -> bool:
        """Whether a stop that is placed now is told by nothing but wallets and fills.

        What they hold for the one before it keeps the bot from placing another.
        """
        if not self._is_told(chances.hidden_stops):
            return False
        self.happened["stop hidden"] += 1
        rest = [one for one in self._stops() if one.client_order_id in self.hidden]
        is_second = any(one.product_id == body["product_id"] for one in rest)
        assert not is_second, "a second stop is sent for coins that one holds"
        self.hidden.add(body["client_order_id"])
        return True

    def list(self, document: dict[str, Any], chances: Chances) -> dict[str, Any]:
        """Return an order list, in which a stop that rests may have sold or ended."""
        if self.hidden:
            rows = [x for x in document["orders"] if x["client_order_id"] not in self.hidden]
            document = document | {"orders": rows}
        filled, ended = (
            self._is_told(chance) for chance in (chances.false_fill_rows, chances.false_ends)
        )
        stops = self._stops() if filled or ended else []
        shown = {row["order_id"] for row in document["orders"]}
        stops = [one for one in stops if one.order_id in shown]
        if not stops:
            return document
        stop = self.random.choice(stops)
        lie = _filled(stop) if filled else {"status": "CANCELLED"}
        self.happened["false fill in a list" if filled else "false end"] += 1
        rows = [
            {**row, **lie} if row["order_id"] == stop.order_id else row
            for row in document["orders"]
        ]
        return document | {"orders": rows}

    def own(self, document: dict[str, Any], chances: Chances, now_ms: int) -> dict[str, Any]:
        """Return what a stop that rests is told to be where it is asked itself."""
        row = document.get("order", {})
        resting = {one.order_id for one in self._stops()}
        key = row.get("order_id", "")
        if key not in resting:
            return document
        if self._is_told(chances.false_own_ends):
            self._until_ms[key] = now_ms + self.random.randrange(1, 30_000)
            self.happened["false end by itself"] += 1
        if now_ms >= self._until_ms.get(key, 0):
            return document
        return document | {"order": row | {"status": "CANCELLED"}}

    def edit(self, chances: Chances) -> None:
        """Let the owner move a stop, and cut it or add to it."""
        stops = self._stops() if self._is_told(chances.edited_stops) else []
        for stop in stops[:1]:
            assert stop.stop is not None
            assert stop.size is not None
            away = Decimal(self.random.choice(("0.998", "0.9995", "1", "1.0005")))
            part = Decimal(self.random.choice(("0.5", "1", "1.1")))
            step = self.books.rules[stop.product_id].base_increment
            price, size = stop.stop * away, stop.size * part // step * step
            bid = self.books.touch[stop.product_id][0]
            is_news = (price, size) != (stop.stop, stop.size)
            before = stop.size
            if is_news and price < bid and self.books.move_stop(stop, price, size):
                self.happened["stop edited"] += 1
                more = self.enlarged.get(stop.client_order_id, Decimal(0)) + size - before
                self.enlarged[stop.client_order_id] = max(more, Decimal(0))

    def placed(self, document: dict[str, Any], chances: Chances) -> dict[str, Any]:
        """Return the answer to a stop that was taken: that it was, or a refusal.

        It may be one that never triggers.
        """
        if self._is_told(chances.stuck_stops):
            key = document["success_response"]["order_id"]
            self.books.orders[key].is_stuck = True
            self.happened["stop that never triggers"] += 1
        if not self._is_told(chances.refused_stops):
            return document
        self.happened["refused and placed"] += 1
        reason = self.random.choice(REASONS)
        return {"success": False, "error_response": {"error": reason, "message": "no"}}

    def frames(self, chances: Chances) -> Iterator[dict[str, Any]]:
        """Yield what the stream tells in this minute of stops that did nothing."""
        filled, ended = (
            self._is_told(chance) for chance in (chances.false_fill_frames, chances.false_ends)
        )
        stops = self._stops() if filled or ended else []
        for stop in stops[:1]:
            row, lie = user_row(stop), _filled(stop) if filled else {"status": "CANCELLED"}
            self.happened["false fill over the stream" if filled else "false end"] += 1
            if filled:
                lie["cumulative_quantity"] = lie.pop("filled_size")
                lie["leaves_quantity"] = "0"
            yield row | lie


def _filled(stop: Order) -> dict[str, str]:
    """Return what an order that was filled says of itself."""
    assert stop.size is not None
    assert stop.stop is not None
    value = stop.size * stop.stop
    return {
        "status": "FILLED",
        "filled_size": format(stop.size, "f"),
        "filled_value": format(value, "f"),
        "total_fees": format(value * stop.taker_rate, "f"),
        "completion_percentage": "100",
    }
