"""A session whose subscriptions a test looks at."""

from collections.abc import Callable
from functools import partial

import pytest

from services.streamer.domain.deliveries import Delivery, Standing
from services.streamer.domain.feeds import Feed
from services.streamer.domain.pump import Pump
from services.streamer.domain.session import Session
from services.streamer.domain.subscriber import Subscriber
from services.streamer.domain.tally import Tally
from tests.support.clock import ManualClock


class Opened:
    """What is joined now by subscription, how often something was joined, and what was said to the client."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.feeds: list[Feed] = []
        self.joined_times = 0
        self.session = Session("acme", self, Pump(self.clock), self.clock, Tally())

    def joined(self, tenant: str, feed: Feed, subscriber: Subscriber, since: Standing | None) -> Callable[[], None]:
        assert tenant == "acme"
        self.feeds.append(feed)
        self.joined_times += 1
        return partial(self.feeds.remove, feed)

    @property
    def subscriptions(self) -> set[str]:
        """Their ids."""
        return set(self.session.subscriptions)

    def said(self) -> list[Delivery]:
        """What waits for the client beside the beginnings of subscriptions."""
        return [held for held in self.session.outbox.take() if held.subscription == ""]


@pytest.fixture
def opened() -> Opened:
    """A session of the tenant `acme`."""
    return Opened()
