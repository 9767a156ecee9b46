"""One time limit for a whole request: its name, connection, handshake, headers and body.

requests only bounds the wait for the next byte, so a server that says one a second may hold a
request for ever. Here a timer shuts the line when the time is up, and who waits on it is told.
"""

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError


class Deadline:
    """Bounds the one request that is made inside `with`, over a session that `Timed` carries.

    Where the time is up it raises requests.ReadTimeout; an error that `was_not_sent` where no
    connection was made.
    """

    def __init__(self, after_s: float) -> None:
        self._ends_s = time.monotonic() + after_s
        self._timer = threading.Timer(after_s, self._expire)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._is_over = self._is_left = False

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        _current.reset(self._token)
        with self._lock:  # from here on the line may be another request's
            self._is_left = True
        is_cut = isinstance(error, requests.RequestException) and error.response is None
        if self._is_over and is_cut and not was_not_sent(error):
            raise requests.ReadTimeout("too slow") from None

    def left_s(self) -> float:
        """Return the seconds that are left, never 0: to a socket that would mean no limit."""
        return max(self._ends_s - time.monotonic(), 0.001)

    def watch(self, line: socket.socket | None) -> bool:
        """Take note of the line that the request is on; False if the time is up already."""
        with self._lock:
            self._line = line
            return not self._is_over

    def _expire(self) -> None:
        with self._lock:
            if self._is_left:
                return
            self._is_over = True
            if self._line is not None:
                with suppress(OSError):  # it may be closed already
                    # not SSLSocket's: it would take the session from under who reads in it
                    socket.socket.shutdown(self._line, socket.SHUT_RDWR)


_current: ContextVar[Deadline] = ContextVar("deadline")


class Timed(HTTPAdapter):
    """Carries requests over lines that know the deadline of the request that they are used for."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Make the pool of connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401
        """Return the pool of connections through a proxy."""
        found = super().proxy_manager_for(proxy, **kwargs)
        found.pool_classes_by_scheme = POOLS
        return found


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self, super()._new_conn)

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        _begin(self)
        super().request(*args, **kwargs)


class _Secure(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self, super()._new_conn)

    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:  # in the handshake, too, nothing was sent
            raise NewConnectionError(self, str(error)) from error

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        _begin(self)
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


POOLS = {"http": _PlainPool, "https": _SecurePool}


def was_not_sent(error: object) -> bool:
    """Whether no connection was made: a connection that was cut proves nothing."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _connect(to: HTTPConnection, connect: Callable[[], socket.socket]) -> socket.socket:
    """Return a new line, made in a thread of its own: nothing else bounds the search for a name."""
    deadline, made = _current.get(), Future[socket.socket]()

    def work() -> None:
        try:
            made.set_result(connect())
        except (OSError, HTTPError) as error:
            made.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        line = made.result(deadline.left_s())
    except FutureTimeout:
        made.add_done_callback(_close)
        raise ConnectTimeoutError(to, "no connection in time") from None
    line.settimeout(deadline.left_s())  # of the handshake
    if not deadline.watch(line):
        line.close()
        raise ConnectTimeoutError(to, "no connection in time")
    return line


def _close(late: Future[socket.socket]) -> None:
    if late.exception() is None:
        late.result().close()


def _begin(on: HTTPConnection) -> None:
    """Watch a line that may have been another request's; raises before anything is sent."""
    if not _current.get().watch(on.sock):
        raise ConnectTimeoutError(on, "no connection in time")
