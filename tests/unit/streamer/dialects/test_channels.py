"""`/ws/live`: a wallboard for who only listens, channels for who asks."""

import json

import pytest

from services.streamer.convert.dialects.live import live_talk
from services.streamer.domain.deliveries import Failed, Pong
from tests.unit.streamer.dialects.conftest import Opened

WALLBOARD = {"live_metrics", "ai_insights", "system_health"}


def test_who_says_nothing_is_told_the_wallboard(opened: Opened) -> None:
    live_talk(opened.session, "").begin()
    assert opened.subscriptions == WALLBOARD


@pytest.mark.parametrize("late", [False, True])
def test_who_subscribes_is_told_those_channels_alone(opened: Opened, late: bool) -> None:
    talk = live_talk(opened.session, "")
    if late:
        talk.begin()
    talk.hear(json.dumps({"type": "subscribe", "channels": ["logs", "stats"]}))
    talk.begin()
    assert opened.subscriptions == {"logs", "stats"}


def test_channels_are_added_taken_away_and_not_begun_again(opened: Opened) -> None:
    talk = live_talk(opened.session, "")
    talk.hear(json.dumps({"type": "subscribe", "channels": ["logs"]}))
    talk.hear(json.dumps({"type": "subscribe", "channels": ["all"]}))
    assert opened.subscriptions == {"logs", "alerts", "remediations", "stats", "health", "pipeline"}
    assert opened.joined_times == 6
    talk.hear(json.dumps({"type": "unsubscribe", "channels": ["logs", "health"]}))
    assert opened.subscriptions == {"alerts", "remediations", "stats", "pipeline"}
    talk.hear(json.dumps({"type": "unsubscribe", "channels": ["all"]}))
    talk.begin()
    assert opened.subscriptions == set()


@pytest.mark.parametrize(
    "message",
    ["ping", b"\xff", "[]", "{}", '{"type":"dance"}', '{"type":"subscribe"}', '{"type":"subscribe","channels":"logs"}'],
)
def test_what_is_not_understood_is_answered_and_changes_nothing(opened: Opened, message: str | bytes) -> None:
    talk = live_talk(opened.session, "")
    talk.begin()
    talk.hear(message)
    (said,) = opened.said()
    assert isinstance(said.content, Failed)
    assert opened.subscriptions == WALLBOARD


def test_an_unknown_channel_is_named_and_the_others_are_opened(opened: Opened) -> None:
    talk = live_talk(opened.session, "")
    talk.hear(json.dumps({"type": "subscribe", "channels": ["cellar", "stats"]}))
    (said,) = opened.said()
    assert isinstance(said.content, Failed)
    assert "cellar" in str(said.content.error)
    assert opened.subscriptions == {"stats"}


def test_a_ping_is_answered(opened: Opened) -> None:
    live_talk(opened.session, "").hear('{"type":"ping"}')
    assert isinstance(opened.said()[0].content, Pong)
