"""Where requests go: Coinbase, or a server on this machine that stands in for it."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from gpt_trader.broker.coinbase.deadline import Timed
from gpt_trader.errors import HaltError

HOST = "api.coinbase.com"  # what the SDK signs, wherever a request really goes


QUESTIONS = ("/orders/preview", "/orders/edit_preview")  # posts that change nothing


class Unsending(HTTPAdapter):
    """Lets questions pass and nothing else: what is mounted on it cannot send an order."""

    def __init__(self, adapter: HTTPAdapter) -> None:
        self._adapter = adapter
        super().__init__()

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401
        """Send a request that changes nothing. Raises HaltError for any other."""
        path = urlsplit(request.url or "").path
        if request.method != "GET" and not path.endswith(QUESTIONS):
            raise HaltError(f"nothing is sent from here: {request.method} {path}")
        return self._adapter.send(request, *args, **kwargs)


class OtherOrigin(Timed):
    """Sends what is meant for HOST to another scheme, host and port; the path stays."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._origin = (parts.scheme, parts.netloc)
        super().__init__()

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401
        """Send a request to the other origin."""
        rest = tuple(urlsplit(request.url or ""))[2:]
        request.url = urlunsplit((*self._origin, *map(str, rest)))
        request.headers.pop("Host", None)
        return super().send(request, *args, **kwargs)
