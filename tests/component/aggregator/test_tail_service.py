"""Tails over a real store."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from binnacle.aggregator.v1 import tail_service_pb2 as pb, tail_service_pb2_grpc
from binnacle.journal.v1 import journal_pb2
from binnacle.logs.v1 import logs_pb2
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.component.aggregator.conftest import Start
from tests.support.journals import JOURNAL, record
from tests.support.waiting import eventually

pytestmark = pytest.mark.store

OTHER = "00000000000000bb"
EVENTS, ALL_EVENTS, LOGS = pb.TAIL_TOPIC_EVENTS, pb.TAIL_TOPIC_ALL_EVENTS, pb.TAIL_TOPIC_LOGS


class Reader:
    """Reads a tail as the contract says: keeps what lies above its marks."""

    def __init__(self, aggregator: Aggregator, topic: pb.TailTopic.ValueType = EVENTS) -> None:
        self._stub: Any = tail_service_pb2_grpc.TailServiceStub(aggregator.channel)
        self._topic = topic
        self._call: Any = None
        self.position = pb.TailPosition()
        self.told: list[str] = []

    @asynccontextmanager
    async def tailing(self, position: pb.TailPosition | None = None, most: int = 0) -> AsyncIterator[pb.TailBegin]:
        """A tail for the length of the block; gives how it begins."""
        request = pb.TailRequest(topic=self._topic, position=position, max_missed_rows=most)
        self._call = self._stub.Tail(request)
        try:
            begin = (await self._call.read()).begin
            if not begin.resumed:
                self.position = begin.live_from
            yield begin
        finally:
            self._call.cancel()

    async def read(self, rows: int) -> list[str]:
        """Read until so many rows were told; gives them all."""
        while len(self.told) < rows:
            self._take((await self._call.read()).rows)
        return self.told

    async def past(self, position: pb.TailPosition, **bounds: Any) -> tuple[pb.ReadTailBegin, list[pb.TailRow]]:
        """What ReadTail answers."""
        answers = self._stub.ReadTail(pb.ReadTailRequest(topic=self._topic, position=position, **bounds))
        messages = [message async for message in answers]
        return messages[0].begin, [row for message in messages[1:] for row in message.rows.rows]

    def _take(self, message: pb.TailRows) -> None:
        marks = {mark.journal_id: (mark.offset, mark.row) for mark in self.position.marks}
        for each in message.ranges:
            assert (each.from_offset, each.from_row) <= marks.get(each.journal_id, (0, 0))
        for row in message.rows:
            if (row.offset, row.row) >= marks.get(row.journal_id, (0, 0)):
                self.told.append(text(row))
        for each in message.ranges:
            marks[each.journal_id] = max(marks.get(each.journal_id, (0, 0)), (each.to_offset, each.to_row))
        self.position = at(marks, message.as_of.ToNanoseconds() / 1e9)


def at(marks: dict[str, tuple[int, int]], as_of: float) -> pb.TailPosition:
    made = pb.TailPosition(marks=[pb.TailMark(journal_id=j, offset=o, row=r) for j, (o, r) in marks.items()])
    made.as_of.FromNanoseconds(int(as_of * 1e9))
    return made


def text(row: pb.TailRow) -> str:
    return row.event.type if row.HasField("event") else row.line.message


def events(*types: str, accepted: float | None = None, **more: Any) -> journal_pb2.Record:
    happened = [{"type": kind, "service": "shop", "user": "u", "data": {"n": 1}} for kind in types]
    return record(accepted=accepted or time.time(), events=happened, **more)


async def test_rows_are_told_as_they_arrive_before_they_are_stored(aggregator: Aggregator) -> None:
    reader, lines, everything = Reader(aggregator), Reader(aggregator, LOGS), Reader(aggregator, ALL_EVENTS)
    async with aggregator.journal() as journal, reader.tailing() as begin, lines.tailing(), everything.tailing():
        assert not begin.resumed
        await journal.hello()
        await journal.send(0, events("a", "request", "b"), record(accepted=time.time(), logs=[{"message": "m"}]))
        assert await reader.read(2) == ["a", "b"]
        assert await lines.read(1) == ["m"]
        assert await everything.read(3) == ["a", "request", "b"]


async def test_a_reader_that_comes_back_has_every_row_once(aggregator: Aggregator) -> None:
    reader = Reader(aggregator)
    async with aggregator.journal() as journal:
        await journal.hello()
        async with reader.tailing():
            await journal.send(0, events("a"))
            await reader.read(1)
        # Missed: stored, and not stored yet; the row that was told lies in the same segment.
        await journal.send(1, events("b", "request", "c"))
        await journal.seal(0, 2)
        assert await journal.answer() == 2
        await journal.send(2, events("d"))
        await eventually_fed(aggregator, 3)
        async with reader.tailing(reader.position) as begin:
            assert (begin.resumed, begin.missed_rows) == (True, 3)
            await journal.send(3, events("e"))
            assert await reader.read(5) == ["a", "b", "c", "d", "e"]


async def eventually_fed(aggregator: Aggregator, offset: int) -> None:
    """A message that was written to a stream was also taken."""

    async def fed() -> bool:
        begin, _rows = await Reader(aggregator).past(at({}, time.time()))
        return any(mark.offset >= offset for mark in begin.reached.marks)

    await eventually(fed, f"offset {offset} is fed")


async def test_a_restart_leaves_no_gap_and_repeats_nothing(start: Start) -> None:
    async with start() as aggregator:
        reader = Reader(aggregator)
        async with aggregator.journal() as journal, reader.tailing():
            await journal.hello()
            await journal.commit(0, events("a"))
            await journal.send(1, events("b"))
            await reader.read(2)
    async with start() as aggregator:
        again = Reader(aggregator)
        again.position, again.told = reader.position, reader.told
        async with again.tailing(again.position) as begin, aggregator.journal() as journal:
            assert (begin.resumed, begin.missed_rows) == (True, 0)
            assert await journal.hello() == 1
            # Sent again, since it was not stored.
            await journal.send(1, events("b"))
            await journal.send(2, events("c"))
            assert await again.read(3) == ["a", "b", "c"]


async def test_several_journals_are_told_as_accepted_and_each_in_order(aggregator: Aggregator) -> None:
    now = time.time()
    async with aggregator.journal() as one, aggregator.journal(OTHER) as other:
        await one.hello()
        await other.hello()
        await one.commit(0, events("a1", accepted=now + 1), events("a2", accepted=now), events("a3", accepted=now + 4))
        await other.commit(0, events("b1", accepted=now + 0.5), events("b2", accepted=now + 3))
    begin, rows = await Reader(aggregator).past(at({}, now))
    # The clock of the first journal was set back between its first two records: its order of places holds.
    assert [text(row) for row in rows] == ["b1", "a1", "a2", "b2", "a3"]
    assert (begin.complete, begin.rows) == (True, 5)
    assert {mark.journal_id: mark.offset for mark in begin.reached.marks} == {JOURNAL: 3, OTHER: 2}


async def test_the_past_is_read_in_pages_and_messages_of_bounded_size(aggregator: Aggregator) -> None:
    types = [f"t{number}" for number in range(2_600)]
    async with aggregator.journal() as journal, aggregator.journal(OTHER) as other:
        await journal.hello()
        await journal.commit(0, events(*types[:2_500]), events(*types[2_500:]))
        await other.hello()
        await other.commit(0, events("other"))
        stub: Any = tail_service_pb2_grpc.TailServiceStub(aggregator.channel)
        request = pb.ReadTailRequest(topic=EVENTS, position=at({JOURNAL: (0, 1)}, time.time()))
        messages = [message async for message in stub.ReadTail(request)]
    assert messages[0].begin.rows == 2_600
    assert all(len(message.rows.rows) <= 500 for message in messages)
    assert [text(row) for row in rows_of(messages) if row.journal_id == JOURNAL] == types[1:]
    mark = (0, 1)
    for message in messages[1:]:
        for each in message.rows.ranges:
            if each.journal_id == JOURNAL:
                assert (each.from_offset, each.from_row) == mark
                mark = (each.to_offset, each.to_row)
    assert mark == (2, 0)


def rows_of(messages: Sequence[pb.ReadTailResponse]) -> list[pb.TailRow]:
    return [row for message in messages[1:] for row in message.rows.rows]


async def test_between_two_positions_and_those_that_match(aggregator: Aggregator) -> None:
    lines = [{"message": f"m{n}", "level": n, "service": "shop" if n < 4 else "cart"} for n in range(1, 6)]
    await aggregator.store(events("a", "b"), events("c"), record(accepted=time.time(), logs=lines))
    reader, now = Reader(aggregator), time.time()
    _begin, rows = await reader.past(at({JOURNAL: (0, 1)}, now), until=at({JOURNAL: (1, 0)}, now))
    assert [text(row) for row in rows] == ["b"]
    _begin, rows = await reader.past(at({}, now), filter=pb.TailFilter(types=["a", "c"], user_ids=["u"]), max_rows=2)
    assert [text(row) for row in rows] == ["a", "c"]
    levels = [logs_pb2.LOG_LEVEL_INFO, logs_pb2.LOG_LEVEL_ERROR, logs_pb2.LOG_LEVEL_CRITICAL]
    matching = pb.TailFilter(levels=levels, services=["cart"])
    _begin, rows = await Reader(aggregator, LOGS).past(at({}, now), filter=matching)
    assert [(text(row), row.line.level, row.row) for row in rows] == [("m4", 4, 3), ("m5", 5, 4)]
    # What nobody here has heard of is not reached.
    begin, rows = await reader.past(at({}, now), until=at({OTHER: (5, 0)}, now))
    assert (begin.complete, rows, list(begin.reached.marks)) == (True, [], [pb.TailMark(journal_id=OTHER)])


async def test_too_much_and_too_old_is_said(aggregator: Aggregator) -> None:
    await aggregator.store(events("a", "b"), events("c"))
    reader, now = Reader(aggregator), time.time()
    begin, rows = await reader.past(at({}, now), max_rows=2)
    assert (begin.complete, rows) == (False, [])
    begin, rows = await reader.past(at({}, now - 86_401))
    assert (begin.complete, rows) == (False, [])
    async with reader.tailing(at({}, now), most=2) as told:
        assert (told.resumed, told.missed_rows) == (False, 0)
        assert {mark.journal_id: mark.offset for mark in told.live_from.marks} == {JOURNAL: 2}


async def test_tenants_are_told_their_own_rows(aggregator: Aggregator) -> None:
    reader = Reader(aggregator)
    async with aggregator.journal() as journal, reader.tailing():
        await journal.hello()
        await journal.commit(0, events("theirs", tenant="other"), events("mine"))
        await journal.send(2, events("theirs", tenant="other"), events("mine"))
        assert await reader.read(2) == ["mine", "mine"]
    stub: Any = tail_service_pb2_grpc.TailServiceStub(aggregator.channel)
    request = pb.ReadTailRequest(topic=EVENTS, position=at({}, time.time()))
    answers = [message async for message in stub.ReadTail(request, metadata=as_tenant("other"))]
    assert [(text(row), row.offset) for row in rows_of(answers)] == [("theirs", 0), ("theirs", 2)]


async def test_a_repeated_request_is_told_once(aggregator: Aggregator) -> None:
    reader = Reader(aggregator)
    async with aggregator.journal() as journal, reader.tailing():
        await journal.hello()
        await journal.send(0, events("a", batch="one"), events("a", batch="one"), events("b"))
        assert await reader.read(2) == ["a", "b"]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.TailRequest(), "topic"),
        (pb.TailRequest(topic=EVENTS, max_missed_rows=100_001), "max_missed_rows"),
        (pb.TailRequest(topic=EVENTS, position=pb.TailPosition()), "position.as_of"),
    ],
)
async def test_what_cannot_be_asked(aggregator: Aggregator, request_: pb.TailRequest, field: str) -> None:
    stub: Any = tail_service_pb2_grpc.TailServiceStub(aggregator.channel)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.Tail(request_).read()
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in str(refused.value.details())
