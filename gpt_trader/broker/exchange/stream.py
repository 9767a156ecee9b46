"""Coinbase's WebSocket, kept up: what breaks is reconnected, what is silent is broken.

One thread runs both links. A link counts messages by their sequence numbers; a gap, an error frame,
five silent seconds or a close of any kind ends the connection, and a new one begins from snapshots
after a pause that doubles, with full jitter. The SDK's own client stops silently in several cases
and does not check certificates, so this one is ours.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from gpt_trader.broker.coinbase import messages
from gpt_trader.broker.coinbase.messages import Frame
from gpt_trader.errors import Unavailable

MARKET_URL = "wss://advanced-trade-ws.coinbase.com"
USER_URL = "wss://advanced-trade-ws-user.coinbase.com"
SILENT_S = 5.0  # heartbeats come every second
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # after which a connection's pauses begin anew
MOST_BYTES = 16 * 2**20  # of one message: a whole book is 5 MB
OPEN_S = 10.0
CLOSE_S = 1.0


class Channel(NamedTuple):
    """What is subscribed to. Without product ids the channel takes none, or all."""

    name: str
    product_ids: tuple[str, ...] = ()


@dataclass(slots=True)
class Link:
    """One connection that is kept up, as its thread last knew it. Times are of `clock`, s.

    connects: how often it has come up. sequence: number of the next message. problem: why it
    went down last.
    """

    name: str
    url: str
    channels: Sequence[Channel]
    is_up: bool = False
    heard_s: float = 0.0
    connects: int = 0
    sequence: int = 0
    problem: str = ""


class Stream:
    """Keeps links up in a thread of its own. sign: a fresh token for a subscription, or None."""

    def __init__(
        self,
        links: Sequence[Link],
        *,
        sign: Callable[[], str | None],
        put: Callable[[Frame], None],
        came_up: Callable[[Link], None],
        went_down: Callable[[Link], None],
        clock: Callable[[], float],
        random: Callable[[], float],
        silent_s: float = SILENT_S,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self.links = links
        self._sign, self._put = sign, put
        self._came_up, self._went_down = came_up, went_down
        self._clock, self._random = clock, random
        self._silent_s, self.first_pause_s = silent_s, first_pause_s
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="stream")
        self._running: Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()

    def start(self) -> None:
        """Begin; returns once the thread runs, before anything is connected."""
        self._running = self._pool.submit(asyncio.run, self._keep_all())
        self._ready.wait()

    def stop(self) -> None:
        """End both links; returns when the thread has ended."""
        if self._loop is not None and self._stopping is not None and not self._has_ended():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._pool.shutdown()

    def is_up(self, now_s: float) -> bool:
        """Whether every link is connected and has been heard lately.

        Raises what ended the thread, if anything did: a stream never dies in silence.
        """
        if self._running is not None and self._has_ended():
            self._running.result()
        return all(link.is_up and now_s - link.heard_s <= self._silent_s for link in self.links)

    def _has_ended(self) -> bool:
        return self._running is not None and self._running.done()

    async def _keep_all(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        keeping = [asyncio.ensure_future(self._keep(link)) for link in self.links]
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([stopping, *keeping], return_when=asyncio.FIRST_COMPLETED)
        for task in (stopping, *keeping):
            task.cancel()
        ended = await asyncio.gather(*keeping, return_exceptions=True)
        for failure in ended:
            if isinstance(failure, Exception):
                raise failure

    async def _keep(self, link: Link) -> None:
        """Connect, listen, and begin again when it ends."""
        tries = 0
        while True:
            began_s = self._clock()
            try:
                await self._listen(link)
            except (OSError, TimeoutError, WebSocketException, Unavailable) as problem:
                link.problem = str(problem) or type(problem).__name__
            finally:
                if link.is_up:
                    link.is_up = False
                    self._went_down(link)
            tries = 1 if self._clock() - began_s > STEADY_S else tries + 1
            longest_s = min(self.first_pause_s * 2**tries, LONGEST_PAUSE_S)
            await asyncio.sleep(self._random() * longest_s)

    async def _listen(self, link: Link) -> None:
        """Take in a connection's messages until it ends; raises what ended it."""
        async with connect(
            link.url, open_timeout=OPEN_S, close_timeout=CLOSE_S, max_size=MOST_BYTES
        ) as socket:
            link.heard_s = self._clock()
            watching = asyncio.ensure_future(self._watch(link, socket))
            try:
                await self._subscribe(link, socket)
                await self._take(link, socket)
            finally:
                watching.cancel()
        raise Unavailable("the exchange closed the connection")

    async def _subscribe(self, link: Link, socket: ClientConnection) -> None:
        for channel in (Channel("heartbeats"), *link.channels):
            asked: dict[str, object] = {"type": "subscribe", "channel": channel.name}
            if channel.product_ids:
                asked["product_ids"] = list(channel.product_ids)
            token = self._sign()
            if token is not None:
                asked["jwt"] = token
            await socket.send(json.dumps(asked))

    async def _take(self, link: Link, socket: ClientConnection) -> None:
        expected: int | None = None  # a connection may begin at any number
        confirmed: set[str] = set()
        wanted = {channel.name for channel in link.channels}
        async for text in socket:
            frame = messages.read(text)
            link.heard_s = self._clock()
            if frame.sequence is not None:
                if expected is not None and frame.sequence < expected:
                    continue  # a duplicate, or late: what it told is known
                if expected is not None and frame.sequence > expected:
                    raise Unavailable(f"messages {expected} to {frame.sequence - 1} are missing")
                expected = frame.sequence + 1
            self._put(frame)
            link.sequence = expected or 0
            if not link.is_up:
                confirmed |= _confirmed(frame)
                if wanted <= confirmed:
                    link.is_up = True
                    link.connects += 1
                    self._came_up(link)

    async def _watch(self, link: Link, socket: ClientConnection) -> None:
        """Close a connection that says nothing: heartbeats come every second."""
        while True:
            await asyncio.sleep(self._silent_s / 5)
            if self._clock() - link.heard_s > self._silent_s:
                link.problem = "silent"
                await socket.close()


def _confirmed(frame: Frame) -> set[str]:
    """Return the channels that a message shows to be subscribed to."""
    if frame.channel != "subscriptions":
        return {"level2" if frame.channel == "l2_data" else frame.channel}
    found: set[str] = set()
    for event in frame.events:
        names = event.get("subscriptions") if isinstance(event, dict) else None
        found |= set(names) if isinstance(names, dict) else set()
    return found
