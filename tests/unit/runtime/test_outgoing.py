"""Addresses that a tenant configured lead nowhere within: however they are written, named, or redirected to."""

import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given, strategies as st

from services.runtime.outgoing import is_public, outgoing_session

PUBLIC = "93.184.216.34"


@dataclass
class Names(AbstractResolver):
    """What names lead to; an answer for each time one is asked for, the last one for ever."""

    known: dict[str, list[str]]
    asked: list[str] = field(default_factory=list)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self.known.get(host)
        if answers is None:
            # As the machine's own resolver does it: it takes numbers in any form.
            found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
            answers = [str(found[0][4][0])]
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=0)]

    async def close(self) -> None:
        return


@dataclass
class Within:
    """A server of this machine that nobody may reach, and who did."""

    port: int
    reached: list[str] = field(default_factory=list)


@asynccontextmanager
async def within(redirect: Callable[[int], str] = lambda _port: "") -> AsyncIterator[Within]:
    """Serves `/secret`, and at `/away` a redirect."""
    place = Within(0)

    async def secret(request: web.Request) -> web.Response:
        place.reached.append(request.host)
        return web.Response(text="secret")

    async def away(_request: web.Request) -> web.Response:
        raise web.HTTPFound(redirect(place.port))

    app = web.Application()
    app.add_routes([web.get("/secret", secret), web.post("/secret", secret), web.get("/away", away)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        place.port = runner.addresses[0][1]
        yield place
    finally:
        await runner.cleanup()


async def text_of(url: str, allowed: Sequence[str] = (), names: Names | None = None) -> str:
    timeout = aiohttp.ClientTimeout(total=5)
    async with (
        outgoing_session(allowed, resolver=names or Names({}), timeout=timeout) as session,
        session.get(url) as answer,
    ):
        return await answer.text()


# By the guard; or because it is no address of the web.
REFUSED = r"not allowed by name|canonical|Invalid"
FORMS = (
    "127.0.0.1", "127.1", "127.0.0.1.", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1",
    "localhost", "LOCALHOST", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "[64:ff9b::7f00:1]", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fe80::1]",
    "[fd00::1]", "[fec0::1]", "224.0.0.1", "[ff02::1]", "255.255.255.255", "192.0.0.1", "198.18.0.1", "0.1.2.3",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
async def test_no_form_of_an_address_leads_within(form: str) -> None:
    async with within() as place:
        with pytest.raises((aiohttp.ClientConnectorError, aiohttp.InvalidURL), match=REFUSED):
            await text_of(f"http://{form}:{place.port}/secret")
        assert place.reached == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "169.254.169.254", "fd00::2", "::ffff:10.0.0.1"])
async def test_no_name_leads_within(address: str) -> None:
    async with within() as place:
        names = Names({"hooks.example": [address]})
        with pytest.raises(aiohttp.ClientConnectorError, match="not allowed by name"):
            await text_of(f"http://hooks.example:{place.port}/secret", names=names)
        assert place.reached == []


async def test_a_name_that_leads_elsewhere_a_moment_later_is_judged_by_where_it_leads_now() -> None:
    async with within() as place:
        names = Names({"rebound.example": [PUBLIC, "127.0.0.1"]})
        first = await names.resolve("rebound.example")
        assert is_public(first[0]["host"])
        with pytest.raises(aiohttp.ClientConnectorError, match="not allowed by name"):
            await text_of(f"http://rebound.example:{place.port}/secret", names=names)
        assert names.asked == ["rebound.example"] * 2, "asked once for a call"
        assert place.reached == []


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{}/secret", "http://[::ffff:127.0.0.1]:{}/secret", "http://inner.example:{}/secret"]
)
async def test_no_redirect_leads_within(target: str) -> None:
    async with within(target.format) as place:
        names = Names({"open.example": ["127.0.0.1"], "inner.example": ["127.0.0.1"]})
        with pytest.raises(aiohttp.ClientConnectorError, match="not allowed by name"):
            await text_of(f"http://open.example:{place.port}/away", ["open.example"], names)
        assert place.reached == []


@pytest.mark.parametrize(("allowed", "host"), [("hooks.example", "HOOKS.example"), ("127.0.0.1", "127.0.0.1")])
async def test_what_is_allowed_by_name_is_reached(allowed: str, host: str) -> None:
    async with within() as place:
        names = Names({"hooks.example": ["127.0.0.1"]})
        assert await text_of(f"http://{host}:{place.port}/secret", [allowed], names) == "secret"


async def test_a_connection_to_an_allowed_name_serves_no_other() -> None:
    async with within() as place:
        names = Names({"hooks.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
        async with outgoing_session(["hooks.example"], resolver=names) as session:
            async with session.get(f"http://hooks.example:{place.port}/secret") as answer:
                assert answer.status == 200
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(f"http://other.example:{place.port}/secret")


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with within() as place:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{place.port}")
        with pytest.raises(aiohttp.ClientConnectorError, match="not allowed by name"):
            await text_of("http://10.0.0.1/secret")
        assert place.reached == []


@given(st.sampled_from(("127.0.0.0/8", "10.0.0.0/8", "fc00::/7")).flatmap(lambda net: st.ip_addresses(network=net)))
def test_addresses_within_are_not_public_nor_are_those_that_carry_them(address: object) -> None:
    text = str(address)
    assert not is_public(text)
    if ":" not in text:
        assert not is_public(f"::ffff:{text}")
        assert not is_public(f"64:ff9b::{text}")


@pytest.mark.parametrize("text", [PUBLIC, "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_public_addresses_are_public(text: str) -> None:
    assert is_public(text)


@pytest.mark.parametrize("text", ["", "localhost", "2130706433", "0x7f.1", "1.1.1", "fe80::1%eth0"])
def test_what_is_no_plain_address_is_none(text: str) -> None:
    assert not is_public(text)
