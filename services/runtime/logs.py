"""Structured logs: one line an event, with the process and the request it belongs to."""

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

from services.runtime.calls import call_or_none

Log = structlog.typing.FilteringBoundLogger


def configure(process: str, level: str, form: str) -> Log:
    """Set up logging for this process and give its logger. `form` is `json` or `console`."""
    renderer: structlog.typing.Processor
    if form == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    else:
        renderer = structlog.processors.JSONRenderer(sort_keys=False)
    minimum = logging.getLevelName(level.upper())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _add_request,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(minimum),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Libraries speak through the standard library; only what should worry an operator is let through.
    logging.basicConfig(level=max(minimum, logging.WARNING), format="%(name)s: %(message)s", stream=sys.stderr)
    # Its one warning shows the subprotocols of a client, which may bring a token there.
    logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)
    log: Log = structlog.get_logger().bind(process=process)
    return log


def _add_request(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    call = call_or_none()
    if call is not None:
        event.setdefault("request_id", call.request_id)
        event.setdefault("tenant", call.tenant)
    return event
