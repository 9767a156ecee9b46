"""The key of an account: where it is found, and how requests are signed with it.

Nothing here shows a secret: not in a repr, not in an error.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from gpt_trader.errors import AuthError

KEY, SECRET = "COINBASE_API_KEY", "COINBASE_API_SECRET"
LIFETIME_S = 120
QUOTES = ("'", '"')
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
HINT = "Coinbase hands out an ECDSA key as PEM (-----BEGIN EC PRIVATE KEY-----) in a JSON file"


class Signer:
    """Signs requests with one key. clock_s: the exchange's time, seconds UTC."""

    def __init__(self, name: str, secret: str, clock_s: Callable[[], float]) -> None:
        """Raises AuthError if the secret is no ECDSA P-256 or Ed25519 key."""
        self._name, self._clock_s = name, clock_s
        self._key = _private_key(secret)
        self._algorithm = "ES256" if isinstance(self._key, ec.EllipticCurvePrivateKey) else "EdDSA"

    def __repr__(self) -> str:
        return f"Signer({self._algorithm})"

    def token(self, uri: str | None = None) -> str:
        """Return a fresh token. uri: "GET HOST/PATH" of a request, None for a subscription."""
        now = int(self._clock_s())
        claims: dict[str, object] = {
            "sub": self._name,
            "iss": "cdp",
            "nbf": now,
            "exp": now + LIFETIME_S,
        }
        if uri is not None:
            claims["uri"] = uri
        headers = {"kid": self._name, "nonce": secrets.token_hex()}
        return jwt.encode(claims, self._key, algorithm=self._algorithm, headers=headers)


def load_signer(
    env: Mapping[str, str], key_file: str | None, clock_s: Callable[[], float]
) -> Signer | None:
    """Return the signer of the key in the environment or in a file; None if there is none.

    What an env file of Docker or Windows wraps around a value is taken off: white space, a line's
    end, one pair of quotes. Raises AuthError if the key cannot be used.
    """
    name, secret = env.get(KEY), env.get(SECRET)
    if name and secret:
        return Signer(_unwrap(KEY, name), _unwrap(SECRET, secret), clock_s)
    if key_file is None:
        return None
    path = Path(key_file).expanduser()
    name, secret = _read(path)
    return Signer(_unwrap(f"name of {path}", name), secret, clock_s)


def _unwrap(where: str, text: str) -> str:
    """Return a value without its wrappers. Raises AuthError, naming where it is, not its text."""
    plain = text.strip()
    if plain[:1] in QUOTES and plain[-1:] == plain[:1]:
        plain = plain[1:-1].strip()
    is_name = "PRIVATE KEY" not in plain
    if not plain or plain[0] in QUOTES or plain[-1] in QUOTES or (is_name and " " in plain):
        raise AuthError(f"{where} holds what does not belong there: quotes, spaces or nothing")
    if not (plain.isascii() and plain.replace("\r", "").replace("\n", "").isprintable()):
        raise AuthError(f"{where} holds what does not belong there: no plain text")
    return plain


def _read(path: Path) -> tuple[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))  # Windows writes a mark
    except (OSError, ValueError) as error:
        raise AuthError(f"the key file {path} cannot be read", hint=HINT) from error
    found = found if isinstance(found, dict) else {}
    name, secret = found.get("name") or found.get("id"), found.get("privateKey")
    if not isinstance(name, str) or not isinstance(secret, str):
        raise AuthError(f"the key file {path} lacks name or privateKey", hint=HINT)
    return name, secret


def _private_key(secret: str) -> PrivateKey:
    """Return a PEM (SEC1 or PKCS8) or base64 key; in the environment its lines may be escaped."""
    plain = secret.replace("\\n", "\n").strip()
    try:
        if plain.startswith("-----BEGIN"):
            key = serialization.load_pem_private_key(plain.encode(), password=None)
        else:
            raw = base64.b64decode("".join(plain.split()), validate=True)
            if len(raw) not in (32, 64):
                raise ValueError("length")
            key = ed25519.Ed25519PrivateKey.from_private_bytes(raw[:32])
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm):
        # the reason may quote the secret
        raise AuthError("the Coinbase API secret is no private key", hint=HINT) from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise AuthError("the Coinbase API secret is neither ECDSA P-256 nor Ed25519", hint=HINT)
