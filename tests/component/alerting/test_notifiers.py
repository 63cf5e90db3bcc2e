"""What is set up to tell people: kept whole, without secrets in sight, and tried before it is needed."""

import secrets
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from pydantic import SecretStr

from binnacle.alerting.v1 import notifier_service_pb2 as pb
from binnacle.alerts.v1 import alerts_pb2
from binnacle.notifications.v1 import notifications_pb2 as data
from services.alerting.convert.notifier_messages import SECURITIES
from services.alerting.ports.notifiers import Security
from services.core.errors import Conflict, InvalidInput, NotFound
from services.launcher.certificates import own_certificate
from services.runtime.statuses import translated_errors
from tests.component.alerting.scene import PUBLIC_URL, Client, Scene
from tests.component.alerting.telling import Telling, telling
from tests.support.receivers import PASSWORD, ROUTING_KEY, SIGNING_SECRET, mailbox

pytestmark = [pytest.mark.network, pytest.mark.redis]

SLACK_URL = "https://hooks.slack.com/services/T0/B0/secretsecret"
DELIVERED, GIVEN_UP = data.Delivery.OUTCOME_DELIVERED, data.Delivery.OUTCOME_GIVEN_UP


@pytest.fixture
async def told(scene: Scene) -> AsyncIterator[Telling]:
    async with telling(scene) as made:
        scene.access.notifiers = None
        yield made


def smtp(**told: Any) -> data.SmtpServer:
    return data.SmtpServer(**{"from": "b@example.com", **told})


def rotation(identity: str, person: str, *receivers: str) -> data.Rotation:
    people = [data.Rotation.Person(name=person, receivers=receivers)]
    return data.Rotation(id=identity, first_day="2026-01-05", people=people)


def set_up(**changes: object) -> data.Notifiers:
    made: dict[str, Any] = {
        "receivers": [
            data.Receiver(id="chat", slack=data.Slack(webhook_url=SLACK_URL)),
            data.Receiver(id="pager", pagerduty=data.PagerDuty(routing_key=ROUTING_KEY)),
            data.Receiver(id="hook", webhook=data.Webhook(url="https://example.com/hook", secret=SIGNING_SECRET)),
            data.Receiver(id="ann", email=data.Email(to=["ann@example.com"])),
        ],
        "smtp": smtp(host="mail.example.com", username="b", password=PASSWORD),
        "routes": [data.Route(tell=["chat"])],
    }
    return data.Notifiers(**{**made, **changes})


async def put(client: Client, notifiers: data.Notifiers, *, dry_run: bool = False) -> pb.SetNotifiersResponse:
    with translated_errors("alerting"):
        return await client.notifiers.SetNotifiers(pb.SetNotifiersRequest(notifiers=notifiers, dry_run=dry_run))


async def test_secrets_are_kept_and_never_come_back(told: Telling) -> None:
    async with told.scene.alerting() as client:
        first = await put(client, set_up())
        assert first.changed
        shown = (await client.notifiers.GetNotifiers(pb.GetNotifiersRequest())).notifiers
        assert shown == first.notifiers
        assert [list(one.secrets) for one in shown.receivers] == [["webhook_url"], ["routing_key"], ["secret"], []]
        assert shown.smtp.has_password
        again = await put(client, shown)
        assert not again.changed
        # What was asked for and changed nothing is in the audit log, too.
        assert len(told.scene.records.taken) == 2
        for secret in (SLACK_URL, ROUTING_KEY, SIGNING_SECRET, PASSWORD):
            assert secret not in str(shown)
            assert secret not in str(told.scene.records.taken)


@pytest.mark.parametrize("roles", ["viewer", "viewer,editor", "viewer,admin"])
async def test_what_follows_the_host_of_a_webhook_is_for_administrators(told: Telling, roles: str) -> None:
    hook = "https://desk.example.com:8443/hooks/T0KEN?key=t0ken"
    known: dict[str, Any] = {"edge_secret": SecretStr("edge"), "peer_secret": SecretStr("peer")}
    admin, caller = ((("x-binnacle-tenant", "default"), ("x-binnacle-roles", held)) for held in ("admin", roles))
    desk = data.Receiver(id="desk", webhook=data.Webhook(url=hook, secret=SIGNING_SECRET))
    async with told.scene.alerting(auth="jwt", **known) as client:
        asked = pb.SetNotifiersRequest(notifiers=data.Notifiers(receivers=[desk]))
        await client.notifiers.SetNotifiers(asked, metadata=admin)
        got = (await client.notifiers.GetNotifiers(pb.GetNotifiersRequest(), metadata=caller)).notifiers
        seen = got.receivers[0].webhook.url
        assert seen == (hook if "admin" in roles else "https://desk.example.com:8443/***")
        if "editor" in roles:
            again = await client.notifiers.SetNotifiers(pb.SetNotifiersRequest(notifiers=got), metadata=caller)
            assert (again.changed, again.notifiers) == (False, got)
            got.receivers[0].per_minute = 7
            await client.notifiers.SetNotifiers(pb.SetNotifiersRequest(notifiers=got), metadata=caller)
            whole = (await client.notifiers.GetNotifiers(pb.GetNotifiersRequest(), metadata=admin)).notifiers
            assert (whole.receivers[0].webhook.url, whole.receivers[0].per_minute) == (hook, 7)
            assert list(whole.receivers[0].secrets) == ["secret"]
            got.receivers[0].id, got.version = "other", 0
            with pytest.raises(InvalidInput) as refused, translated_errors("alerting"):
                await client.notifiers.SetNotifiers(pb.SetNotifiersRequest(notifiers=got), metadata=caller)
            assert [one.field for one in refused.value.violations] == ["notifiers.receivers[0].webhook.url"]


async def test_a_secret_does_not_go_where_it_was_not_meant_for(told: Telling) -> None:
    async with told.scene.alerting() as client:
        shown = (await put(client, set_up())).notifiers
        shown.receivers[1].pagerduty.url = "https://elsewhere.example.com"
        with pytest.raises(InvalidInput) as refused:
            await put(client, shown)
        assert [one.field for one in refused.value.violations] == ["notifiers.receivers[1].pagerduty.routing_key"]
        shown.receivers[1].pagerduty.ClearField("url")
        shown.receivers[2].webhook.url = "https://elsewhere.example.com"
        shown.smtp.host = "elsewhere.example.com"
        answered = (await put(client, shown)).notifiers
        assert (list(answered.receivers[2].secrets), answered.smtp.has_password) == ([], False)


async def test_everything_that_is_wrong_is_named_and_nothing_is_changed(told: Telling) -> None:
    wrong = set_up(
        routes=[data.Route(tell=["nobody"], escalation="none")],
        rotations=[rotation("chat", "Ann", "ghost")],
    )
    wrong.receivers[0].template.text = "{{title}} {{labels.team}} {{sumary}}"
    async with told.scene.alerting() as client:
        with pytest.raises(InvalidInput) as refused:
            await put(client, wrong)
        assert {one.field for one in refused.value.violations} == {
            "notifiers.routes[0].tell[0]",
            "notifiers.routes[0].escalation",
            "notifiers.rotations[0].id",
            "notifiers.rotations[0].people[0].receivers[0]",
            "notifiers.receivers[0].template.text",
        }
        assert "{{sumary}}" in str(refused.value)
        assert told.scene.records.taken == []


async def test_a_change_of_what_is_not_there_any_more_is_refused(told: Telling) -> None:
    async with told.scene.alerting() as client:
        shown = (await put(client, set_up())).notifiers
        tried = await put(client, set_up(routes=[]), dry_run=True)
        assert tried.changed
        assert (await client.notifiers.GetNotifiers(pb.GetNotifiersRequest())).notifiers == shown
        shown.routes.append(data.Route(tell=["hook"]))
        await put(client, shown)
        with pytest.raises(Conflict):
            await put(client, shown)


async def test_a_test_says_whether_it_arrived(told: Telling) -> None:
    hook, slack, pager = told.http.all
    async with told.scene.alerting() as client:

        async def tested(**asked: object) -> data.Delivery:
            with translated_errors("alerting"):
                request = pb.TestNotifierRequest(**asked)  # type: ignore[arg-type]
                return (await client.notifiers.TestNotifier(request)).delivery

        url = f"{told.http.url}/hook"
        given = data.Receiver(id="hook", webhook=data.Webhook(url=url, secret=SIGNING_SECRET))
        assert (await tested(receiver=given)).outcome == DELIVERED
        key = data.PagerDuty(routing_key=ROUTING_KEY, url=f"{told.http.url}/pagerduty")
        assert (await tested(receiver=data.Receiver(id="pager", pagerduty=key))).outcome == DELIVERED
        bot = data.Slack(token="xoxb-1", channel="ops", api_url=f"{told.http.url}/chat.postMessage")
        assert (await tested(receiver=data.Receiver(id="chat", slack=bot))).outcome == DELIVERED
        within = data.Receiver(id="within", webhook=data.Webhook(url="http://127.0.0.2:9/hook"))
        refused = await tested(receiver=within)
        assert refused.outcome == GIVEN_UP
        assert "not allowed by name" in refused.detail
        with pytest.raises(NotFound):
            await tested(receiver_id="nobody")
    assert [one.body["event_action"] for one in told.ledger.at("pagerduty")] == ["trigger", "resolve"]
    [message] = told.ledger.at("chat.postMessage")
    assert (message.headers["Authorization"], message.body["channel"]) == ("Bearer xoxb-1", "ops")
    [message] = told.ledger.at("hook")
    assert message.title == "TEST: Binnacle reaches you"
    # There is no incident to look at, but what is set up.
    assert [one["link"] for one in message.body["incidents"]] == [f"{PUBLIC_URL}/app/alerts?show=notifiers"]
    assert len(told.scene.intake.of("notification")) == 4
    assert (hook.kind, slack.kind, pager.kind) == ("webhook", "slack", "pagerduty")


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_mail_is_sent_over_connections_that_are_protected(
    told: Telling, security: Security, tmp_path_factory: pytest.TempPathFactory
) -> None:
    certificate, key = own_certificate(tmp_path_factory.mktemp(secrets.token_hex(4)), "localhost")
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shown.load_cert_chain(certificate, key)
    number = SECURITIES.number(security)
    ann = data.Receiver(id="ann", email=data.Email(to=["ann@example.com"]))
    async with mailbox(told.ledger, security, shown) as mail, told.scene.alerting(authorities=certificate) as client:

        async def tested(**known: str) -> data.Delivery:
            server = smtp(host="localhost", port=mail.port, security=number, **known)
            request = pb.TestNotifierRequest(receiver=ann, smtp=server)
            return (await client.notifiers.TestNotifier(request)).delivery

        assert (await tested(username="binnacle", password=PASSWORD)).outcome == DELIVERED
        wrong = await tested(username="binnacle", password="wrong")
        assert (wrong.outcome, wrong.status) == (GIVEN_UP, 535)
    assert told.ledger.titles("mail") == ["TEST: Binnacle reaches you"]


async def test_it_can_be_asked_who_would_be_told(told: Telling) -> None:
    step = data.Escalation.Step(after=Duration(seconds=600), tell=["shift", "pager"])
    notifiers = set_up(
        routes=[data.Route(tell=["chat"], escalation="late")],
        rotations=[rotation("shift", "Ann", "ann")],
        escalations=[data.Escalation(id="late", steps=[step])],
    )
    async with told.scene.alerting() as client:
        await put(client, notifiers)
        asked = pb.PreviewNotificationsRequest(labels={"team": "shop"}, severity=alerts_pb2.SEVERITY_WARNING)
        found = (await client.notifiers.PreviewNotifications(asked)).notifications
        [duty] = (await client.notifiers.GetNotifiers(pb.GetNotifiersRequest())).on_call
    told_of = [(one.after.seconds, one.receiver_id, one.person) for one in found]
    assert told_of == [(0, "chat", ""), (600, "ann", "Ann"), (600, "pager", "")]
    assert (duty.rotation_id, duty.person, list(duty.receivers)) == ("shift", "Ann", ["ann"])
