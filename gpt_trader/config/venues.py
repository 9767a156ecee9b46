"""What a profile may say of the exchanges: a section each, named by its word.

A section has the fields that `broker.exchange.access.Access` asks for, and its own words for them;
`secrets` are the variables that hold its key and secret.
"""

from typing import Annotated, ClassVar, assert_never

from pydantic import BaseModel, Field

from gpt_trader.broker.exchange.access import Access
from gpt_trader.config.schema import Absent, CommonKeys, HttpUrl, Number, WsUrl
from gpt_trader.config.words import Venue


class CoinbaseKeys(BaseModel, extra="forbid", frozen=True):
    """How to reach Coinbase, and which file holds its key; never the key itself."""

    secrets: ClassVar[tuple[str, str]] = ("COINBASE_API_KEY", "COINBASE_API_SECRET")

    key_file: Annotated[str | None, Absent] = Field(
        default=None,
        description="the key file that Coinbase hands out, mode 0600; in a profile: beside it",
    )
    rest_url: Annotated[HttpUrl | None, Absent] = Field(
        default=None,
        description="another address than Coinbase's; http:// only for this machine",
    )
    ws_url: Annotated[WsUrl | None, Absent] = Field(
        default=None, description="another address for market data; ws:// only for this machine"
    )
    ws_user_url: Annotated[WsUrl | None, Absent] = Field(
        default=None, description="another address for orders; ws:// only for this machine"
    )
    private_requests_per_s: Annotated[float, Number] = Field(
        default=10.0,
        ge=0.1,
        le=1000,
        allow_inf_nan=False,
        description="most requests for the account in a second, as many at once after a pause; "
        "cancels have their own",
    )
    allow_transfer_key: bool = Field(
        default=False, description="whether a key that can move money out may be used"
    )
    public_requests_per_s: Annotated[float, Number] = Field(
        default=5.0,
        ge=0.1,
        le=1000,
        allow_inf_nan=False,
        description="most requests for public market data in a second",
    )


class ProfileKeys(CommonKeys, extra="forbid", frozen=True):
    """A whole profile."""

    coinbase: CoinbaseKeys = CoinbaseKeys()


def section(keys: ProfileKeys, venue: Venue) -> Access:
    """Return what a profile says of an exchange."""
    match venue:
        case "coinbase":
            return keys.coinbase
        case _:
            assert_never(venue)
