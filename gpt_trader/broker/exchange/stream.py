"""An exchange's WebSocket, kept up: what breaks is reconnected, what is silent is broken.

One thread runs all connections. A connection counts messages by their sequence numbers; a gap, an
error frame, five silent seconds or a close of any kind ends it, and a new one begins from
snapshots after a pause that doubles, with full jitter. Clients that exchanges hand out stop
silently in several cases and do not all check certificates, so this one is ours. What is said on
the wire is the venue's: its `Dialect`.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from gpt_trader.broker.exchange.trade_bars import Print
from gpt_trader.domain.account import RemoteOrder
from gpt_trader.errors import Unavailable

SILENT_S = 5.0  # heartbeats come every second
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # after which a connection's pauses begin anew
MOST_BYTES = 16 * 2**20  # of one message: a whole book is 5 MB
OPEN_S = 10.0
CLOSE_S = 1.0


class Frame(NamedTuple):
    """One message. sequence: its number on this connection, None if it says none."""

    channel: str
    sequence: int | None
    events: list[Any]


class News(NamedTuple):
    """What a message tells: quotes as (product, bid, ask), texts; trades; reports on orders.

    is_unread: there was a report that does not tell whose it is, what became of the order or what
    was filled. Nobody knows what it said: the account must be looked at.
    """

    quotes: Iterable[tuple[str, str, str]] = ()
    prints: Iterable[Print] = ()
    orders: Iterable[RemoteOrder] = ()
    is_unread: bool = False


class Channel(NamedTuple):
    """What is subscribed to. Without product ids the channel takes none, or all."""

    name: str
    product_ids: tuple[str, ...] = ()


class Dialect(NamedTuple):
    """A venue's words on its stream.

    urls: of market data and of the account. heartbeat: subscribed to on every connection, so that
    silence means something. market: the channels that tell some books' quotes and trades. account:
    the channels that report orders. book_id: under which name the stream tells a product.
    subscribe: the message that asks for a channel, with a token if there is one. read: a message's
    frame; raises Unavailable. confirmed: the channels that a frame shows to be subscribed to.
    """

    urls: tuple[str, str]
    heartbeat: Channel
    market: Callable[[tuple[str, ...]], tuple[Channel, ...]]
    account: tuple[Channel, ...]
    book_id: Callable[[str], str]
    subscribe: Callable[[Channel, str | None], str]
    read: Callable[[str | bytes], Frame]
    confirmed: Callable[[Frame], set[str]]
    told: Callable[[Frame], News]


@dataclass(slots=True)
class Connection:
    """One that is kept up, as its thread last knew it. Times are of `clock`, s.

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
    """Keeps connections up in a thread of its own. sign: a fresh token for a subscription, or None.

    put, came_up, went_down: called on that thread.
    """

    def __init__(
        self,
        connections: Sequence[Connection],
        *,
        dialect: Dialect,
        sign: Callable[[], str | None],
        put: Callable[[Frame], None],
        came_up: Callable[[Connection], None],
        went_down: Callable[[Connection], None],
        clock: Callable[[], float],
        random: Callable[[], float],
        silent_s: float = SILENT_S,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self.connections, self._dialect = connections, dialect
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
        """End all connections; returns when the thread has ended."""
        if self._loop is not None and self._stopping is not None and not self._has_ended():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._pool.shutdown()

    def is_up(self, now_s: float) -> bool:
        """Whether every connection is connected and has been heard lately.

        Raises what ended the thread, if anything did: a stream never dies in silence.
        """
        if self._running is not None and self._has_ended():
            self._running.result()
        return all(one.is_up and now_s - one.heard_s <= self._silent_s for one in self.connections)

    def _has_ended(self) -> bool:
        return self._running is not None and self._running.done()

    async def _keep_all(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        keeping = [asyncio.ensure_future(self._keep(one)) for one in self.connections]
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([stopping, *keeping], return_when=asyncio.FIRST_COMPLETED)
        for task in (stopping, *keeping):
            task.cancel()
        ended = await asyncio.gather(*keeping, return_exceptions=True)
        for failure in ended:
            if isinstance(failure, Exception):
                raise failure

    async def _keep(self, one: Connection) -> None:
        """Connect, listen, and begin again when it ends."""
        tries = 0
        while True:
            began_s = self._clock()
            try:
                await self._listen(one)
            except (OSError, TimeoutError, WebSocketException, Unavailable) as problem:
                one.problem = str(problem) or type(problem).__name__
            finally:
                if one.is_up:
                    one.is_up = False
                    self._went_down(one)
            tries = 1 if self._clock() - began_s > STEADY_S else tries + 1
            longest_s = min(self.first_pause_s * 2**tries, LONGEST_PAUSE_S)
            await asyncio.sleep(self._random() * longest_s)

    async def _listen(self, one: Connection) -> None:
        """Take in a connection's messages until it ends; raises what ended it."""
        socket = await opened(one.url)
        one.heard_s = self._clock()
        watching = asyncio.ensure_future(self._watch(one, socket))
        try:
            await self._subscribe(one, socket)
            await self._take(one, socket)
        finally:
            watching.cancel()
            await socket.close()
        raise Unavailable("the exchange closed the connection")

    async def _subscribe(self, one: Connection, socket: ClientConnection) -> None:
        for channel in (self._dialect.heartbeat, *one.channels):
            await socket.send(self._dialect.subscribe(channel, self._sign()))

    async def _take(self, one: Connection, socket: ClientConnection) -> None:
        expected: int | None = None  # a connection may begin at any number
        confirmed: set[str] = set()
        wanted = {channel.name for channel in one.channels}
        async for text in received(socket):
            frame = self._dialect.read(text)
            one.heard_s = self._clock()
            if frame.sequence is not None:
                if expected is not None and frame.sequence < expected:
                    continue  # a duplicate, or late: what it told is known
                if expected is not None and frame.sequence > expected:
                    raise Unavailable(f"messages {expected} to {frame.sequence - 1} are missing")
                expected = frame.sequence + 1
            self._put(frame)
            one.sequence = expected or 0
            if not one.is_up:
                confirmed |= self._dialect.confirmed(frame)
                if wanted <= confirmed:
                    one.is_up = True
                    one.connects += 1
                    self._came_up(one)

    async def _watch(self, one: Connection, socket: ClientConnection) -> None:
        """Close a connection that says nothing: heartbeats come every second."""
        while True:
            await asyncio.sleep(self._silent_s / 5)
            if self._clock() - one.heard_s > self._silent_s:
                one.problem = "silent"
                await socket.close()


async def opened(url: str) -> ClientConnection:
    """Return a connection. Raises OSError, TimeoutError, WebSocketException or Unavailable."""
    try:
        return await connect(url, open_timeout=OPEN_S, close_timeout=CLOSE_S, max_size=MOST_BYTES)
    except (EOFError, ValueError, NotImplementedError) as fault:
        # websockets 13 lets these out where an answer breaks off, or is not what it can read
        raise Unavailable(
            f"the exchange's answer to a connection cannot be read: {fault}"
        ) from fault


async def received(socket: ClientConnection) -> AsyncIterator[str | bytes]:
    """Yield a connection's messages until it is closed.

    Raises WebSocketException or Unavailable: what ended it.
    """
    try:
        async for text in socket:
            yield text
    except (IndexError, UnicodeDecodeError) as fault:
        # websockets 13 lets these out: its end came with a message, or one is no text
        raise Unavailable(f"the connection broke off with a message: {fault}") from fault
