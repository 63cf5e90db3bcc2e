"""An OpenID provider: asks nobody for a password, checks all else that one checks, signs with ES256."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

CLIENT, SECRET = "binnacle", "only between us"
AUDIENCE = "binnacle"
KEY_ID = "first"


@dataclass
class Provider:
    """Who is signed in by it holds `claims`; `grants` counts the tokens it gave, by kind of grant.

    With a `refusal` it sends everybody back with that instead of a code; while it is `silent`, codes bring no token.
    """

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    seconds: int = 300
    refusal: str = ""
    silent: bool = False
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    signing: ec.EllipticCurvePrivateKey | None = None
    grants: list[str] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def key_set(self) -> str:
        """The keys its tokens are verified with."""
        held: dict[str, Any] = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        return json.dumps({"keys": [{**held, "kid": KEY_ID, "alg": "ES256", "use": "sig"}]})

    def token(self) -> str:
        """A token for who signs in next."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "iat": now, "exp": now + self.seconds, **self.claims}
        return jwt.encode(claims, self.signing or self.key, algorithm="ES256", headers={"kid": KEY_ID})

    def authorize(self, asked: Mapping[str, str]) -> str:
        """Where the browser is sent back to."""
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        if self.refusal:
            refusal = {"error": self.refusal, "error_description": "ask your boss", "state": asked["state"]}
            return f"{asked['redirect_uri']}?{urlencode(refusal)}"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked["code_challenge"]
        back = {"code": code, "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def grant(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """The tokens for a code, or for what was given before."""
        assert asked["client_secret"] == SECRET
        if asked["grant_type"] == "authorization_code":
            proof = hashlib.sha256(asked["code_verifier"].encode()).digest()
            assert self.codes.pop(asked["code"]) == base64.urlsafe_b64encode(proof).decode().rstrip("=")
        else:
            assert asked["refresh_token"] == "later"
        self.grants.append(asked["grant_type"])
        token = self.token()
        told = {"access_token": token, "id_token": token, "refresh_token": "later", "token_type": "Bearer"}
        return {**told, "expires_in": self.seconds}


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/keys":
                return self._answer(provider.key_set.encode())
            self.send_response(302)
            self.send_header("location", provider.authorize(_flat(parts.query)))
            self.send_header("content-length", "0")
            self.end_headers()
            return None

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            if provider.silent:
                return self.send_error(503)
            return self._answer(json.dumps(provider.grant(_flat(body))).encode())

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_told: object) -> None:
            return

    return Handler


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider at an address of this machine."""
    provider = Provider()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider)) as server:
        provider.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
