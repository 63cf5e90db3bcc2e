"""People sign in at a provider; what they get is a cookie that opens every face, to their own pages alone."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from services.launcher.certificates import own_certificate
from services.launcher.edge import EdgeSettings
from services.launcher.issuers import other_issuers
from services.launcher.transport import SIGN_OUT_PATH, Tls, sign_in_told
from tests.integration.edge.conftest import Edge, running_edge
from tests.support.provider import AUDIENCE, CLIENT, SECRET, Provider, running_provider
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network]

PAGE = {"accept": "text/html,application/xhtml+xml"}
ACME = {"tenant": "acme", "roles": "viewer,editor", "sub": "ada"}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def edge(provider: Provider) -> Iterator[Edge]:
    def change(folder: Path, told: EdgeSettings) -> EdgeSettings:
        (folder / "secret").write_text(SECRET)
        environment = {
            "BINNACLE_OIDC_CLIENT_ID": CLIENT,
            "BINNACLE_OIDC_CLIENT_SECRET_FILE": str(folder / "secret"),
            "BINNACLE_OIDC_AUTHORIZE_URL": f"{provider.url}/authorize",
            "BINNACLE_OIDC_TOKEN_URL": f"{provider.url}/token",
            "BINNACLE_JWT_ISSUER": provider.url,
            "BINNACLE_JWT_AUDIENCE": AUDIENCE,
            "BINNACLE_JWKS_URL": f"{provider.url}/keys",
        }
        certificate, key = own_certificate(folder, "127.0.0.1")
        issuers = [*told.issuers, *other_issuers(environment)]
        tls = Tls(str(certificate), str(key))
        return replace(told, tls=tls, sign_in=sign_in_told(folder, environment), issuers=issuers, access_log=True)

    with running_edge(auth=True, change=change) as running:
        yield running


@pytest.fixture
def browser(edge: Edge) -> Iterator[httpx.Client]:
    """Keeps cookies, and goes where it is sent."""
    with httpx.Client(base_url=edge.url, verify=trust(edge), follow_redirects=True, timeout=10) as client:
        yield client


@pytest.fixture
def signed_in(browser: httpx.Client, provider: Provider) -> httpx.Client:
    provider.claims = dict(ACME)
    assert browser.get("/app", headers=PAGE).status_code == HTTPStatus.OK
    return browser


def trust(edge: Edge) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=edge.folder / "edge.crt")


def cookies(browser: httpx.Client) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def test_a_page_leads_to_the_provider_and_back(browser: httpx.Client, provider: Provider) -> None:
    provider.claims = dict(ACME)
    answer = browser.get("/app/services?of=checkout", headers=PAGE)
    assert answer.text == "page /app/services?of=checkout"
    assert [step.status_code for step in answer.history] == [HTTPStatus.FOUND] * 3
    assert answer.history[0].headers["location"].startswith(f"{provider.url}/authorize?")
    assert provider.grants[-1] == "authorization_code"


def test_cookies_are_sealed_and_kept_from_pages_and_other_sites(signed_in: httpx.Client) -> None:
    held = [cookie for cookie in signed_in.cookies.jar if cookie.value]
    assert {cookie.name for cookie in held} >= {"binnacle_bearer_token", "binnacle_oauth_hmac"}
    for cookie in held:
        assert cookie.secure
        assert cookie.has_nonstandard_attr("HttpOnly") or cookie.has_nonstandard_attr("httponly")
        assert cookie.get_nonstandard_attr("SameSite") == "Lax"
        assert not str(cookie.value).startswith("eyJ"), "a token can be read"


def test_the_cookie_says_who_calls(signed_in: httpx.Client, edge: Edge) -> None:
    answer = signed_in.get("/services/checkout/metrics", headers={"x-binnacle-tenant": "other"})
    assert answer.status_code == HTTPStatus.OK
    seen = edge.log.calls[-1].metadata
    assert (seen["x-binnacle-tenant"], seen["x-binnacle-subject"]) == ("acme", "ada")
    assert seen["x-binnacle-roles"] == "viewer,editor"
    assert "authorization" not in seen


def test_the_cookie_opens_sockets(signed_in: httpx.Client, edge: Edge) -> None:
    headers = {"cookie": cookies(signed_in), "origin": edge.url, "sec-fetch-site": "same-origin"}
    address = f"wss://127.0.0.1:{edge.port}/ws/dashboard"
    with connect(address, ssl=trust(edge), additional_headers=headers, proxy=None) as socket:
        assert json.loads(socket.recv())["tenant"] == "acme"


@pytest.mark.parametrize("site", ["cross-site", "same-site", ""])
def test_pages_of_others_cannot_use_it(signed_in: httpx.Client, edge: Edge, site: str) -> None:
    foreign = {"origin": "https://evil.example", **({"sec-fetch-site": site} if site else {})}
    before = len(edge.log.calls)
    answer = signed_in.post("/events", json=[], headers=foreign)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert answer.json()["details"][0]["reason"] == "FORBIDDEN"
    with (
        pytest.raises(InvalidStatus, match="403"),
        connect(
            f"wss://127.0.0.1:{edge.port}/ws/dashboard",
            ssl=trust(edge),
            additional_headers={"cookie": cookies(signed_in), **foreign},
            proxy=None,
        ),
    ):
        pass
    assert len(edge.log.calls) == before


def test_its_own_page_can_write(signed_in: httpx.Client, edge: Edge) -> None:
    own = {"origin": edge.url, "sec-fetch-site": "same-origin"}
    assert signed_in.post("/events", json=[], headers=own).status_code == HTTPStatus.OK


def test_programs_are_not_sent_to_a_page(browser: httpx.Client) -> None:
    answer = browser.get("/dashboard", headers={"accept": "application/json"})
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert answer.json()["code"] == 16
    assert browser.get("/health", headers=PAGE).status_code == HTTPStatus.OK


def test_a_forged_cookie_opens_nothing(signed_in: httpx.Client, edge: Edge, provider: Provider) -> None:
    # Nothing to ask the provider for a new one with.
    kept = {"binnacle_oauth_hmac", "binnacle_oauth_expires"}
    forged = {name: value for name, value in signed_in.cookies.items() if name in kept}
    forged["binnacle_bearer_token"] = provider.token()
    with httpx.Client(base_url=edge.url, verify=trust(edge), cookies=forged) as client:
        assert client.get("/dashboard").status_code == HTTPStatus.UNAUTHORIZED


def test_a_provider_that_signs_with_an_unknown_key_lets_nobody_in(browser: httpx.Client, provider: Provider) -> None:
    provider.claims, provider.signing = dict(ACME), ec.generate_private_key(ec.SECP256R1())
    try:
        browser.get("/app", headers=PAGE)
    finally:
        provider.signing = None
    assert browser.get("/dashboard").status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("access_denied", "You were not let in"),
        ("temporarily_unavailable", "The provider could not sign you in"),
        ("", "You are not signed in"),
    ],
)
def test_who_is_not_signed_in_is_told_by_a_page_what_to_do(
    browser: httpx.Client, provider: Provider, said: str, title: str
) -> None:
    provider.claims, provider.refusal, provider.silent = dict(ACME), said, not said
    try:
        answer = browser.get("/app", headers=PAGE)
    finally:
        provider.refusal, provider.silent = "", False
    assert answer.url.path == "/sign-in/callback"
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=UTF-8")
    assert f"<h1>{title}</h1>" in answer.text
    assert '<a href="/app">' in answer.text
    # What anybody can write into a link is not shown; nothing is loaded, kept or told on.
    assert "ask your boss" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert browser.get(answer.url, headers={"accept": "application/json"}).json()["code"] == 16


def test_a_stranger_at_the_callback_is_shown_a_page(browser: httpx.Client) -> None:
    answer = browser.get("/sign-in/callback?code=stolen&state=%3Cscript%3E", headers=PAGE)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert "<h1>You are not signed in</h1>" in answer.text


def test_what_runs_out_is_renewed_at_the_provider(browser: httpx.Client, provider: Provider) -> None:
    provider.claims, provider.seconds = dict(ACME), 1
    try:
        browser.get("/app", headers=PAGE)
        provider.grants.clear()

        def renewed() -> bool:
            assert browser.get("/dashboard").status_code == HTTPStatus.OK
            return "refresh_token" in provider.grants

        eventually_sync(renewed, "a new token")
    finally:
        provider.seconds = 300


def test_who_signs_out_is_out(signed_in: httpx.Client) -> None:
    assert signed_in.get("/dashboard").status_code == HTTPStatus.OK
    signed_in.get(SIGN_OUT_PATH, follow_redirects=False)
    assert signed_in.get("/dashboard").status_code == HTTPStatus.UNAUTHORIZED


def test_nothing_secret_is_logged(signed_in: httpx.Client, edge: Edge, provider: Provider) -> None:
    signed_in.get("/sign-in/callback?error=access_denied&state=eyJ", headers=PAGE)
    eventually_sync(lambda: '"reason":"sign_in"' in edge.printed(), "the refusal is logged")
    signed_in.get("/dashboard?access_token=" + provider.token(), headers={"x-secret": SECRET})
    eventually_sync(lambda: '"path":"/dashboard"' in edge.printed(), "the request is logged")
    printed = edge.printed()
    assert "eyJ" not in printed
    assert "code-" not in printed
    assert not any(value and value in printed for value in signed_in.cookies.values() if len(value) > 12)
