"""People sign in at an OpenID provider, in a real Chromium, on a whole suite that knows them by it alone."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.provider import AUDIENCE, CLIENT, SECRET, Provider, running_provider
from tests.support.suite import Suite, running_suite

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

ADA = {"tenant": "default", "roles": "viewer,editor", "sub": "ada"}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def suite(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    secret = Path(tmp_path_factory.mktemp("provider") / "secret")
    secret.write_text(SECRET)
    environment = {
        "BINNACLE_OIDC_CLIENT_ID": CLIENT,
        "BINNACLE_OIDC_CLIENT_SECRET_FILE": str(secret),
        "BINNACLE_OIDC_AUTHORIZE_URL": f"{provider.url}/authorize",
        "BINNACLE_OIDC_TOKEN_URL": f"{provider.url}/token",
        "BINNACLE_JWT_ISSUER": provider.url,
        "BINNACLE_JWT_AUDIENCE": AUDIENCE,
        "BINNACLE_JWKS_URL": f"{provider.url}/keys",
    }
    with running_suite(("--auth", "jwt", "--no-agent"), environment) as running:
        yield running


def live(page: Page) -> None:
    expect(page.get_by_test_id("connection")).to_have_attribute("data-condition", "live", timeout=30_000)


def test_a_page_leads_to_the_provider_and_back_to_what_was_asked_for(
    page: Page, suite: Suite, provider: Provider
) -> None:
    provider.claims = dict(ADA)
    visited: list[str] = []
    page.on("request", lambda request: visited.append(request.url.partition("?")[0]))
    page.goto(f"{suite.url}/app/logs?last=1h")
    live(page)
    assert page.url == f"{suite.url}/app/logs?last=1h"
    assert f"{provider.url}/authorize" in visited
    expect(page.get_by_role("button", name="Signed in as ada of default")).to_be_visible()
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)
    assert page.evaluate("document.cookie") == ""
    page.reload()
    live(page)
    assert provider.grants.count("authorization_code") == 1


def test_who_signs_out_is_led_to_the_provider_again(page: Page, suite: Suite, provider: Provider) -> None:
    provider.claims = dict(ADA)
    page.goto(f"{suite.url}/app/overview")
    live(page)
    provider.claims = {**ADA, "sub": "grace"}
    page.get_by_role("button", name="Signed in as ada of default").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Signed in as grace of default")).to_be_visible()


def test_whom_the_provider_refuses_is_told_so_until_it_lets_them_in(
    page: Page, suite: Suite, provider: Provider
) -> None:
    provider.claims, provider.refusal = dict(ADA), "access_denied"
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    try:
        answer = page.goto(f"{suite.url}/app/overview")
    finally:
        provider.refusal = ""
    assert answer is not None
    assert answer.status == httpx.codes.UNAUTHORIZED
    assert urlsplit(page.url).path == "/sign-in/callback"
    expect(page.get_by_role("heading", name="You were not let in")).to_be_visible()
    again = page.get_by_role("link", name="Sign in again")
    assert again.evaluate("link => getComputedStyle(link).fontWeight") == "600", "its own style is not let in"
    assert [text for text in said if "Content Security Policy" in text] == []
    assert page.request.get(f"{suite.url}/dashboard").status == httpx.codes.UNAUTHORIZED
    again.click()
    live(page)


def test_who_may_only_send_is_told_that_the_page_is_not_for_them(page: Page, suite: Suite, provider: Provider) -> None:
    provider.claims = {**ADA, "roles": "ingester"}
    page.goto(f"{suite.url}/app/overview")
    expect(page.get_by_role("dialog", name="Not for you")).to_be_visible()
    provider.claims = dict(ADA)
    page.get_by_role("button", name="Sign out").click()
    live(page)


def test_whose_token_does_not_hold_is_told_why_and_what_to_do(page: Page, suite: Suite, provider: Provider) -> None:
    provider.claims = {**ADA, "aud": "another"}
    page.goto(f"{suite.url}/app/overview")
    refused = page.get_by_role("dialog", name="Your sign-in was made for something else")
    expect(refused).to_contain_text("BINNACLE_JWT_AUDIENCE")
    provider.claims = {"roles": "viewer", "sub": "ada"}
    refused.get_by_role("button", name="Sign in again").click()
    nameless = page.get_by_role("dialog", name="Your sign-in names no tenant")
    expect(nameless).to_contain_text("claim “tenant”")
    provider.claims = dict(ADA)
    nameless.get_by_role("button", name="Sign in again").click()
    live(page)
