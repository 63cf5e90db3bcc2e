"""Addresses of webhooks for those who may not know them whole: what follows the host may hold a token."""

import re
from urllib.parse import unquote, urlsplit

HIDDEN = "***"
_LONG = 8
"""Letters that a part of an address has at least to be taken for a token."""


def shown(url: str) -> str:
    """An address up to its host, and that there is more to it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{HIDDEN}" if parts.path.strip("/") or parts.query else url


def is_hidden(url: str) -> bool:
    """Whether an address is one as it is shown, of which nobody knows how it goes on."""
    return urlsplit(url).path == f"/{HIDDEN}"


def without_token(text: str, url: str) -> str:
    """A text without what of an address follows the host: servers repeat what they were asked for."""
    parts = urlsplit(url)
    asked = f"{parts.path}?{parts.query}"
    long = [part for part in re.split("[/?&=]", asked) if len(part) >= _LONG]
    told = [asked.removesuffix("?"), parts.path, parts.query, *long]
    for each in sorted({*told, *map(unquote, told)} - {"", "/"}, key=len, reverse=True):
        text = text.replace(each, HIDDEN)
    return text
