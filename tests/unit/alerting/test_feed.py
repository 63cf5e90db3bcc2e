import asyncio

import pytest

from services.alerting.domain.feed import Feed
from services.alerting.ports.alerts import Alert
from services.core.errors import Overloaded, Unavailable
from tests.support.alerts import alert


async def test_a_reader_gets_what_is_published_while_it_is_there() -> None:
    feed = Feed[Alert]()
    feed.publish([alert("before")])
    with feed.reader() as reader:
        feed.publish([alert("first"), alert("second")])
        assert [(await reader.next()).id, (await reader.next()).id] == ["first", "second"]


async def test_a_waiting_reader_is_woken() -> None:
    feed = Feed[Alert]()
    with feed.reader() as reader:
        waiting = asyncio.create_task(reader.next())
        await asyncio.sleep(0)
        feed.publish([alert("news")])
        assert (await waiting).id == "news"


async def test_a_reader_that_falls_behind_is_ended_and_the_others_are_not() -> None:
    feed = Feed[Alert](bound=2)
    with feed.reader() as slow, feed.reader() as quick:
        for name in ("a", "b", "c"):
            feed.publish([alert(name)])
            assert (await quick.next()).id == name
        with pytest.raises(Overloaded):
            await slow.next()


async def test_closing_ends_each_reader_also_one_that_comes_later() -> None:
    feed = Feed[Alert]()
    with feed.reader() as early:
        feed.close()
        with pytest.raises(Unavailable):
            await early.next()
    with feed.reader() as late, pytest.raises(Unavailable):
        await late.next()
