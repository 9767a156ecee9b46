"""Keys are found where people put them, and never shown."""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gpt_trader.broker.coinbase.keys import Signer, load_signer
from gpt_trader.errors import AuthError

PEM, RAW = serialization.Encoding.PEM, serialization.Encoding.Raw
SEC1 = serialization.PrivateFormat.TraditionalOpenSSL
PKCS8 = serialization.PrivateFormat.PKCS8
NO_PASSWORD = serialization.NoEncryption()
NAME = "organizations/o/apiKeys/k"
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def pem(key, layout):
    return key.private_bytes(PEM, layout, NO_PASSWORD).decode()


ED_RAW = ED_KEY.private_bytes(RAW, serialization.PrivateFormat.Raw, NO_PASSWORD)
SECRETS = {
    "SEC1": (pem(EC_KEY, SEC1), EC_KEY, "ES256"),
    "PKCS8": (pem(EC_KEY, PKCS8), EC_KEY, "ES256"),
    "escaped lines": (pem(EC_KEY, SEC1).replace("\n", "\\n"), EC_KEY, "ES256"),
    "Ed25519 PEM": (pem(ED_KEY, PKCS8), ED_KEY, "EdDSA"),
    "Ed25519 32 bytes": (base64.b64encode(ED_RAW).decode(), ED_KEY, "EdDSA"),
    "Ed25519 64 bytes": (
        base64.b64encode(ED_RAW + ED_KEY.public_key().public_bytes_raw()).decode() + "\n",
        ED_KEY,
        "EdDSA",
    ),
}


@pytest.mark.parametrize("kind", SECRETS)
def test_every_kind_of_key_signs_what_the_exchange_wants(kind):
    secret, private, algorithm = SECRETS[kind]
    uri = "GET api.coinbase.com/api/v3/brokerage/accounts"
    token = Signer(NAME, secret, lambda: 1_700_000_000.9).token(uri)
    claims = jwt.decode(
        token, private.public_key(), algorithms=[algorithm], options={"verify_exp": False}
    )
    assert claims == {
        "sub": NAME,
        "iss": "cdp",
        "nbf": 1_700_000_000,
        "exp": 1_700_000_120,
        "uri": uri,
    }
    header = jwt.get_unverified_header(token)
    assert (header["alg"], header["kid"], header["typ"]) == (algorithm, NAME, "JWT")


def test_a_subscription_names_no_request_and_no_two_tokens_are_alike():
    signer = Signer(NAME, SECRETS["SEC1"][0], lambda: 0.0)
    tokens = {signer.token() for _ in range(3)}
    assert len(tokens) == 3
    assert all(
        "uri" not in jwt.decode(token, options={"verify_signature": False}) for token in tokens
    )


RSA_PEM = pem(rsa.generate_private_key(65537, 2048), PKCS8)
P384_PEM = pem(ec.generate_private_key(ec.SECP384R1()), PKCS8)
BAD = ["hunter2", "-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----", RSA_PEM]


@pytest.mark.parametrize("secret", [*BAD, P384_PEM, base64.b64encode(b"short").decode()])
def test_a_secret_that_is_no_key_is_refused_and_not_shown(secret):
    with pytest.raises(AuthError) as caught:
        Signer(NAME, secret, lambda: 0.0)
    shown = f"{caught.value.message} {caught.value.hint} {caught.value!r}"
    assert "hunter2" not in shown
    assert secret[40:80] not in shown or len(secret) < 80
    assert caught.value.__cause__ is None


def test_a_signer_shows_no_secret():
    secret = SECRETS["SEC1"][0]
    assert repr(Signer(NAME, secret, lambda: 0.0)) == "Signer(ES256)"


def test_the_environment_wins_over_the_file_and_neither_is_none(tmp_path):
    path = tmp_path / "key.json"
    path.write_text(json.dumps({"name": NAME, "privateKey": SECRETS["Ed25519 PEM"][0]}))
    env = {"COINBASE_API_KEY": NAME, "COINBASE_API_SECRET": SECRETS["SEC1"][0]}
    assert repr(load_signer(env, str(path), lambda: 0.0)) == "Signer(ES256)"
    assert repr(load_signer({}, str(path), lambda: 0.0)) == "Signer(EdDSA)"
    assert load_signer({}, None, lambda: 0.0) is None


@pytest.mark.parametrize("text", ["", "[]", '{"name": "x"}', '{"name": 1, "privateKey": "y"}'])
def test_a_key_file_that_lacks_its_parts_is_refused(text, tmp_path):
    path = tmp_path / "key.json"
    path.write_text(text)
    with pytest.raises(AuthError, match=r"key\.json"):
        load_signer({}, str(path), lambda: 0.0)


def test_a_key_file_may_call_its_name_id(tmp_path):
    path = tmp_path / "key.json"
    path.write_text(json.dumps({"id": NAME, "privateKey": SECRETS["SEC1"][0]}))
    assert repr(load_signer({}, str(path), lambda: 0.0)) == "Signer(ES256)"


WRAPPED = [
    (lambda name, secret: (name + "\r", secret)),
    (lambda name, secret: (" " + name, secret)),
    (lambda name, secret: (f'"{name}"', secret)),
    (lambda name, secret: (f" '{name}'\r\n", secret)),
    (lambda name, secret: (name, f'"{secret}"')),
    (lambda name, secret: (name, f"'{secret}'\r")),
    (lambda name, secret: (name, secret.replace("\\n", "\r\n"))),
]


@pytest.mark.parametrize("wrap", WRAPPED)
def test_what_an_env_file_wraps_around_a_key_is_taken_off(wrap):
    name, secret = wrap(NAME, SECRETS["escaped lines"][0])
    signer = load_signer({"COINBASE_API_KEY": name, "COINBASE_API_SECRET": secret}, None, int)
    assert signer is not None
    assert jwt.get_unverified_header(signer.token())["kid"] == NAME
    claims = jwt.decode(signer.token(), options={"verify_signature": False})
    assert claims["sub"] == NAME


@pytest.mark.parametrize("text", ['"', '""', "' '", f'"{NAME}', f"{NAME} x", f"{NAME}\u200b"])
def test_what_does_not_belong_into_a_key_is_told_by_its_variable(text):
    env = {"COINBASE_API_KEY": text, "COINBASE_API_SECRET": SECRETS["SEC1"][0]}
    with pytest.raises(AuthError, match="COINBASE_API_KEY holds what does not belong"):
        load_signer(env, None, int)
    env = {"COINBASE_API_KEY": NAME, "COINBASE_API_SECRET": '"' + SECRETS["SEC1"][0]}
    with pytest.raises(AuthError, match="COINBASE_API_SECRET holds what does not belong"):
        load_signer(env, None, int)


def test_a_key_file_of_windows_is_read(tmp_path):
    path = tmp_path / "key.json"
    text = json.dumps({"name": f" {NAME}", "privateKey": SECRETS["SEC1"][0]})
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    signer = load_signer({}, str(path), int)
    assert jwt.get_unverified_header(signer.token())["kid"] == NAME
