"""Calls to addresses that a tenant configured: never into this machine or a private network, unless allowed by name.

What is judged is the address of the very connection that is made, at the moment it is made. So it does not matter how
an address is written, what a name leads to, whether it leads elsewhere a second later, or who redirected there.
"""

import asyncio
import errno
import ipaddress
import socket
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# IPv4 within IPv6, beside what the standard library knows: a translating gateway leads on to what is within.
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_by_name: ContextVar[bool] = ContextVar("by_name", default=False)


class Refused(OSError):
    """The address is none that may be called."""


def is_public(text: str) -> bool:
    """Whether an IP address is one of the open internet; False too for what is no address in plain form."""
    try:
        return all(_is_global(address) for address in _meant(ipaddress.ip_address(text.partition("%")[0])))
    except ValueError:
        return False


def outgoing_session(
    allowed: Collection[str] = (),
    *,
    resolver: AbstractResolver | None = None,
    trust: ssl.SSLContext | None = None,
    **options: Any,
) -> aiohttp.ClientSession:
    """A session of aiohttp that reaches public addresses, and the hosts that are `allowed` whatever theirs are.

    `allowed` holds names or addresses as they stand in URLs, without a port. Other calls raise ClientConnectorError,
    which says so. Certificates are judged by `trust`, or as usual. Cookies are kept for nobody, and no proxy of the
    environment is used.
    """
    names = frozenset(name.lower().strip("[]") for name in allowed)

    async def by_name(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        # Of every request a redirect leads to, too.
        with _trusting((request.url.host or "").lower() in names):
            return await handler(request)

    # Connections are not kept: each call is judged anew, and one to an allowed name is not another's.
    connector = aiohttp.TCPConnector(
        resolver=resolver, use_dns_cache=False, force_close=True, socket_factory=_judged_socket, ssl=trust or True
    )
    return aiohttp.ClientSession(
        connector=connector, middlewares=(by_name,), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, **options
    )


async def outgoing_socket(host: str, port: int, allowed: Collection[str] = ()) -> socket.socket:
    """A connection to a public address of a host, or to any where it is `allowed`. Raises OSError, of it Refused."""
    loop, fault = asyncio.get_running_loop(), OSError(errno.ENOENT, f"{host} has no address")
    with _trusting(host.lower().strip("[]") in {name.lower().strip("[]") for name in allowed}):
        for info in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                made = _judged_socket(info)
            except OSError as refused:
                fault = refused
                continue
            try:
                made.setblocking(False)
                await loop.sock_connect(made, info[4])
            except OSError as refused:
                fault = refused
                made.close()
            except BaseException:
                made.close()
                raise
            else:
                return made
    raise fault


@contextmanager
def _trusting(trusted: bool) -> Iterator[None]:
    token = _by_name.set(trusted)
    try:
        yield
    finally:
        _by_name.reset(token)


def _judged_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _name, address = info
    host = str(address[0])
    if not (_by_name.get() or is_public(host)):
        raise Refused(errno.EACCES, f"{host} is an address of this machine or a private network, not allowed by name")
    return socket.socket(family=family, type=kind, proto=protocol)


def _meant(address: Address) -> Iterator[Address]:
    """The address, and those of IPv4 that it carries."""
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            yield address.ipv4_mapped
        if address.sixtofour:
            yield address.sixtofour
        if address.teredo:
            yield from address.teredo
        if address in _TRANSLATED or address in _COMPATIBLE:
            yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)


def _is_global(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped or address in _TRANSLATED:
            # What it carries is judged by itself.
            return True
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)
