"""Every kind of token, good and bad, is judged alike by the edge and by the check of first messages."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from services.core.clock import SystemClock
from services.core.errors import Unauthenticated
from services.launcher.issuers import other_issuers, own_issuer
from services.launcher.keys import read_or_make_jwt_key, remove_jwt_key, rotate_jwt_key
from services.runtime.key_sets import IN_PAIRS, SHARED, FileKeys, RemoteKeys
from services.runtime.tokens import Issuer, TokenKeys
from tests.integration.edge.conftest import Edge, running_edge

pytestmark = [pytest.mark.network, pytest.mark.processes]

# A test may run long after it was collected.
DAY = 86_400
OTHER = Issuer("https://id.example", "shop", "org.name", "realm.roles")


@dataclass(frozen=True, slots=True)
class Keys:
    """Who signs: this installation, before and after its key was renewed, and others."""

    own: bytes
    former: bytes
    removed: bytes
    prime: rsa.RSAPrivateKey
    curve: ec.EllipticCurvePrivateKey
    remote: rsa.RSAPrivateKey
    stranger: rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Judges:
    """An edge, and a check of first messages, that know the same keys."""

    edge: Edge
    tokens: TokenKeys
    keys: Keys

    def status(self, text: str) -> int:
        """What the edge says to a token."""
        with self.edge.http() as http:
            return http.get("/events", headers={"authorization": f"Bearer {text}"}).status_code


def _public(algorithm: Any, key: Any, name: str, signs: str) -> dict[str, Any]:
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": name, "use": "sig", "alg": signs}


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judges]:
    folder = tmp_path_factory.mktemp("keys")
    removed = read_or_make_jwt_key(folder)
    rotate_jwt_key(folder, lambda: None)
    former = read_or_make_jwt_key(folder)
    rotate_jwt_key(folder, lambda: None)
    remove_jwt_key(folder, removed.key_id)
    own = read_or_make_jwt_key(folder)
    prime, remote, stranger = (rsa.generate_private_key(65537, 2048) for _key in range(3))
    curve = ec.generate_private_key(ec.SECP256R1())
    keys = Keys(own.secret, former.secret, removed.secret, prime, curve, remote, stranger)
    file = folder / "theirs.json"
    file.write_text(
        json.dumps({"keys": [_public(RSAAlgorithm, prime, "r", "RS256"), _public(ECAlgorithm, curve, "e", "ES256")]})
    )
    with serving(json.dumps({"keys": [_public(RSAAlgorithm, remote, "remote", "RS256")]})) as url:
        told = {
            "BINNACLE_JWKS_FILE": str(file),
            "BINNACLE_JWKS_URL": url,
            "BINNACLE_JWT_ISSUER": OTHER.name,
            "BINNACLE_JWT_AUDIENCE": OTHER.audience,
            "BINNACLE_JWT_TENANT_CLAIM": OTHER.tenant_claim,
            "BINNACLE_JWT_ROLES_CLAIM": OTHER.roles_claim,
        }
        known = [(Issuer(), FileKeys(own.jwks, SHARED)), (OTHER, FileKeys(file, IN_PAIRS))]
        tokens = TokenKeys([*known, (OTHER, RemoteKeys(url, SystemClock()))])
        issuers = [own_issuer(own.jwks), *other_issuers(told)]
        with running_edge(auth=True, change=lambda _folder, settings: replace(settings, issuers=issuers)) as edge:
            yield Judges(edge, tokens, keys)


@contextmanager
def serving(content: str) -> Iterator[str]:
    """A key set over HTTP for the length of the block; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_told: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/keys"
        server.shutdown()
        thread.join()


def own(key: bytes, headers: Mapping[str, Any] | None = None, **claims: Any) -> str:
    """A token of this installation; good unless a claim is given otherwise."""
    good = {
        "iss": "binnacle", "aud": "binnacle", "sub": "somebody", "jti": "abc", "tenant": "acme", "roles": "viewer",
        "exp": int(time.time()) + 60,
    }  # fmt: skip
    held = {name: value for name, value in {**good, **claims}.items() if value is not None}
    return jwt.encode(held, key, algorithm="HS256", headers=dict(headers or {}))


def other(key: Any, algorithm: str, kid: str | None, **claims: Any) -> str:
    """A token of the other issuer."""
    good = {
        "iss": OTHER.name, "aud": ["shop", "x"], "sub": "somebody", "jti": "abc", "org": {"name": "acme"},
        "realm": {"roles": ["viewer"]}, "tenant": "victim", "exp": int(time.time()) + 60,
    }  # fmt: skip
    held = {name: value for name, value in {**good, **claims}.items() if value is not None}
    return jwt.encode(held, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def confused(keys: Keys) -> str:
    """Signed as if what everybody knows of a key in a pair were a shared secret."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"r"}').rstrip(b"=")
    body = other(keys.prime, "RS256", "r").split(".")[1].encode()
    public = keys.prime.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signature = base64.urlsafe_b64encode(hmac.digest(public, head + b"." + body, "sha256")).rstrip(b"=")
    return b".".join((head, body, signature)).decode()


def tampered(text: str, **claims: Any) -> str:
    """The same with other claims under the old signature."""
    head, body, signature = text.split(".")
    held = json.loads(base64.urlsafe_b64decode(body + "=="))
    made = base64.urlsafe_b64encode(json.dumps({**held, **claims}).encode()).decode().rstrip("=")
    return f"{head}.{made}.{signature}"


GOOD: Mapping[str, Callable[[Keys], str]] = {
    "own": lambda keys: own(keys.own),
    "signed before the key was renewed": lambda keys: own(keys.former),
    "RS256 of a file": lambda keys: other(keys.prime, "RS256", "r"),
    "ES256 of a file": lambda keys: other(keys.curve, "ES256", "e"),
    "without a key id": lambda keys: other(keys.curve, "ES256", None),
    "RS256 of an address": lambda keys: other(keys.remote, "RS256", "remote"),
}

BAD: Mapping[str, Callable[[Keys], str]] = {
    "no algorithm": lambda keys: jwt.encode(jwt.decode(own(keys.own), options={"verify_signature": False}), "", "none"),
    "signed with what is public": lambda keys: confused(keys),
    "an algorithm that the key is not for": lambda keys: other(keys.prime, "PS256", "r"),
    "of an unknown key": lambda keys: other(keys.stranger, "RS256", "s"),
    "of an unknown key under a known name": lambda keys: other(keys.stranger, "RS256", "remote"),
    "a known key under another's name": lambda keys: other(keys.prime, "RS256", "e"),
    "a path for a key id": lambda keys: own(keys.own, {"kid": "../../../../dev/null"}),
    "an address for a key id": lambda keys: own(keys.own, {"kid": "http://127.0.0.1/keys"}),
    "a key that was removed": lambda keys: own(keys.removed),
    "of another issuer": lambda keys: own(keys.own, iss="somebody"),
    "of no issuer": lambda keys: own(keys.own, iss=None),
    "of one issuer with the key of another": lambda keys: own(keys.own, iss=OTHER.name, aud="shop", org={"name": "a"}),
    "for others": lambda keys: own(keys.own, aud="others"),
    "for nobody": lambda keys: own(keys.own, aud=None),
    "for others, of the other issuer": lambda keys: other(keys.prime, "RS256", "r", aud="binnacle"),
    "expired": lambda keys: own(keys.own, exp=int(time.time()) - 60),
    "that never expires": lambda keys: own(keys.own, exp=None),
    "not yet valid": lambda keys: own(keys.own, nbf=int(time.time()) + DAY),
    "of another tenant by hand": lambda keys: tampered(own(keys.own), tenant="victim"),
    "cut off": lambda keys: own(keys.own)[:-10],
    "oversize": lambda keys: own(keys.own, filler="x" * 100_000),
    "nothing": lambda keys: ".",
    "no token": lambda keys: "x.y.z",
}


@pytest.mark.parametrize("kind", GOOD)
async def test_a_good_token_says_the_same_to_both(judges: Judges, kind: str) -> None:
    text = GOOD[kind](judges.keys)
    assert judges.status(text) == 200
    told = judges.edge.log.calls[-1].metadata
    call = await judges.tokens.call(text)
    assert (call.tenant, call.roles, call.subject, call.key) == ("acme", ("viewer",), "somebody", "abc")
    assert (told["x-binnacle-tenant"], told["x-binnacle-subject"], told["x-binnacle-key"]) == (
        "acme",
        "somebody",
        "abc",
    )
    assert float(told["x-binnacle-expires"]) == call.expires
    assert "authorization" not in told


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_token_is_refused_by_both(judges: Judges, kind: str) -> None:
    text, before = BAD[kind](judges.keys), len(judges.edge.log.calls)
    assert judges.status(text) in (400, 401, 403, 431)
    assert len(judges.edge.log.calls) == before
    with pytest.raises(Unauthenticated):
        await judges.tokens.call(text)
