"""What tenants have set up to tell people, and that it fits together."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from services.alerting.domain.telling.addresses import is_hidden, shown
from services.alerting.domain.telling.texts import unknown_places
from services.alerting.ports.notifiers import (
    Email,
    Means,
    Notifiers,
    PagerDuty,
    Receiver,
    Route,
    Slack,
    SmtpServer,
    Webhook,
)
from services.core.errors import Conflict, InvalidInput, NotFound, Violation
from services.core.recorded import Recorded

KIND, ALL = "notifiers", "all"
"""All of a tenant's is one record."""
_NOTHING = Notifiers()


class NotifierBook:
    """Tells and changes what is set up. Methods raise what Configuration does."""

    def __init__(self, recorded: Recorded[Notifiers]) -> None:
        self._recorded = recorded
        self._changing = asyncio.Lock()

    def of_tenant(self, tenant: str) -> Notifiers:
        """What a tenant has set up; the same object until it is changed."""
        return self._recorded.of_tenant(tenant).get(ALL, _NOTHING)

    async def set(self, tenant: str, given: Notifiers, *, dry_run: bool) -> tuple[Notifiers, bool]:
        """Set up all of it anew; gives it as it stands, and whether it is other than before.

        Secrets that are empty are those that were there. Raises InvalidInput, and Conflict where `version` is given and
        is another.
        """
        async with self._changing:
            former = self.of_tenant(tenant)
            if given.version not in (0, former.version):
                raise Conflict(f"the notifiers were changed meanwhile: their version is {former.version}")
            made = replace(with_known_secrets(given, former), version=former.version)
            made = replace(made, updated_at=former.updated_at, updated_by=former.updated_by)
            require_whole(made)
            if made == former or dry_run:
                return made, made != former
            return await self._recorded.put(tenant, ALL, "update" if former.version else "create", made), True

    def to_test(
        self, tenant: str, receiver_id: str, given: Receiver | None, smtp: SmtpServer | None
    ) -> tuple[Receiver, SmtpServer | None]:
        """A receiver to be tried, and the mail server, as given or as they stand. Raises NotFound, InvalidInput."""
        known = self.of_tenant(tenant)
        if given is None:
            found = known.receiver(receiver_id)
            if found is None:
                raise NotFound(f"there is no receiver {receiver_id[:100]!r}")
            given = found
        tried = with_known_secrets(Notifiers(receivers=(given,), smtp=smtp or known.smtp), known)
        faults = [*_faults(tried.receivers[0], "receiver", tried)]
        if faults:
            raise InvalidInput(faults)
        return tried.receivers[0], tried.smtp


def with_known_secrets(given: Notifiers, former: Notifiers) -> Notifiers:
    """What is given, with the secrets that it leaves empty as they were.

    Only where they go to the same address: whoever may change addresses must not be sent the secrets of others. What
    of an address is hidden is as it was, too.
    """
    known = {one.id: one.means for one in former.receivers}
    receivers = tuple(replace(one, means=_with_known(one.means, known.get(one.id))) for one in given.receivers)
    smtp, before = given.smtp, former.smtp
    if smtp is not None and before is not None and replace(smtp, password="", sender="") == _without_password(before):
        smtp = replace(smtp, password=smtp.password or before.password)
    return replace(given, receivers=receivers, smtp=smtp)


def _without_password(smtp: SmtpServer) -> SmtpServer:
    return replace(smtp, password="", sender="")


def _with_known(means: Means, former: Means | None) -> Means:
    match means, former:
        case Slack(webhook_url="", token=""), Slack() if means.api_url == former.api_url:
            return replace(means, webhook_url=former.webhook_url, token=former.token)
        case Webhook(), Webhook() if means.url in {former.url, shown(former.url)}:
            secret, authorization = means.secret or former.secret, means.authorization or former.authorization
            return Webhook(former.url, secret, authorization)
        case PagerDuty(routing_key=""), PagerDuty() if means.url == former.url:
            return replace(means, routing_key=former.routing_key)
    return means


def require_whole(notifiers: Notifiers) -> None:
    """Raises InvalidInput with everything that names what there is not, stands twice, or lacks something.

    What was recorded need not be: it was when it was set up, by the version of then.
    """
    faults = [*_twice(notifiers), *_strangers(notifiers)]
    for place, receiver in enumerate(notifiers.receivers):
        faults += _faults(receiver, f"notifiers.receivers[{place}]", notifiers)
    if faults:
        raise InvalidInput(faults)


def _faults(receiver: Receiver, field: str, notifiers: Notifiers) -> Iterator[Violation]:
    yield from _lacking(receiver, field, notifiers)
    for name, text in (("title", receiver.template.title), ("text", receiver.template.text)):
        for unknown in unknown_places(text):
            yield Violation(f"{field}.template.{name}", f"there is no place {{{{{unknown}}}}}")


def _lacking(receiver: Receiver, field: str, notifiers: Notifiers) -> Iterator[Violation]:
    match receiver.means:
        case Email() if notifiers.smtp is None:
            yield Violation(f"{field}.email", "needs a mail server: set smtp")
        case Slack(webhook_url="", token=""):
            yield Violation(f"{field}.slack.webhook_url", "must be told, or a token and a channel")
        case Slack(webhook_url="", channel=""):
            yield Violation(f"{field}.slack.channel", "must be told with a token")
        case Webhook(url=url) if is_hidden(url):
            yield Violation(f"{field}.webhook.url", "must be told whole: what follows its host is hidden here")
        case PagerDuty(routing_key=""):
            yield Violation(f"{field}.pagerduty.routing_key", "must be told")


def _twice(notifiers: Notifiers) -> Iterator[Violation]:
    named: Sequence[tuple[str, Iterable[str]]] = (
        ("receivers", [one.id for one in notifiers.receivers]),
        ("rotations", [one.id for one in notifiers.rotations]),
        ("escalations", [one.id for one in notifiers.escalations]),
    )
    for field, names in named:
        seen = Counter[str]()
        for place, name in enumerate(names):
            seen[name] += 1
            if seen[name] > 1:
                yield Violation(f"notifiers.{field}[{place}].id", f"stands twice: {name}")
    receivers = {one.id for one in notifiers.receivers}
    for place, rotation in enumerate(notifiers.rotations):
        if rotation.id in receivers:
            yield Violation(f"notifiers.rotations[{place}].id", f"is a receiver's too: {rotation.id}")


def _strangers(notifiers: Notifiers) -> Iterator[Violation]:
    """Names of nothing."""
    receivers = {one.id for one in notifiers.receivers}
    everybody = receivers | {one.id for one in notifiers.rotations}
    for field, names in _tellings(notifiers):
        yield from _unknown(field, names, everybody, "a receiver or a rotation")
    for place, rotation in enumerate(notifiers.rotations):
        here, people = f"notifiers.rotations[{place}]", {one.name for one in rotation.people}
        for number, person in enumerate(rotation.people):
            yield from _unknown(f"{here}.people[{number}].receivers", person.receivers, receivers, "a receiver")
        for number, override in enumerate(rotation.overrides):
            if override.person not in people:
                yield Violation(f"{here}.overrides[{number}].person", "must be a person of the rotation")
    known = {one.id for one in notifiers.escalations}
    for field, route in _routes("notifiers.routes", notifiers.routes):
        if route.escalation and route.escalation not in known:
            yield Violation(f"{field}.escalation", f"must be an escalation, which {route.escalation!r} is not")


def _tellings(notifiers: Notifiers) -> Iterator[tuple[str, Sequence[str]]]:
    for place, escalation in enumerate(notifiers.escalations):
        for number, step in enumerate(escalation.steps):
            yield f"notifiers.escalations[{place}].steps[{number}].tell", step.tell
    for field, route in _routes("notifiers.routes", notifiers.routes):
        yield f"{field}.tell", route.tell


def _routes(field: str, routes: Sequence[Route]) -> Iterator[tuple[str, Route]]:
    for place, route in enumerate(routes):
        yield f"{field}[{place}]", route
        yield from _routes(f"{field}[{place}].routes", route.routes)


def _unknown(field: str, names: Sequence[str], known: set[str], what: str) -> Iterator[Violation]:
    for place, name in enumerate(names):
        if name not in known:
            yield Violation(f"{field}[{place}]", f"must be {what}, which {name!r} is not")
