"""Questions that nobody asked, after a start: so that what lies behind answers is read before somebody waits for it."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.aggregator.service.kept_calls import KEPT
from services.core.clock import Clock
from services.core.errors import BinnacleError, Unavailable
from services.runtime.calls import acting_for
from services.runtime.health import Ready
from services.runtime.logs import Log
from services.runtime.process import Registration

AFTER_SECONDS = 5.0
"""What came while nobody took it goes first."""
REST_SECONDS_MOST = 5.0
MOST_TENANTS = 20

Asked = tuple[Callable[[Message, Any], Awaitable[Message]], Message]
Tenants = Callable[[], Awaitable[Sequence[str]]]


async def warm(registrations: Sequence[Registration], tenants: Tenants, ready: Ready, clock: Clock, log: Log) -> None:
    """Ask what KEPT names about each tenant, without conditions, one after the other; rest as long as each took."""
    while not await _is_ready(ready):
        await clock.sleep(AFTER_SECONDS)
    await clock.sleep(AFTER_SECONDS)
    try:
        for tenant in (await tenants())[:MOST_TENANTS]:
            with acting_for(tenant):
                for call, request in _questions(registrations):
                    began = clock.monotonic()
                    await _ask(call, request)
                    await clock.sleep(min(clock.monotonic() - began, REST_SECONDS_MOST))
    except Exception as error:
        # Whoever asks waits the longer, and hears what is wrong.
        log.warning("not all questions were asked in advance", reason=str(error))


async def _is_ready(ready: Ready) -> bool:
    try:
        await ready()
    except Unavailable:
        return False
    return True


async def _ask(call: Callable[[Message, Any], Awaitable[Message]], request: Message) -> None:
    try:
        await call(request, None)
    except BinnacleError:
        """Some questions have to name something, and some find nothing."""


def _questions(registrations: Sequence[Registration]) -> Iterator[Asked]:
    for registration in registrations:
        for method in KEPT.get(registration.name.rpartition(".")[2], ()):
            told = Default().FindServiceByName(registration.name).methods_by_name[method]
            yield getattr(registration.servicer, method), GetMessageClass(told.input_type)()
