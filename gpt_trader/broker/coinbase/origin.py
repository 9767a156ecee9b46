"""Where requests go: Coinbase, or a server on this machine that stands in for it."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

HOST = "api.coinbase.com"  # what the SDK signs, wherever a request really goes


class OtherOrigin(HTTPAdapter):
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
