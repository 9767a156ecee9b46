"""Keys and the tokens that they sign, checked as the exchange checks them."""

import base64
import json
import secrets
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

HOST = "api.coinbase.com"
TOLERANCE_S = 60


@dataclass(frozen=True)
class Key:
    """A key's public half and what it may do."""

    name: str
    public: object
    algorithm: str
    can_view: bool = True
    can_trade: bool = True
    can_transfer: bool = False
    portfolio: str = "11111111-2222-4333-8444-555555555555"


@dataclass
class Keys:
    """The keys that the exchange knows."""

    known: dict[str, Key] = field(default_factory=dict)

    def new(self, kind: str = "ec", **rights) -> tuple[str, str]:
        """Make a key; return its name and its secret as PEM."""
        private = (
            ec.generate_private_key(ec.SECP256R1())
            if kind == "ec"
            else ed25519.Ed25519PrivateKey.generate()
        )
        layout = (
            serialization.PrivateFormat.TraditionalOpenSSL
            if kind == "ec"
            else serialization.PrivateFormat.PKCS8
        )
        pem = private.private_bytes(
            serialization.Encoding.PEM, layout, serialization.NoEncryption()
        ).decode()
        name = f"organizations/{secrets.token_hex(4)}/apiKeys/{secrets.token_hex(8)}"
        algorithm = "ES256" if kind == "ec" else "EdDSA"
        self.known[name] = Key(name, private.public_key(), algorithm, **rights)
        return name, pem

    def check(self, token: str, now_s: float, uri: str | None) -> Key | None:
        """Return the key that signed a token for this request (None: a subscription), if any."""
        try:
            header = _header(token)
            key = self.known[header["kid"]]
            claims = jwt.decode(
                token,
                key.public,
                algorithms=[key.algorithm],
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
            in_time = claims["nbf"] - TOLERANCE_S <= now_s <= claims["exp"] + TOLERANCE_S
            good = claims["iss"] == "cdp" and claims["sub"] == key.name and header["nonce"]
        except (jwt.PyJWTError, KeyError, TypeError, ValueError):
            return None
        if not in_time or not good or claims.get("uri") != uri:
            return None
        return key


def _header(token: str) -> dict[str, str]:
    """Return what a token says of itself; `jwt.decode` will look at all of it."""
    first = token.split(".", maxsplit=1)[0]
    return json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
