"""The exchange's WebSocket on a port of this machine: market data and reports on orders."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

MARKET = ("ticker", "ticker_batch", "market_trades", "level2", "candles", "status")
BATCH = 50  # orders in one message of a snapshot


class Client:
    """One connection: what it asked for, and its own count of messages."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.sequence = 0
        self.wants: dict[str, set[str]] = {}  # channel to products; empty: all
        self.waiting: asyncio.Queue[str | None] = asyncio.Queue()

    def hears(self, channel: str, product_id: str | None) -> bool:
        wanted = self.wants.get(channel)
        return wanted is not None and (not wanted or product_id is None or product_id in wanted)


class Wire:
    """All connections. Faults: set `silent`, `skip`, `twice`, `lost`, `change`, or call `close`,
    `abort`, `send`. change: given a channel and an event, what is told instead.

    snapshot: what a channel's subscriber gets first; check: whether a token is good.
    """

    def __init__(
        self,
        snapshot: Callable[[str, set[str]], list[dict[str, Any]]],
        check: Callable[[str | None], bool],
        now: Callable[[], str],
    ) -> None:
        self._snapshot, self._check, self._now = snapshot, check, now
        self._clients: set[Client] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self.silent = False  # connections stay open and nothing is said
        self.skip = 0  # messages that are counted and not sent: gaps
        self.twice = 0  # messages that are sent twice
        self.lost: set[str] = set()  # channels whose messages vanish, uncounted
        self.change: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda _, event: event
        self.connections = 0
        self.refused = 0  # subscriptions
        self.url = ""
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def push(self, channel: str, event: dict[str, Any], product_id: str | None = None) -> None:
        """Tell an event to all who asked for it; from any thread."""
        if self._clients:
            self._loop.call_soon_threadsafe(self._push, channel, event, product_id)

    def settle(self) -> None:
        """Return once everything that was pushed has been handed to the sockets."""

        async def drained() -> None:
            while any(not one.waiting.empty() for one in self._clients):  # noqa: ASYNC110
                await asyncio.sleep(0.0005)

        asyncio.run_coroutine_threadsafe(drained(), self._loop).result(60)

    def told(self) -> int:
        """How many messages all present connections were told, lost ones included."""
        return sum(client.sequence for client in list(self._clients))

    def beat(self) -> None:
        """Send a heartbeat now."""
        self.push("heartbeats", {"current_time": self._now(), "heartbeat_counter": "1"})

    def close(self, code: int) -> None:
        """Close every connection."""
        self._all(lambda client: client.socket.close(code))

    def abort(self) -> None:
        """Cut every connection without a word."""

        async def cut(client: Client) -> None:
            client.socket.transport.abort()

        self._all(cut)

    def send(self, text: str) -> None:
        """Send a text as it is to everybody."""
        self._all(lambda client: client.socket.send(text))

    def _all(self, act: Callable[[Client], Any]) -> None:
        async def one(client: Client) -> None:
            with contextlib.suppress(ConnectionClosed):
                await act(client)

        async def each() -> None:
            self._acting = [asyncio.ensure_future(one(client)) for client in self._clients]

        asyncio.run_coroutine_threadsafe(each(), self._loop).result(60)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        async with serve(self._talk, "127.0.0.1", 0, compression=None, close_timeout=1) as server:
            port = server.sockets[0].getsockname()[1]
            self.url = f"ws://127.0.0.1:{port}"
            self._ready.set()
            beating = asyncio.ensure_future(self._beat())
            await self._ended.wait()
            beating.cancel()
            for client in list(self._clients):
                client.socket.transport.abort()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            event = {"current_time": self._now(), "heartbeat_counter": "1"}
            self._push("heartbeats", event, None)

    async def _talk(self, socket: ServerConnection) -> None:
        client = Client(socket)
        self._clients.add(client)
        self.connections += 1
        writing = asyncio.ensure_future(self._write(client))
        try:
            async for text in socket:
                self._hear(client, text)
        except ConnectionClosed:
            pass
        finally:
            self._clients.discard(client)
            writing.cancel()

    async def _write(self, client: Client) -> None:
        while True:
            text = await client.waiting.get()
            with contextlib.suppress(ConnectionClosed):
                await client.socket.send(text)

    def _hear(self, client: Client, text: str | bytes) -> None:
        asked = json.loads(text)
        channel, products = asked.get("channel"), set(asked.get("product_ids", []))
        if asked.get("type") not in ("subscribe", "unsubscribe"):
            self._put(client, {"type": "error", "message": "subscribe or unsubscribe required"})
            return
        if channel == "user" and not self._check(asked.get("jwt")):
            self.refused += 1
            self._put(client, {"type": "error", "message": "authentication failure"})
            return
        if asked["type"] == "unsubscribe":
            client.wants.pop(channel, None)
        else:
            client.wants[channel] = products
        names = {name: sorted(wanted) or [name] for name, wanted in client.wants.items()}
        self._tell(client, "subscriptions", {"subscriptions": names})
        if asked["type"] == "subscribe":
            for event in self._snapshot(channel, products):
                self._tell(client, channel, event)

    def _push(self, channel: str, event: dict[str, Any], product_id: str | None) -> None:
        for client in self._clients:
            if client.hears(channel, product_id):
                self._tell(client, channel, event)

    def _tell(self, client: Client, channel: str, event: dict[str, Any]) -> None:
        if channel in self.lost:
            return
        frame = {
            "channel": "l2_data" if channel == "level2" else channel,
            "timestamp": self._now(),
            "sequence_num": client.sequence,
            "events": [self.change(channel, event)],
        }
        client.sequence += 1
        if self.skip:
            self.skip -= 1
            return
        self._put(client, frame)
        if self.twice:
            self.twice -= 1
            self._put(client, frame)

    def _put(self, client: Client, frame: dict[str, Any]) -> None:
        if not self.silent:
            client.waiting.put_nowait(json.dumps(frame))
