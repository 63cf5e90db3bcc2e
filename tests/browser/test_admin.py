"""Who may: signing in and out, what a role is not offered, what administrators do.

In a real Chromium on a whole suite that asks for tokens.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Page, expect

from services.launcher.keys import issue_token
from tests.browser.looks import PHONE, serious
from tests.support.empty_store import lay_tidy_store
from tests.support.suite import Suite, running_suite

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

SECTIONS = ("keys", "tenants", "retention", "deletion", "usage", "connections", "audit")


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    with running_suite(("--auth", "jwt", "--no-agent"), lay_store=lay_tidy_store) as running:
        running.http.headers.update(bearer(issue_token(running.data_dir, "default", ["admin"], 3_600)))
        event = {"type": "purchase", "service": "shop", "data": {"total": 5, "currency": "EUR"}}
        running.post("/events", [event] * 3)
        running.post("/api/v1/tenants", {"id": "acme", "display_name": "Acme Ltd"})
        yield running


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def sent(suite: Suite, token: str, *events: dict[str, Any]) -> int:
    """The status with which events of somebody were taken."""
    return suite.http.post("/events", json=events, headers=bearer(token)).status_code


def sign_in(page: Page, suite: Suite, *roles: str, tenant: str = "default", address: str = "/app/overview") -> Page:
    """A page whose reader brought a token, once it is live."""
    page.goto(suite.url + address)
    page.get_by_label("Token or API key").fill(issue_token(suite.data_dir, tenant, roles, 600))
    page.get_by_role("button", name="Sign in").click()
    return live(page)


def live(page: Page) -> Page:
    expect(page.get_by_test_id("connection")).to_have_attribute("data-condition", "live", timeout=30_000)
    return page


def administer(page: Page, suite: Suite, section: str, tenant: str = "default") -> Page:
    return sign_in(page, suite, "admin", tenant=tenant, address=f"/app/admin?show={section}")


def test_nothing_is_shown_before_somebody_signs_in_and_after_they_signed_out(page: Page, suite: Suite) -> None:
    page.goto(f"{suite.url}/app/logs?last=1h")
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    page.get_by_label("Token or API key").fill("no.such.token")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("dialog")).to_contain_text("This lets nobody in")
    expect(page.get_by_role("search")).to_have_count(0)
    page.get_by_label("Token or API key").fill(issue_token(suite.data_dir, "acme", ["viewer"], 600, "ada"))
    page.get_by_role("button", name="Sign in").click()
    live(page)
    expect(page).to_have_url(re.compile("/app/logs.last=1h$"))
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Signed in as ada of acme").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('binnacle.live'))") == []
    assert page.request.get(f"{suite.url}/dashboard").status == httpx.codes.UNAUTHORIZED


def test_whose_sign_in_ends_signs_in_again_and_goes_on(page: Page, suite: Suite) -> None:
    page.goto(f"{suite.url}/app/explore?last=1h")
    page.get_by_label("Token or API key").fill(issue_token(suite.data_dir, "acme", ["viewer"], 600, "ada"))
    page.get_by_role("button", name="Sign in").click()
    live(page)
    page.evaluate("window.same = true")
    page.context.clear_cookies()
    page.evaluate("new BroadcastChannel('binnacle.caller').postMessage('in')")
    expect(page.get_by_role("dialog", name="Your sign-in has ended")).to_be_visible()
    page.get_by_label("Token or API key").fill(issue_token(suite.data_dir, "acme", ["viewer"], 600, "ada"))
    page.get_by_role("button", name="Sign in").click()
    live(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("window.same"), "the page is the same as before"


def test_what_a_role_may_not_do_is_not_offered(page: Page, suite: Suite) -> None:
    sign_in(page, suite, "viewer", tenant="acme")
    expect(page.get_by_role("link", name="Logs", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)
    page.goto(f"{suite.url}/app/admin")
    expect(page.get_by_text("This is for administrators")).to_be_visible()


def test_a_key_is_made_shown_once_rotated_and_revoked(page: Page, suite: Suite) -> None:
    administer(page, suite, "keys", tenant="acme")
    page.get_by_role("button", name="New key").click()
    page.get_by_role("textbox", name="Name").fill("checkout")
    page.get_by_role("button", name="Make the key").click()
    shown = page.get_by_role("status").filter(has_text="shown this once")
    key = shown.locator("code").first.inner_text()
    assert sent(suite, key, {"type": "note", "service": "shop"}) == httpx.codes.OK
    page.get_by_role("button", name="I have it").click()
    rows = page.get_by_role("region", name="API keys").get_by_role("row").filter(has_text="checkout")
    expect(rows).to_have_count(1)
    assert key not in page.content()
    rows.get_by_role("button", name="Rotate").click()
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("status").filter(has_text="revoke that one")).to_be_visible()
    expect(rows).to_have_count(2)
    rows.last.get_by_role("button", name="Revoke").click()
    page.get_by_role("alert").get_by_role("button", name="Revoke").click()
    expect(rows).to_have_count(1)
    page.get_by_label("ended and revoked ones too").check()
    expect(rows).to_have_count(2)


def test_a_tenant_is_created_limited_and_disabled_by_who_runs_it_all(page: Page, suite: Suite) -> None:
    administer(page, suite, "tenants")
    page.get_by_role("button", name="New tenant").click()
    page.get_by_role("textbox", name="Id").fill("initech")
    page.get_by_role("textbox", name="Events a second").fill("500")
    page.get_by_role("button", name="Create it").click()
    row = page.get_by_role("row").filter(has_text="initech")
    expect(row).to_contain_text("500 events a second")
    row.get_by_role("button", name="Change").click()
    page.get_by_label("Disabled").check()
    page.get_by_role("button", name="Change it").click()
    expect(row).to_contain_text("disabled")
    assert suite.get("/api/v1/tenants/initech")["tenant"]["disabled"] is True
    page.context.clear_cookies()
    administer(page, suite, "tenants", tenant="acme")
    expect(page.get_by_role("row").filter(has_text="Acme Ltd")).to_be_visible()
    expect(page.get_by_role("button", name="Change")).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="initech")).to_have_count(0)


def test_retention_is_shortened_only_by_who_is_sure(page: Page, suite: Suite) -> None:
    administer(page, suite, "retention")
    days = page.get_by_label("Days to keep Events")
    days.fill("9999")
    expect(days).to_have_attribute("aria-invalid", "true")
    days.fill("7")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("goes for good")
    page.get_by_role("alert").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    kinds = {kind["kind"]: kind["days"] for kind in suite.get("/api/v1/retention")["kinds"]}
    assert kinds["events"] == 7


def test_a_person_is_deleted_by_who_types_the_name_again(page: Page, suite: Suite) -> None:
    event = {"type": "purchase", "service": "shop", "data": {"user_id": "grace", "total": 1, "currency": "EUR"}}
    suite.post("/events", [event] * 3)
    administer(page, suite, "deletion")
    expect(page.get_by_text("Nothing was deleted yet")).to_be_visible()
    page.get_by_role("textbox", name="Person, by user_id").fill("grace")
    page.get_by_role("button", name="Delete this person").click()
    sure = page.get_by_role("textbox", name="Type grace to go on")
    expect(sure).to_be_focused()
    sure.fill("Grace")
    expect(page.get_by_role("button", name="Delete for good")).to_be_disabled()
    assert suite.get("/api/v1/deletions").get("deletions", []) == []
    sure.fill("grace")
    page.get_by_role("button", name="Delete for good").click()
    row = page.get_by_role("region", name="Deletions, newest first").get_by_role("row").nth(1)
    expect(row).to_contain_text("a person")
    expect(row).to_contain_text("done", timeout=40_000)
    assert [kept["deleted_rows"] for kept in suite.get("/api/v1/deletions")["deletions"]] == [3]
    expect(row.get_by_role("cell", name="3", exact=True)).to_be_visible()
    assert "grace" not in page.content()
    page.get_by_role("link", name="Who deleted").click()
    records = page.get_by_role("region", name="Records, newest first")
    expect(records.get_by_role("button", name="DeleteUserData")).to_be_visible(timeout=40_000)


def test_all_data_of_a_tenant_is_deleted_by_its_administrator(page: Page, suite: Suite) -> None:
    token = issue_token(suite.data_dir, "acme", ["ingester"], 600)
    assert sent(suite, token, {"type": "note"}, {"type": "note"}) == httpx.codes.OK
    administer(page, suite, "deletion", tenant="acme")
    page.get_by_role("button", name="Delete all of acme").click()
    page.get_by_role("button", name="Leave it").click()
    page.get_by_role("button", name="Delete all of acme").click()
    page.get_by_role("textbox", name="Type acme to go on").fill("acme")
    page.get_by_role("button", name="Delete for good").click()
    row = page.get_by_role("region", name="Deletions, newest first").get_by_role("row").nth(1)
    expect(row).to_contain_text("all data")
    expect(row.get_by_role("cell").nth(2)).to_have_text(re.compile("[1-9]"), timeout=40_000)


def test_usage_connections_and_audit_tell_what_happened(page: Page, suite: Suite) -> None:
    administer(page, suite, "usage")
    expect(page.get_by_role("region", name="Usage by day").get_by_role("row").nth(1)).to_contain_text(
        re.compile(r"[1-9]")
    )
    page.get_by_role("link", name="Connections").click()
    expect(page.get_by_role("region", name="Live connections").get_by_role("row")).not_to_have_count(1)
    page.get_by_role("textbox", name="Message").fill("is anybody there?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(re.compile("[1-9] reached"))).to_be_visible()
    page.goto(f"{suite.url}/app/admin?show=audit&tenant=acme")
    records = page.get_by_role("region", name="Records, newest first")
    records.get_by_role("button", name="CreateTenant").last.click()
    expect(records).to_contain_text("TenantService/CreateTenant")
    page.get_by_role("textbox", name="What").fill("nothing-like-it")
    page.get_by_role("textbox", name="What").press("Enter")
    expect(page.get_by_text("No record is like this")).to_be_visible()
    expect(page).to_have_url(re.compile("kind=nothing-like-it"))


@pytest.mark.parametrize(("scheme", "size"), [("dark", "desktop"), ("light", "phone")])
def test_axe_finds_nothing_serious(page: Page, suite: Suite, scheme: Literal["dark", "light"], size: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if size == "phone":
        page.set_viewport_size(PHONE)
    page.goto(f"{suite.url}/app/admin")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert serious(page) == []
    administer(page, suite, "keys")
    for section in SECTIONS:
        page.goto(f"{suite.url}/app/admin?show={section}")
        expect(page.locator("section[data-panel]").last).not_to_contain_text("Reading…")
        assert serious(page) == [], section
        if size == "phone":
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], section
