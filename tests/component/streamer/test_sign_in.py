"""Signing in: a token becomes a cookie that no script can read, or is refused with the reason."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from binnacle.streamer.v1 import caller_service_pb2, caller_service_pb2_grpc
from services.launcher.keys import issue_token, read_or_make_jwt_key
from tests.support.services import GUARDED
from tests.support.streamer import House, streamer

pytestmark = pytest.mark.network

OWN = {"origin": "https://binnacle.example", "sec-fetch-site": "same-origin"}


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[House]:
    """A streamer that wants tokens, and has the keys they are verified with."""
    async with streamer(**GUARDED, jwks=read_or_make_jwt_key(tmp_path).jwks) as house:
        yield house


async def signed_in(house: House, told: object, **headers: str) -> tuple[int, str, Any]:
    """Status, answer and cookie of somebody who brings a token."""
    async with house.browser() as browser, browser.post("/sign-in", json=told, headers=OWN | headers) as answer:
        return answer.status, await answer.text(), answer.cookies.get("binnacle_token")


async def test_a_token_is_kept_where_no_script_reads_it(guarded: House, tmp_path: Path) -> None:
    token = issue_token(tmp_path, "acme", ["viewer"], 600)
    status, text, cookie = await signed_in(guarded, {"token": token})
    assert (status, text) == (204, "")
    assert cookie.value == token
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["path"]) == (True, True, "Strict", "/")
    assert 500 < int(cookie["max-age"]) <= 600


async def test_by_plain_http_on_this_machine_too(guarded: House, tmp_path: Path) -> None:
    token = issue_token(tmp_path, "acme", ["viewer"], 600)
    _status, _text, cookie = await signed_in(guarded, {"token": token}, origin="http://127.0.0.1:8080")
    assert not cookie["secure"]


@pytest.mark.parametrize("told", [{}, [], {"token": 7}, {"token": ""}, {"token": "é"}, {"token": "x" * 4_000}])
async def test_what_is_no_token_is_named(guarded: House, told: object) -> None:
    status, text, cookie = await signed_in(guarded, told)
    assert status == 400
    assert "token" in text
    assert cookie is None


@pytest.mark.parametrize(
    ("body", "form", "status"),
    [
        (b"[" * 100_000, "application/json", 400),
        (b"{}", "application/json; charset=nonsense", 400),
        (b"\xff", "application/json", 400),
        (b"x" * 2_000_000, "application/json", 413),
    ],
)
async def test_what_is_no_json_is_refused_in_json(guarded: House, body: bytes, form: str, status: int) -> None:
    headers = {**OWN, "content-type": form}
    async with guarded.browser() as browser, browser.post("/sign-in", data=BytesIO(body), headers=headers) as answer:
        assert (answer.status, answer.content_type) == (status, "application/json")
        assert (await answer.json())["code"] == 3


@pytest.mark.parametrize(("roles", "status"), [(["ingester"], 403), (["viewer"], 401)])
async def test_who_may_not_look_is_told_so(guarded: House, tmp_path: Path, roles: list[str], status: int) -> None:
    seconds = 600 if status == 403 else -60
    told = await signed_in(guarded, {"token": issue_token(tmp_path, "acme", roles, seconds)})
    assert (told[0], told[2]) == (status, None)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
async def test_pages_of_others_sign_nobody_in(guarded: House, tmp_path: Path, site: str) -> None:
    token = issue_token(tmp_path, "acme", ["viewer"], 600)
    status, _text, cookie = await signed_in(guarded, {"token": token}, **{"sec-fetch-site": site})
    assert (status, cookie) == (403, None)


async def test_signing_out_takes_the_cookie_away(guarded: House) -> None:
    async with guarded.browser() as browser, browser.get("/sign-out", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["location"]) == (303, "/app")
        assert answer.cookies["binnacle_token"]["max-age"] == "0"


async def test_nobody_signs_in_where_nobody_has_to(house: House) -> None:
    status, text, _cookie = await signed_in(house, {"token": "a.b.c"})
    assert status == 404
    assert "nobody has to sign in" in text


async def test_a_caller_is_told_what_their_credential_opens(guarded: House) -> None:
    told = await who(
        guarded,
        ("x-binnacle-tenant", "acme"),
        ("x-binnacle-roles", "editor"),
        ("x-binnacle-subject", "ada"),
        ("x-binnacle-expires", "1900000000"),
    )
    assert (told.authenticated, told.tenant, told.subject) == (True, "acme", "ada")
    assert (list(told.roles), list(told.held_roles)) == (["editor"], ["viewer", "editor"])
    assert told.expires_time.seconds == 1_900_000_000


async def test_everybody_holds_every_role_where_nobody_signs_in(house: House) -> None:
    told = await who(house)
    assert (told.authenticated, told.tenant, list(told.roles)) == (False, "default", [])
    assert set(told.held_roles) == {"viewer", "responder", "editor", "admin", "ingester"}
    assert not told.HasField("expires_time")


async def who(house: House, *metadata: tuple[str, str]) -> caller_service_pb2.GetCallerResponse:
    """What a caller is told of themselves."""
    stub: Any = caller_service_pb2_grpc.CallerServiceStub(house.channel)
    answer: caller_service_pb2.GetCallerResponse = await stub.GetCaller(
        caller_service_pb2.GetCallerRequest(), metadata=metadata
    )
    return answer
