"""Tokens are judged as the edge judges them."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from services.core.errors import Unauthenticated, Unavailable
from services.launcher.keys import issue_token, read_or_make_jwt_key
from services.runtime.key_sets import IN_PAIRS, SHARED, FileKeys
from services.runtime.tokens import Issuer, TokenKeys
from tests.integration.edge.tokens import token

# A test may run long after it was collected.
DAY = 86_400
SECRET = b"a secret of thirty-two bytes, no less"

MakeKeys = Callable[..., TokenKeys]


@pytest.fixture
def keys(tmp_path: Path) -> MakeKeys:
    def make(*entries: dict[str, Any], issuer: Issuer | None = None) -> TokenKeys:
        path = tmp_path / "given.json"
        path.write_text(json.dumps({"keys": entries}))
        return TokenKeys([(issuer or Issuer(), FileKeys(path, SHARED | IN_PAIRS))])

    return make


def shared(secret: bytes = SECRET, kid: str = "one") -> dict[str, Any]:
    entry: dict[str, Any] = jwt.algorithms.HMACAlgorithm.to_jwk(secret, as_dict=True)
    return {**entry, "alg": "HS256", "kid": kid}


def claims_of(text: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(text, options={"verify_signature": False})
    return claims


async def test_a_token_of_this_installation_says_who_bears_it_and_its_end(tmp_path: Path) -> None:
    known = TokenKeys([(Issuer(), FileKeys(read_or_make_jwt_key(tmp_path).jwks, SHARED))])
    text = issue_token(tmp_path, "acme", ["viewer", "admin"], 60, "somebody")
    call = await known.call(text)
    assert (call.tenant, call.roles) == ("acme", ("viewer", "admin"))
    assert (call.subject, call.key) == ("somebody", claims_of(text)["jti"])
    assert call.expires == pytest.approx(time.time() + 60, abs=5)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - DAY},
        {"exp": None},
        {"nbf": int(time.time()) + DAY},
        {"iss": "somebody"},
        {"iss": None},
        {"aud": "others"},
        {"aud": None},
        {"tenant": None},
        {"tenant": ""},
        {"tenant": 7},
        {"tenant": "../acme"},
        {"tenant": ["acme"]},
        {"filler": "x" * 10_000},
    ],
)
async def test_a_wrong_token_is_refused(keys: MakeKeys, claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        await keys(shared()).call(token(SECRET, **claims))


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "ü.ü.ü", token(b"another secret of at least 32 bytes!")])
async def test_what_is_no_token_or_signed_by_others_is_refused(keys: MakeKeys, text: str) -> None:
    with pytest.raises(Unauthenticated):
        await keys(shared()).call(text)


@pytest.mark.parametrize("kid", ["other", "../../secrets/jwt.key", "/dev/null", "http://127.0.0.1/", "one' OR ''='"])
async def test_any_of_several_keys_will_do_but_not_one_of_another_name(keys: MakeKeys, kid: str) -> None:
    other = b"another secret of thirty-two bytes.."
    both = keys(shared(other, "other"), shared())
    assert (await both.call(token(SECRET))).tenant == "acme"
    named = jwt.encode(claims_of(token(SECRET)), SECRET, algorithm="HS256", headers={"kid": kid})
    with pytest.raises(Unauthenticated):
        await both.call(named)


async def test_keys_in_pairs_are_known_too(keys: MakeKeys) -> None:
    claims = claims_of(token(SECRET))
    curve, prime = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    known = keys(
        {**ECAlgorithm.to_jwk(curve.public_key(), as_dict=True), "kid": "e"},
        {**RSAAlgorithm.to_jwk(prime.public_key(), as_dict=True), "kid": "r"},
    )
    for algorithm, key in (("ES256", curve), ("RS256", prime)):
        assert (await known.call(jwt.encode(claims, key, algorithm=algorithm))).tenant == "acme"
    with pytest.raises(Unauthenticated):
        await known.call(jwt.encode(claims, prime, algorithm="RS512"))


async def test_a_public_key_is_no_secret_to_sign_with(keys: MakeKeys) -> None:
    claims = claims_of(token(SECRET))
    entry = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key(), as_dict=True)
    forged = jwt.encode(claims, entry["n"], algorithm="HS256")
    unsigned = jwt.encode(claims, "", algorithm="none")
    for text in (forged, unsigned):
        with pytest.raises(Unauthenticated):
            await keys(entry).call(text)


async def test_a_shared_secret_is_no_key_of_another_issuer(tmp_path: Path) -> None:
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps({"keys": [shared()]}))
    with pytest.raises(Unauthenticated):
        await TokenKeys([(Issuer(), FileKeys(path, IN_PAIRS))]).call(token(SECRET))


async def test_another_issuer_names_its_claims_otherwise(keys: MakeKeys) -> None:
    issuer = Issuer("https://id.example", "", "org.name", "realm.roles")
    known = keys(shared(), issuer=issuer)
    told = {"iss": "https://id.example", "org": {"name": "acme"}, "realm": {"roles": ["viewer", 7]}, "tenant": "victim"}
    call = await known.call(token(SECRET, **told))
    assert (call.tenant, call.roles) == ("acme", ("viewer",))
    with pytest.raises(Unauthenticated):
        await known.call(token(SECRET))


async def test_a_key_set_that_changes_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [shared()]}))
    known = TokenKeys([(Issuer(), FileKeys(path, SHARED))])
    new = b"a new secret of thirty-two bytes, no less"
    with pytest.raises(Unauthenticated):
        await known.call(token(new))
    (tmp_path / "next").write_text(json.dumps({"keys": [shared(), shared(new, "two")]}))
    (tmp_path / "next").rename(path)
    for secret in (new, SECRET):
        assert (await known.call(token(secret))).tenant == "acme"


def test_a_key_set_that_is_not_there_is_told(tmp_path: Path) -> None:
    for held in (None, b"nonsense", b'{"keys": []}'):
        path = tmp_path / "jwks.json"
        if held is not None:
            path.write_bytes(held)
        with pytest.raises(Unavailable, match="key set"):
            FileKeys(path, SHARED)
