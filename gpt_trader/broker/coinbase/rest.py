"""Coinbase's REST API, bounded in time: reads are paced and tried again, writes are neither."""

import logging
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

import requests
from coinbase.constants import USER_AGENT
from coinbase.rest import RESTClient

from gpt_trader.broker.coinbase.deadline import Deadline, Timed, was_not_sent
from gpt_trader.broker.coinbase.keys import Signer
from gpt_trader.broker.coinbase.origin import HOST, OtherOrigin, Unsending
from gpt_trader.broker.exchange.pace import Pace
from gpt_trader.errors import (
    AuthError,
    BrokerError,
    DataError,
    RateLimited,
    TraderError,
    Unavailable,
    UnknownOutcome,
)

PREFIX = "/api/v3/brokerage"
CONNECT_S = 3.0  # to connect to one address of several
DEADLINE_S = 10.0  # of one request, from its connection to the last byte of its answer
ATTEMPTS = 6
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
PASSING = (401, 408)  # refusals that another try may not meet
MAX_BODY_BYTES = 32 * 2**20
CHUNK_BYTES = 2**16
WORDS = 200  # characters of the exchange's own words that are shown


class Rest:
    """Reads and posts documents by path, from any thread; each has a connection of its own.

    url: another origin than Coinbase's, None for Coinbase. random: a number in [0, 1). signer:
    signs every request; None: public ones only. attempts: how often a read is tried. sends:
    whether anything may be posted but previews; a session that may not has no way to send it.
    deadline_s: after which a request is over, however far its answer has come.
    """

    def __init__(
        self,
        pace: Pace,
        *,
        url: str | None,
        sleep: Callable[[float], object],
        random: Callable[[], float],
        signer: Signer | None = None,
        attempts: int = ATTEMPTS,
        sends: bool = False,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._pace, self._url, self._deadline_s = pace, url, deadline_s
        self._signer, self._attempts, self._sends = signer, attempts, sends
        self.limits: dict[str, str] = {}  # what the newest answer said of them
        self._sleep, self._random = sleep, random
        self._own = threading.local()
        _silence()

    def get[T](
        self,
        path: str,
        read: Callable[[dict[str, Any]], T],
        params: Mapping[str, Any] | None = None,
    ) -> T:
        """Return what `read` makes of the document at a path below PREFIX.

        Tries again after a pause (doubling, with full jitter) on what may pass: no connection,
        no whole answer within the deadline, 401 (which throttling looks like at times), 408, 429,
        5xx, an answer that is no JSON object, and Unavailable from `read`. Raises DataError if the
        exchange refuses the question (400, 404), AuthError or BrokerError if it refuses access,
        else Unavailable or RateLimited.
        """
        return self._retried(lambda: read(self._once("GET", path, params, None)))

    def ask[T](self, path: str, body: Mapping[str, Any], read: Callable[[dict[str, Any]], T]) -> T:
        """Post a question that changes nothing, such as a preview; tried again like `get`."""
        return self._retried(lambda: read(self._once("POST", path, None, body)))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Post once, never twice, at once, and return the answer, within the deadline.

        When it may leave is for the caller to say: it waits behind no question here.
        Raises AuthError, RateLimited or BrokerError where the exchange refused before it took
        anything in (a 4xx), and Unavailable where no connection was made: nothing was sent. All
        else, a timeout, a cut connection, 5xx, an answer that is no JSON object, proves nothing:
        UnknownOutcome.
        """
        try:
            found = self._client().post(PREFIX + path, data=dict(body))
        except (requests.RequestException, ValueError, RecursionError) as error:
            if was_not_sent(error):
                raise Unavailable(
                    f"Coinbase cannot be reached: {_reason(error)} ({path})"
                ) from None
            failure = translate(error, path, signed=True)
            if _is_definite(error):
                raise failure from None
            raise UnknownOutcome(f"sent, and not answered: {failure.message}") from None
        if not isinstance(found, dict):
            raise UnknownOutcome(f"Coinbase answered {path} with no object")
        return found

    @property
    def is_spent(self) -> bool:
        """Whether the newest answer said that no more requests are allowed for now."""
        return self.limits.get("x-ratelimit-remaining") == "0"

    def _retried[T](self, attempt: Callable[[], T]) -> T:
        was_refused = False
        for number in range(1, self._attempts):
            try:
                return attempt()
            except (Unavailable, RateLimited) as failure:
                self._sleep(self._pause_s(number, failure))
            except AuthError:
                if was_refused:
                    raise
                was_refused = True  # valid tokens are refused at times: sign once more
        try:
            return attempt()
        except (Unavailable, RateLimited) as failure:
            failure.message += f"; asked {self._attempts} times"
            raise

    def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        self._pace.take()
        client, signed = self._client(), self._signer is not None
        try:
            if method == "GET":
                found = client.get(PREFIX + path, dict(params or {}), public=not signed)
            else:
                found = client.post(PREFIX + path, data=dict(body or {}))
        except (requests.RequestException, ValueError, RecursionError) as error:
            failure = translate(error, path, signed=signed)
            if isinstance(failure, RateLimited):
                self._pace.slow_down()
            raise failure from None
        if not isinstance(found, dict):
            raise Unavailable(f"Coinbase answered {path} with no object")
        self._pace.speed_up()
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
            client = _Client(self._signer, self._deadline_s)
            client.session.headers["Cache-Control"] = "no-cache"
            client.session.hooks["response"] = [self._take]
            adapter = Timed() if self._url is None else OtherOrigin(self._url)
            client.session.mount("https://", adapter if self._sends else Unsending(adapter))
            if self._url is not None:
                client.session.trust_env = False  # a proxy knows nothing of this machine
            self._own.client = client
        return client

    def _take(self, response: requests.Response, **_sent: object) -> None:
        """Take in a body of bounded size; requests itself knows no bound."""
        told = {name.lower(): value for name, value in response.headers.items()}
        self.limits |= {k: v for k, v in told.items() if k.startswith("x-ratelimit-")}
        if self.is_spent:
            self._pace.slow_down()
        body = bytearray()
        for chunk in response.iter_content(CHUNK_BYTES):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                response.close()
                raise requests.exceptions.ContentDecodingError("too large")
        response._content = bytes(body)  # noqa: SLF001 - where requests keeps what it has read


class _Client(RESTClient):  # type: ignore[misc]
    """The SDK's client with our signer (its clock is the exchange's) and a deadline a request."""

    def __init__(self, signer: Signer | None, deadline_s: float) -> None:
        # a key in the environment would be taken for public requests, too
        super().__init__(api_key=None, api_secret=None, timeout=(CONNECT_S, deadline_s))
        self._signer, self._deadline_s = signer, deadline_s
        self.is_authenticated = signer is not None
        self.session.auth = _nothing  # else requests would look for a password in ~/.netrc

    def set_headers(self, method: str, path: str) -> dict[str, str]:
        """Return the headers of a request."""
        headers = {"User-Agent": USER_AGENT, "Content-Type": "application/json"}
        if self._signer is not None:
            token = self._signer.token(f"{method} {HOST}{path}")
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def send_request(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Send a request and take in its answer, within the deadline."""
        with Deadline(self._deadline_s):
            return super().send_request(*args, **kwargs)


def _nothing(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no password to a request."""
    return request


def _is_definite(error: Exception) -> bool:
    """Whether the exchange refused a request itself: it has not taken in what was posted."""
    response = error.response if isinstance(error, requests.RequestException) else None
    return response is not None and (
        400 <= response.status_code < 500 and response.status_code != 408
    )


def translate(error: Exception, path: str, *, signed: bool = False) -> TraderError:
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
    if signed and status in (401, 403):
        return AuthError(
            f"Coinbase refuses the key: {status} {words} ({path})",
            hint="check the key's permissions and addresses, and this machine's clock",
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
