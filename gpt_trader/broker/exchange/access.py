"""How an exchange is reached, as a profile says it."""

from typing import Protocol


class Access(Protocol):
    """How an exchange is reached, as a profile says it. Addresses: None for the venue's own."""

    @property
    def secrets(self) -> tuple[str, str]:
        """The environment variables that hold the key and its secret."""
        ...

    @property
    def key_file(self) -> str | None:
        """The file that holds both, None if there is none."""
        ...

    @property
    def rest_url(self) -> str | None:
        """Where requests go."""
        ...

    @property
    def ws_url(self) -> str | None:
        """Where market data streams from."""
        ...

    @property
    def ws_user_url(self) -> str | None:
        """Where reports on orders stream from."""
        ...

    @property
    def private_requests_per_s(self) -> float:
        """Most requests for the account in a second."""
        ...

    @property
    def public_requests_per_s(self) -> float:
        """Most requests for public data in a second."""
        ...

    @property
    def allow_transfer_key(self) -> bool:
        """Whether a key that can move money out may be used."""
        ...
