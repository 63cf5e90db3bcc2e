"""Tokens are judged as the edge judges them."""

import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from services.core.errors import Unauthenticated, Unavailable
from services.launcher.keys import issue_token, read_or_make_jwt_key
from services.runtime.tokens import TokenKeys
from tests.integration.edge.tokens import token

# A test may run long after it was collected.
DAY = 86_400
SECRET = b"a secret of thirty-two bytes, no less"


def keys(*entries: dict[str, Any]) -> TokenKeys:
    return TokenKeys(jwt.PyJWKSet.from_dict({"keys": list(entries)}))


def shared(secret: bytes = SECRET, kid: str = "one") -> dict[str, Any]:
    entry: dict[str, Any] = jwt.algorithms.HMACAlgorithm.to_jwk(secret, as_dict=True)
    return {**entry, "alg": "HS256", "kid": kid}


def test_a_token_of_this_installation_says_tenant_roles_and_its_end(tmp_path: Path) -> None:
    made = read_or_make_jwt_key(tmp_path)
    call = TokenKeys.read(made.jwks).call(issue_token(tmp_path, "acme", ["viewer", "admin"], 60))
    assert (call.tenant, call.roles) == ("acme", ("viewer", "admin"))
    assert call.expires == pytest.approx(time.time() + 60, abs=5)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - DAY},
        {"exp": None},
        {"nbf": int(time.time()) + DAY},
        {"iss": "somebody"},
        {"aud": "others"},
        {"tenant": None},
        {"tenant": ""},
        {"tenant": 7},
    ],
)
def test_a_wrong_token_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        keys(shared()).call(token(SECRET, **claims))


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "ü.ü.ü", token(b"another secret of at least 32 bytes!")])
def test_what_is_no_token_or_signed_by_others_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        keys(shared()).call(text)


def test_any_of_several_keys_will_do_but_not_one_of_another_name() -> None:
    other = b"another secret of thirty-two bytes.."
    both = keys(shared(other, "other"), shared())
    assert both.call(token(SECRET)).tenant == "acme"
    claims = jwt.decode(token(SECRET), options={"verify_signature": False})
    named = jwt.encode(claims, SECRET, algorithm="HS256", headers={"kid": "other"})
    with pytest.raises(Unauthenticated):
        both.call(named)


def test_keys_in_pairs_are_known_too() -> None:
    claims = jwt.decode(token(SECRET), options={"verify_signature": False})
    curve, prime = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    known = keys(
        {**ECAlgorithm.to_jwk(curve.public_key(), as_dict=True), "kid": "e"},
        {**RSAAlgorithm.to_jwk(prime.public_key(), as_dict=True), "kid": "r"},
    )
    for algorithm, key in (("ES256", curve), ("RS256", prime)):
        assert known.call(jwt.encode(claims, key, algorithm=algorithm)).tenant == "acme"


def test_a_public_key_is_no_secret_to_sign_with() -> None:
    claims = jwt.decode(token(SECRET), options={"verify_signature": False})
    public = rsa.generate_private_key(65537, 2048).public_key()
    entry = RSAAlgorithm.to_jwk(public, as_dict=True)
    forged = jwt.encode(claims, entry["n"], algorithm="HS256")
    unsigned = jwt.encode(claims, "", algorithm="none")
    for text in (forged, unsigned):
        with pytest.raises(Unauthenticated):
            keys(entry).call(text)


def test_a_key_set_that_is_not_there_is_told(tmp_path: Path) -> None:
    for held in (None, b"nonsense", b'{"keys": []}'):
        path = tmp_path / "jwks.json"
        if held is not None:
            path.write_bytes(held)
        with pytest.raises(Unavailable, match="key set"):
            TokenKeys.read(path)
