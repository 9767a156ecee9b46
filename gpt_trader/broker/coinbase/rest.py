"""Reading from Coinbase's REST API: paced, bounded in time, tried again, errors in our words."""

import logging
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

import requests
from coinbase.rest import RESTClient

from gpt_trader.broker.coinbase.origin import HOST, OtherOrigin
from gpt_trader.broker.coinbase.pace import Pace
from gpt_trader.errors import BrokerError, DataError, RateLimited, TraderError, Unavailable

PREFIX = "/api/v3/brokerage"
TIMEOUT_S = (5.0, 20.0)  # to connect, and between two bytes
ATTEMPTS = 6
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
PASSING = (401, 408)  # refusals that another try may not meet
MAX_BODY_BYTES = 32 * 2**20
CHUNK_BYTES = 2**16
BODY_S = 60.0  # for a body to come in
WORDS = 200  # characters of the exchange's own words that are shown


class Rest:
    """Reads documents by path, from any thread; each has a connection of its own.

    url: another origin than Coinbase's, None for Coinbase. clock: monotonic seconds. random: a
    number in [0, 1).
    """

    def __init__(
        self,
        pace: Pace,
        *,
        url: str | None,
        clock: Callable[[], float],
        sleep: Callable[[float], object],
        random: Callable[[], float],
    ) -> None:
        self._pace, self._url, self._clock = pace, url, clock
        self._sleep, self._random = sleep, random
        self._own = threading.local()
        _silence()

    def get[T](
        self,
        path: str,
        read: Callable[[dict[str, Any]], T],
        params: Mapping[str, Any] | None = None,
    ) -> T:
        """Return what `read` makes of the public document at a path below PREFIX.

        Tries again after a pause (doubling, with full jitter) on what may pass: no connection,
        a timeout, 401 (which throttling looks like at times), 408, 429, 5xx, an answer that is no
        JSON object, and Unavailable from `read`. Raises DataError if the exchange refuses the
        question (400, 404), BrokerError if it refuses access, else Unavailable or RateLimited.
        """
        for attempt in range(1, ATTEMPTS):
            try:
                return read(self._once(path, params))
            except (Unavailable, RateLimited) as failure:
                self._sleep(self._pause_s(attempt, failure))
        try:
            return read(self._once(path, params))
        except (Unavailable, RateLimited) as failure:
            failure.message += f"; asked {ATTEMPTS} times"
            raise

    def _once(self, path: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
        self._pace.take()
        try:
            found = self._client().get(PREFIX + path, dict(params or {}), public=True)
        except (requests.RequestException, ValueError, RecursionError) as error:
            failure = translate(error, path)
            if isinstance(failure, RateLimited):
                self._pace.refused()
            raise failure from None
        if not isinstance(found, dict):
            raise Unavailable(f"Coinbase answered {path} with no object")
        self._pace.answered()
        return found

    def _pause_s(self, attempt: int, failure: BrokerError) -> float:
        asked_s = failure.retry_after_s if isinstance(failure, RateLimited) else 0.0
        longest_s: float = FIRST_PAUSE_S * 2**attempt
        return min(max(asked_s, self._random() * longest_s), LONGEST_PAUSE_S)

    def _client(self) -> RESTClient:
        """Return this thread's client: the SDK's session is not made for several."""
        client: RESTClient | None = vars(self._own).get("client")
        if client is None:
            # a key in the environment would be taken for public requests, too
            client = RESTClient(api_key=None, api_secret=None, timeout=TIMEOUT_S)
            client.session.headers["Cache-Control"] = "no-cache"
            client.session.hooks["response"] = [self._take]
            if self._url is not None:
                client.session.trust_env = False  # a proxy knows nothing of this machine
                client.session.mount(f"https://{HOST}", OtherOrigin(self._url))
            self._own.client = client
        return client

    def _take(self, response: requests.Response, **_sent: object) -> None:
        """Take in a body within bounds of size and time; requests itself has none."""
        began, body = self._clock(), bytearray()
        for chunk in response.iter_content(CHUNK_BYTES):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                response.close()
                raise requests.exceptions.ContentDecodingError("too large")
            if self._clock() - began > BODY_S:
                response.close()
                raise requests.Timeout("too slow")
        response._content = bytes(body)  # noqa: SLF001 - where requests keeps what it has read


def translate(error: Exception, path: str) -> TraderError:
    """Return an error of requests in our words; never with headers or a key."""
    response = error.response if isinstance(error, requests.RequestException) else None
    if response is None:
        return Unavailable(
            f"Coinbase cannot be reached: {_reason(error)} ({path})",
            hint="check the connection, then try again",
        )
    status, words = response.status_code, _words(response)
    if status == 429:
        after = response.headers.get("retry-after") or response.headers.get("x-ratelimit-reset")
        return RateLimited(
            f"Coinbase refuses more requests for now ({path})", retry_after_s=_seconds(after)
        )
    if status == 403:
        return BrokerError(
            f"Coinbase refuses access: {status} {words} ({path})",
            hint="public data needs no key: this network or region may be blocked",
        )
    if 400 <= status < 500 and status not in PASSING:
        return DataError(f"Coinbase refuses the question: {status} {words} ({path})")
    return Unavailable(
        f"Coinbase is not available: {status} {words} ({path})",
        hint="it may be in maintenance: status.coinbase.com",
    )


def _reason(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection, or cut"
    return "an answer that cannot be read"


def _words(response: requests.Response) -> str:
    """Return what a refusal says, on one line of bounded length."""
    try:
        found = response.json()
    except ValueError:
        found = None
    text = response.reason or ""
    if isinstance(found, dict):
        said = (found.get(name) for name in ("error_details", "message", "error"))
        text = next((word for word in said if isinstance(word, str) and word), text)
    return " ".join(re.sub(r"[^\x20-\x7e]", " ", text).split())[:WORDS]


def _seconds(text: str | None) -> float:
    try:
        seconds = float(text or "")
    except ValueError:
        return 0.0
    return min(seconds, LONGEST_PAUSE_S) if seconds > 0.0 else 0.0


def _silence() -> None:
    """Take the SDK's logger off the terminal: it prints every refusal, body and all."""
    logger = logging.getLogger("coinbase.RESTClient")
    logger.handlers.clear()
    logger.propagate = False
    logger.setLevel(logging.CRITICAL)
