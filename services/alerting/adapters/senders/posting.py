"""Requests over HTTP to addresses that a tenant has set up."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from services.alerting.domain.telling.addresses import without_token
from services.alerting.ports.notifications import Answer, Stale, Verdict
from services.runtime.outgoing import Refused

ATTEMPT_SECONDS = 15.0
LONGEST_ANSWER, LONGEST_SAID = 4_096, 200
_AGAIN = frozenset({408, 425, 429})
"""Of the refusals, those that say that nothing was taken, but may be."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered, by which address."""

    status: int
    text: str
    retry_after: float | None
    url: str = field(repr=False)


class _Body(aiohttp.BytesPayload):
    """A body that leaves only if it still may."""

    def __init__(self, body: bytes, go: Callable[[], None]) -> None:
        super().__init__(body, content_type="application/json")
        self._go = go
        self.left = False
        self.stale = False

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        try:
            self._go()
        except Stale:
            self.stale = True
            raise
        self.left = True
        await super().write_with_length(writer, content_length)


async def post(
    session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str], go: Callable[[], None]
) -> Reply | Answer:
    """Post JSON; gives what was answered, or what came of it where nothing was. Raises Stale where `go` does."""
    sent = _Body(body, go)
    try:
        async with (
            asyncio.timeout(ATTEMPT_SECONDS),
            session.post(url, data=sent, headers=headers, allow_redirects=False) as answer,
        ):
            text = (await answer.content.read(LONGEST_ANSWER)).decode(errors="replace")
            return Reply(answer.status, text, _seconds(answer.headers.get("Retry-After", "")), url)
    except (aiohttp.ClientError, OSError, ValueError) as fault:
        if sent.stale:
            raise Stale from fault
        return _unanswered(fault, sent.left)


def _unanswered(fault: Exception, left: bool) -> Answer:
    if isinstance(fault, ValueError):
        # What is said of it would tell the whole address, which may be a secret.
        return Answer(Verdict.REFUSED, "its address is none that can be called")
    if isinstance(fault, TimeoutError):
        said = f"no answer within {ATTEMPT_SECONDS:.0f} seconds"
    elif isinstance(fault, aiohttp.ClientResponseError):
        # As a text it has the whole address in it.
        said = f"its answer is not HTTP: {fault.message}"
    else:
        said = str(fault) or type(fault).__name__
    reason = getattr(fault, "os_error", None)
    if isinstance(reason, Refused):
        return Answer(Verdict.REFUSED, f"{reason.strerror}; see BINNACLE_OUTGOING_HOSTS")
    if isinstance(fault, aiohttp.ClientConnectorError) and isinstance(reason, OSError):
        said = f"{fault.host}:{fault.port}: {reason.strerror or reason}"
    return Answer(Verdict.DOUBTFUL if left else Verdict.FAILED, said)


def judged(reply: Reply) -> Answer:
    """What an answer means. Whatever a server that failed says, it may have taken what it got."""
    said = without_token(" ".join(reply.text.split()), reply.url)[:LONGEST_SAID]
    if 200 <= reply.status < 300:
        verdict = Verdict.DELIVERED
    elif reply.status in _AGAIN:
        verdict = Verdict.FAILED
    elif reply.status >= 500:
        verdict = Verdict.DOUBTFUL
    else:
        verdict = Verdict.REFUSED
        if reply.status < 400:
            said = "it leads elsewhere, which is not followed: set up the address it leads to"
    return Answer(verdict, said, reply.status, reply.retry_after)


def _seconds(told: str) -> float | None:
    """For how long a receiver wants to be left alone: seconds, or a date."""
    if not told:
        return None
    try:
        return max(
            0.0, float(told) if told.strip().isdigit() else parsedate_to_datetime(told).timestamp() - time.time()
        )
    except (ValueError, TypeError):
        return None
