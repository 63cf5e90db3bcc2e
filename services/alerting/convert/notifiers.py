"""What is set up to tell people, from messages and back, and as it is recorded: with its secrets sealed."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from binnacle.notifications.v1 import notifications_pb2 as pb
from services.alerting.convert.notifier_messages import SECURITIES, notifiers_message
from services.alerting.convert.weeks import minutes_of_day, zone
from services.alerting.domain.telling.addresses import shown
from services.alerting.ports.notifiers import (
    PER_MINUTE,
    Email,
    Escalation,
    Means,
    Notifiers,
    Override,
    PagerDuty,
    Person,
    Receiver,
    Rotation,
    Route,
    Security,
    Slack,
    SmtpServer,
    Step,
    Template,
    Webhook,
)
from services.core.records import AuditRecord
from services.runtime.faults import DAY, MINUTE, Faults
from services.runtime.logs import Log
from services.runtime.questions import matchers_in
from services.runtime.recorded_messages import message_recorded, payload_of
from services.runtime.sealing import CannotOpen, Seal
from services.runtime.times import seconds_of

MOST_RECEIVERS, MOST_NAMED, MOST_ROUTES, DEEPEST = 200, 50, 200, 5
PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
_ID = re.compile(r"[a-z0-9._-]{1,100}")
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}", re.ASCII)
_HEADER = re.compile(r"[ -~]{0,2000}")
_ROUTING_KEY = re.compile(r"[A-Za-z0-9]{32}|")


def notifiers_from(given: pb.Notifiers, field: str = "notifiers") -> Notifiers:
    """What is set up, as it is given. Raises InvalidInput, naming each field at fault."""
    faults = Faults()
    _few(faults, f"{field}.receivers", given.receivers, MOST_RECEIVERS)
    _few(faults, f"{field}.rotations", given.rotations, MOST_NAMED)
    _few(faults, f"{field}.escalations", given.escalations, MOST_NAMED)
    faults.require(_count(given.routes) <= MOST_ROUTES, f"{field}.routes", f"must be at most {MOST_ROUTES} in all")
    made = Notifiers(
        receivers=_each(faults, f"{field}.receivers", given.receivers, _receiver),
        rotations=_each(faults, f"{field}.rotations", given.rotations, _rotation),
        escalations=_each(faults, f"{field}.escalations", given.escalations, _escalation),
        routes=_routes(faults, f"{field}.routes", given.routes, 1),
        smtp=_smtp(faults, f"{field}.smtp", given.smtp) if given.HasField("smtp") else None,
        version=given.version,
    )
    faults.raise_any()
    return made


def receiver_from(given: pb.Receiver, field: str = "receiver") -> Receiver:
    """One receiver. Raises InvalidInput, naming each field at fault."""
    faults = Faults()
    made = _receiver(faults, field, given)
    faults.raise_any()
    return made


def smtp_from(given: pb.SmtpServer, field: str = "smtp") -> SmtpServer:
    """A mail server. Raises InvalidInput, naming each field at fault."""
    faults = Faults()
    made = _smtp(faults, field, given)
    faults.raise_any()
    return made


def _each(faults: Faults, field: str, given: Any, read: Callable[[Faults, str, Any], Any]) -> tuple[Any, ...]:
    return tuple(read(faults, f"{field}[{place}]", one) for place, one in enumerate(given))


def _few(faults: Faults, field: str, given: Any, most: int, least: int = 0) -> None:
    limits = f"{least} to {most}" if least else f"at most {most}"
    faults.require(least <= len(given) <= most, field, f"must be {limits}")


def _id(faults: Faults, field: str, given: str) -> str:
    faults.require(_ID.fullmatch(given) is not None, field, "must be 1 to 100 characters of a-z0-9._-")
    return given


def _url(faults: Faults, field: str, given: str, usual: str = "") -> str:
    """An address to call."""
    url = given or usual
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
        right = right and url.isascii() and url.isprintable() and " " not in url and (parts.port or 1) > 0
    except ValueError:
        right = False
    faults.require(right and len(url) <= 2_000, field, "must be an address such as https://example.com/hook")
    return url


def _receiver(faults: Faults, field: str, given: pb.Receiver) -> Receiver:
    faults.require(given.per_minute <= 600, f"{field}.per_minute", "must be 1 to 600")
    return Receiver(
        id=_id(faults, f"{field}.id", given.id),
        means=_means(faults, field, given),
        template=Template(
            faults.text(f"{field}.template.title", given.template.title, 500),
            faults.text(f"{field}.template.text", given.template.text, 4_000),
        ),
        without_resolved=given.without_resolved,
        per_minute=given.per_minute or PER_MINUTE,
    )


def _means(faults: Faults, field: str, given: pb.Receiver) -> Means:
    match given.WhichOneof("kind"):
        case "email":
            _few(faults, f"{field}.email.to", given.email.to, 50, least=1)
            return Email(_each(faults, f"{field}.email.to", given.email.to, _address))
        case "slack":
            return _slack(faults, f"{field}.slack", given.slack)
        case "webhook":
            return _webhook(faults, f"{field}.webhook", given.webhook)
        case "pagerduty":
            right = _ROUTING_KEY.fullmatch(given.pagerduty.routing_key) is not None
            faults.require(right, f"{field}.pagerduty.routing_key", "must be 32 letters and digits")
            url = _url(faults, f"{field}.pagerduty.url", given.pagerduty.url, PagerDuty().url)
            return PagerDuty(given.pagerduty.routing_key, url)
    faults.require(False, field, "must have one of email, slack, webhook, pagerduty")
    return Email(())


def _address(faults: Faults, field: str, given: str) -> str:
    faults.require(_ADDRESS.fullmatch(given) is not None, field, "must be an address such as ann@example.com")
    return given


def _slack(faults: Faults, field: str, given: pb.Slack) -> Slack:
    one = not (given.webhook_url and (given.token or given.channel))
    faults.require(one, field, "must have a webhook_url, or a token and a channel, not both")
    if given.webhook_url:
        _url(faults, f"{field}.webhook_url", given.webhook_url)
    faults.require(_HEADER.fullmatch(given.token) is not None, f"{field}.token", "must be what Slack gave you")
    api_url = _url(faults, f"{field}.api_url", given.api_url, Slack().api_url)
    return Slack(given.webhook_url, given.token, faults.text(f"{field}.channel", given.channel, 200), api_url)


def _webhook(faults: Faults, field: str, given: pb.Webhook) -> Webhook:
    long = not given.secret or 16 <= len(given.secret) <= 200
    faults.require(long, f"{field}.secret", "must have 16 to 200 characters")
    right = _HEADER.fullmatch(given.authorization) is not None
    faults.require(right, f"{field}.authorization", "must be at most 2,000 characters of ASCII")
    return Webhook(_url(faults, f"{field}.url", given.url), given.secret, given.authorization)


def _smtp(faults: Faults, field: str, given: pb.SmtpServer) -> SmtpServer:
    security = SECURITIES.word(f"{field}.security", given.security)
    faults.require(given.port <= 65_535, f"{field}.port", "must be a port")
    closed = not given.password or security is not Security.NONE
    faults.require(closed, f"{field}.security", "must be tls or starttls: a password is not sent in the clear")
    host = faults.text(f"{field}.host", given.host, 253, least=1)
    right = re.fullmatch(r"[A-Za-z0-9.:_-]+", host) is not None
    faults.require(right, f"{field}.host", "must be the name or the address of a host")
    return SmtpServer(
        host=host,
        port=given.port or PORTS[security],
        security=security,
        sender=_address(faults, f"{field}.from", getattr(given, "from")),
        username=faults.text(f"{field}.username", given.username, 320),
        password=faults.text(f"{field}.password", given.password, 1_000),
    )


def _names(faults: Faults, field: str, given: Any, most: int, least: int) -> tuple[str, ...]:
    _few(faults, field, given, most, least)
    return faults.names(field, given, most)


def _rotation(faults: Faults, field: str, given: pb.Rotation) -> Rotation:
    def person(faults: Faults, field: str, given: pb.Rotation.Person) -> Person:
        name = faults.text(f"{field}.name", given.name, 100, least=1)
        return Person(name, _names(faults, f"{field}.receivers", given.receivers, 10, 1))

    def override(faults: Faults, field: str, given: pb.Rotation.Override) -> Override:
        start, end = seconds_of(given.start_time), seconds_of(given.end_time)
        faults.require(0 < start < end < 4_102_444_800, f"{field}.end_time", "must be after the start, before 2100")
        return Override(start, end, given.person)

    _few(faults, f"{field}.people", given.people, MOST_NAMED, least=1)
    names = [one.name for one in given.people]
    faults.require(len(set(names)) == len(names), f"{field}.people", "must have different names")
    _few(faults, f"{field}.overrides", given.overrides, 100)
    faults.require(given.days <= 28, f"{field}.days", "must be 1 to 28")
    return Rotation(
        id=_id(faults, f"{field}.id", given.id),
        people=_each(faults, f"{field}.people", given.people, person),
        first_day=_day(faults, f"{field}.first_day", given.first_day),
        days=given.days or 7,
        hand_over=minutes_of_day(faults, f"{field}.hand_over", given.hand_over),
        zone=zone(faults, f"{field}.time_zone", given.time_zone),
        overrides=_each(faults, f"{field}.overrides", given.overrides, override),
    )


def _day(faults: Faults, field: str, given: str) -> str:
    try:
        right = 1970 <= date.fromisoformat(given).year < 2100 and len(given) == len("2026-01-31")
    except ValueError:
        right = False
    faults.require(right, field, "must be a day such as 2026-01-31")
    return given


def _escalation(faults: Faults, field: str, given: pb.Escalation) -> Escalation:
    def step(faults: Faults, field: str, given: pb.Escalation.Step) -> Step:
        after = faults.span(f"{field}.after", given.after, 0, 7 * DAY)
        return Step(after, _names(faults, f"{field}.tell", given.tell, 20, 1))

    _few(faults, f"{field}.steps", given.steps, 10, least=1)
    faults.require(given.repeats <= 10, f"{field}.repeats", "must be at most 10")
    steps = _each(faults, f"{field}.steps", given.steps, step)
    for place, (before, one) in enumerate(pairwise(steps), start=1):
        faults.require(one.after > before.after, f"{field}.steps[{place}].after", "must be more than the step before")
    made = Escalation(_id(faults, f"{field}.id", given.id), steps, given.repeats)
    if not given.HasField("repeat_after"):
        return made
    return replace(made, repeat_after=faults.span(f"{field}.repeat_after", given.repeat_after, MINUTE, DAY))


def _routes(faults: Faults, field: str, given: Any, depth: int) -> tuple[Route, ...]:
    faults.require(depth <= DEEPEST or not given, field, f"must be at most {DEEPEST} within each other")
    if depth > DEEPEST:
        return ()

    def route(faults: Faults, field: str, given: pb.Route) -> Route:
        waits, reminds = given.HasField("group_interval"), given.HasField("repeat_interval")
        return Route(
            matchers=matchers_in(faults, f"{field}.matchers", given.matchers),
            tell=_names(faults, f"{field}.tell", given.tell, 20, 0),
            escalation=given.escalation,
            goes_on=getattr(given, "continue"),
            group_interval=faults.span(f"{field}.group_interval", given.group_interval, 10, DAY) if waits else None,
            repeat_interval=_repeat(faults, f"{field}.repeat_interval", given.repeat_interval) if reminds else None,
            routes=_routes(faults, f"{field}.routes", given.routes, depth + 1),
        )

    return _each(faults, field, given, route)


def _count(routes: Any, depth: int = 1) -> int:
    return sum(1 + (_count(one.routes, depth + 1) if depth <= DEEPEST else 0) for one in routes)


# With secrets in the clear nothing leaves this process.


def shown_message(notifiers: Notifiers, *, whole: bool) -> pb.Notifiers:
    """What is set up, as callers see it: of secrets that there are some; `whole`: with the addresses of webhooks."""
    message = notifiers_message(notifiers)
    for receiver in message.receivers:
        if receiver.HasField("webhook") and not whole:
            receiver.webhook.url = shown(receiver.webhook.url)
        receiver.secrets.extend(name for place, _held, name in _secrets(message) if place.startswith(f"{receiver.id}/"))
    if message.HasField("smtp"):
        message.smtp.has_password = bool(message.smtp.password)
    for _place, held, name in list(_secrets(message)):
        held.ClearField(name)
    return message


def notifiers_payload(notifiers: Notifiers, seal: Seal) -> Mapping[str, Any]:
    """What is recorded. Raises Unavailable where there are secrets and no key to seal them."""
    message = notifiers_message(replace(notifiers, version=0, updated_at=0.0, updated_by=""))
    for place, held, name in list(_secrets(message)):
        setattr(held, name, seal.sealed(getattr(held, name), place))
    return payload_of(message)


def notifiers_recorded(record: AuditRecord, seal: Seal, log: Log) -> Notifiers:
    """What a record holds; secrets that cannot be opened are empty. Raises InvalidInput for what cannot be read."""
    message = message_recorded(record, pb.Notifiers())
    for place, held, name in list(_secrets(message)):
        try:
            setattr(held, name, seal.opened(getattr(held, name), place))
        except CannotOpen:
            log.error("a secret cannot be opened: set it again", tenant=record.tenant, of=place)
            held.ClearField(name)
    made = notifiers_from(message)
    return replace(made, version=record.revision, updated_at=record.time_us / 1e6, updated_by=record.subject)


def _secrets(message: pb.Notifiers) -> Iterator[tuple[str, Any, str]]:
    """Every secret there is: its place, the message that holds it, and its field."""
    for receiver in message.receivers:
        kind = receiver.WhichOneof("kind")
        if kind is not None:
            held = getattr(receiver, kind)
            yield from ((f"{receiver.id}/{name}", held, name) for name in _secret_fields(held))
    if message.HasField("smtp"):
        yield from ((f"/smtp/{name}", message.smtp, name) for name in _secret_fields(message.smtp))


def _secret_fields(held: Message) -> Iterator[str]:
    return (field.name for field, _value in held.ListFields() if field.GetOptions().debug_redact)


def _repeat(faults: Faults, field: str, given: Duration) -> float:
    """How long until a reminder; 0: never."""
    seconds = faults.span(field, given, 0, 7 * DAY)
    faults.require(seconds == 0 or seconds >= 10, field, "must be 0 s for never, or 10 s to 7 days")
    return seconds
