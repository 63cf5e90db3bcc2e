"""Clients of a messaging platform: what their Auth, Subscription and Heartbeat do."""

import json
from typing import Any

import pytest

from services.core.errors import Forbidden, InvalidInput, Overloaded
from services.streamer.convert.dialects.envelopes import EVENT_TYPES, Envelopes
from services.streamer.convert.dialects.messaging import (
    MOST_REQUESTS,
    OVERVIEW,
    REQUESTS_SECONDS,
    ROOM_EVENTS,
    Dashboard,
    Messaging,
)
from services.streamer.convert.dialects.overview import overview_messages
from services.streamer.convert.dialects.typed import Messages
from services.streamer.domain.deliveries import Failed, Pong
from services.streamer.domain.selections import Selection
from tests.support.clock import ManualClock
from tests.unit.streamer.dialects.conftest import Opened

ROOMS_FORM = Messages({}, Envelopes(ManualClock()).others)
OVERVIEW_FORM = Messages({}, overview_messages)


def envelope(kind: str, **payload: Any) -> str:
    return json.dumps({"message_type": kind, "payload": payload, "timestamp": "2026-01-01T00:00:00Z"})


def messaging(opened: Opened, room: str = "conversations", tenant: str = "") -> Messaging:
    return Messaging(opened.session, ROOMS_FORM, opened.clock, room, tenant)


def dashboard(opened: Opened) -> Dashboard:
    return Dashboard(opened.session, OVERVIEW_FORM, messaging(opened, "dashboard"))


def kinds(opened: Opened) -> set[str]:
    """Types of events that are told now."""
    return {kind for feed in opened.feeds if isinstance(feed, Selection) for kind in feed.kinds}


def errors(opened: Opened) -> list[Exception]:
    return [held.content.error for held in opened.said() if isinstance(held.content, Failed)]


@pytest.mark.parametrize("room", [room for room in ROOM_EVENTS if room != "alerts"])
def test_a_room_brings_figures_and_its_events(opened: Opened, room: str) -> None:
    messaging(opened, room).begin()
    assert opened.subscriptions == {"metrics", "events"}
    assert kinds(opened) - {"alert"} == set(ROOM_EVENTS[room])


def test_the_room_of_alerts_brings_them_alone(opened: Opened) -> None:
    messaging(opened, "alerts").begin()
    assert opened.subscriptions == {"alerts"}
    assert kinds(opened) == {"alert", "SystemAlert"}


def test_a_subscription_takes_the_place_of_what_is_told_unasked(opened: Opened) -> None:
    talk = messaging(opened)
    talk.hear(envelope("Subscription", rooms=["campaigns", "alerts"]))
    talk.begin()
    assert opened.subscriptions == {"metrics", "events", "alerts"}
    assert kinds(opened) == {"CampaignUpdate", "alert", "SystemAlert"}


def test_only_the_types_asked_for_are_told(opened: Opened) -> None:
    talk = messaging(opened)
    talk.hear(envelope("Subscription", rooms=["dashboard"], event_types=["MessageSent", "ERPCall"]))
    assert kinds(opened) == {"MessageSent", "ERPCall"}
    talk.hear(envelope("Subscription", rooms=["erp"], event_types=["MessageSent"]))
    assert opened.subscriptions == {"metrics"}


def test_what_stays_is_not_begun_again(opened: Opened) -> None:
    talk = messaging(opened)
    talk.hear(envelope("Subscription", rooms=["erp"]))
    talk.hear(envelope("Subscription", rooms=["erp"]))
    assert opened.joined_times == 2


def test_an_empty_subscription_asks_for_the_room_of_the_path(opened: Opened) -> None:
    messaging(opened, "ai").hear(envelope("Subscription", rooms=[], event_types=[]))
    assert kinds(opened) == {"AIInteraction"}


@pytest.mark.parametrize("payload", [{"rooms": ["cellar"]}, {"rooms": "erp"}, {"rooms": [1]}])
def test_a_wrong_subscription_changes_nothing(opened: Opened, payload: dict[str, Any]) -> None:
    talk = messaging(opened, "erp")
    talk.begin()
    talk.hear(envelope("Subscription", **payload))
    assert [type(error) for error in errors(opened)] == [InvalidInput]
    assert kinds(opened) == {"ERPCall"}


def test_an_unknown_type_is_named_and_no_other_is_told_instead(opened: Opened) -> None:
    talk = messaging(opened, "erp")
    talk.hear(envelope("Subscription", event_types=["Weather"]))
    assert "Weather" in str(errors(opened)[0])
    assert opened.subscriptions == {"metrics"}


@pytest.mark.parametrize("message", ["hello", "[]", '{"message_type":"Dance"}', '{"message_type":"Subscription"}'])
def test_what_is_not_understood_is_answered(opened: Opened, message: str) -> None:
    messaging(opened).hear(message)
    assert [type(error) for error in errors(opened)] == [InvalidInput]


def test_a_heartbeat_is_answered_and_auth_is_taken(opened: Opened) -> None:
    talk = messaging(opened)
    talk.hear(envelope("Auth", token="anything"))
    talk.hear(envelope("Heartbeat"))
    assert [type(held.content) for held in opened.said()] == [Pong]


def test_a_tenant_sees_itself_alone(opened: Opened) -> None:
    messaging(opened, "tenant", "acme").begin()
    assert errors(opened) == []
    assert kinds(opened) >= set(EVENT_TYPES)


def test_of_another_tenant_nothing_is_told_and_the_rest_goes_on(opened: Opened) -> None:
    talk = messaging(opened, "tenant", "umbrella")
    talk.begin()
    assert [type(error) for error in errors(opened)] == [Forbidden]
    assert opened.subscriptions == set()
    talk.hear(envelope("Subscription", rooms=["tenant", "erp"], tenant_id="umbrella"))
    assert [type(error) for error in errors(opened)] == [Forbidden]
    assert kinds(opened) == {"ERPCall"}
    talk.hear(envelope("Subscription", rooms=["tenant"], tenant_id="acme"))
    assert errors(opened) == []
    assert kinds(opened) >= set(EVENT_TYPES)


async def test_more_than_so_many_messages_a_minute_are_refused_until_it_is_over(opened: Opened) -> None:
    talk = messaging(opened)
    for _ in range(MOST_REQUESTS):
        talk.hear(envelope("Auth"))
    await opened.clock.advance(REQUESTS_SECONDS - 15)
    talk.hear(envelope("Subscription", rooms=["erp"]))
    (refused,) = errors(opened)
    assert isinstance(refused, Overloaded)
    assert refused.retry_after == 15
    assert opened.subscriptions == set()
    await opened.clock.advance(15)
    talk.hear(envelope("Subscription", rooms=["erp"]))
    assert errors(opened) == []
    assert kinds(opened) == {"ERPCall"}


def test_the_dashboard_is_the_overview_for_who_only_listens(opened: Opened) -> None:
    talk = dashboard(opened)
    talk.hear("hello")
    talk.hear('{"type":"subscribe"}')
    talk.begin()
    assert opened.subscriptions == {OVERVIEW.id}
    assert talk.form is OVERVIEW_FORM
    assert errors(opened) == []


def test_the_dashboard_has_rooms_for_who_subscribes_before_it_begins(opened: Opened) -> None:
    talk = dashboard(opened)
    talk.hear(envelope("Auth", token="x"))
    talk.hear(envelope("Subscription", rooms=["alerts"]))
    talk.begin()
    assert opened.subscriptions == {"alerts"}
    assert talk.form is ROOMS_FORM
    assert opened.joined_times == 1


def test_the_dashboard_changes_to_rooms_for_who_is_late(opened: Opened) -> None:
    talk = dashboard(opened)
    talk.begin()
    talk.hear(envelope("Auth", token="x"))
    assert opened.subscriptions == {"metrics", "events"}
    talk.hear(envelope("Subscription", rooms=["alerts"]))
    assert opened.subscriptions == {"alerts"}
