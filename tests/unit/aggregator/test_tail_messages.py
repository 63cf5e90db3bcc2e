import asyncio
from collections.abc import Sequence

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, strategies as st

from binnacle.aggregator.v1 import tail_service_pb2 as pb
from services.aggregator.convert.tails import position_from
from services.aggregator.domain.live.past_rows import Lane, PastRows
from services.aggregator.domain.live.tail_rows import MESSAGE_CHARACTERS, MESSAGE_ROWS, START, Messages, Told
from services.aggregator.domain.live.tails import QUIET_SECONDS, READER_MESSAGES, TailReader, Tails
from services.aggregator.ports.tails import Stretch, Tail, TailLine, TailRow, Topic
from services.core.errors import Overloaded, Unavailable
from tests.support.clock import ManualClock
from tests.support.journals import JOURNAL, NOW, read, record

OTHER = "00000000000000bb"


def line(journal_id: str, offset: int, row: int, accepted_us: int = 0, message: str = "m") -> TailLine:
    return TailLine(0, accepted_us, 2, "shop", message, "", "", "{}", (journal_id, offset, row))


def now() -> float:
    return NOW


@given(st.lists(st.tuples(st.sampled_from((JOURNAL, OTHER)), st.integers(1, 3)), max_size=40), st.integers(1, 7))
def test_ranges_follow_one_another_and_hold_their_rows(steps: list[tuple[str, int]], take_every: int) -> None:
    messages, told = Messages({JOURNAL: (2, 1)}, now), []
    marks = {JOURNAL: (2, 1), OTHER: START}
    for number, (journal_id, rows) in enumerate(steps, 1):
        offset = 10 + number
        for row in range(rows):
            messages.add(line(journal_id, offset, row))
            if number % take_every == 0:
                told.append(messages.take())
        messages.reach(journal_id, (offset + 1, 0))
    told.append(messages.take())
    for message in told:
        stretches = {stretch.journal_id: stretch for stretch in message.stretches}
        for stretch in stretches.values():
            assert stretch.start == marks[stretch.journal_id] < stretch.end
        for each in message.rows:
            assert stretches[each.place[0]].start <= each.place[1:] < stretches[each.place[0]].end
        marks.update((stretch.journal_id, stretch.end) for stretch in stretches.values())
    assert sum(len(message.rows) for message in told) == sum(rows for _journal, rows in steps)


def test_messages_are_full_by_rows_and_by_size() -> None:
    messages = Messages({}, now)
    for row in range(MESSAGE_ROWS):
        assert not messages.full
        messages.add(line(JOURNAL, 0, row))
    assert messages.full
    messages.take()
    messages.add(line(JOURNAL, 1, 0, message="x" * MESSAGE_CHARACTERS))
    assert messages.full


def test_a_message_is_encoded_once() -> None:
    told, made = Told([], [], NOW, 0), []

    def encode(one: Told) -> bytes:
        made.append(one)
        return b"x"

    assert told.form(encode) is told.form(encode)
    assert made == [told]


class Pages:
    """A store that holds rows."""

    def __init__(self, rows: list[TailRow]) -> None:
        self._rows = rows

    async def count(self, tail: Tail, stretches: Sequence[Stretch]) -> int:
        return len(await self.page(tail, stretches, 10_000))

    async def page(self, tail: Tail, stretches: Sequence[Stretch], limit: int) -> list[TailRow]:
        return [
            row
            for one in stretches
            for row in [r for r in self._rows if r.place[0] == one.journal_id and one.start <= r.place[1:] < one.end][
                :limit
            ]
        ]


@given(st.lists(st.tuples(st.sampled_from((JOURNAL, OTHER)), st.integers(0, 50), st.booleans()), max_size=600))
async def test_the_past_is_told_as_accepted_unless_places_forbid_it(given_: list[tuple[str, int, bool]]) -> None:
    rows = [line(journal_id, place, 0, accepted) for place, (journal_id, accepted, _held) in enumerate(given_)]
    # What is held is what came last.
    stored = next((place for place, (_j, _a, held) in enumerate(given_) if held), len(rows))
    end = (len(rows), 0)
    lanes = [
        Lane(
            Stretch(journal_id, START, end),
            Stretch(journal_id, START, (stored, 0)) if stored else None,
            [row for row in rows[stored:] if row.place[0] == journal_id],
        )
        for journal_id in (JOURNAL, OTHER)
    ]
    past = PastRows(Pages(list(rows[:stored])), Tail("t", Topic.LOGS), lanes, now)
    assert await past.count() == len(rows)
    told = [row async for message in past.messages() for row in message.rows]
    newest, turns = {JOURNAL: 0, OTHER: 0}, {}
    for row in rows:
        newest[row.place[0]] = max(newest[row.place[0]], row.accepted_us)
        turns[row.place] = (newest[row.place[0]], *row.place)
    assert [row.place for row in told] == sorted(turns, key=lambda place: turns[place])


async def test_a_reader_that_falls_behind_is_ended_and_no_other() -> None:
    tails = Tails(ManualClock(NOW))
    tails.resume({})
    with tails.reading("default", Topic.LOGS) as slow, tails.reading("default", Topic.LOGS) as quick:
        for offset in range(READER_MESSAGES + 1):
            tails.fed(JOURNAL, offset + 1, read(offset, [record(logs=[{"message": "m"}])]))
            await asyncio.sleep(0)
            assert len((await quick.next()).rows) == 1
        with pytest.raises(Overloaded):
            await slow.next()


async def test_what_arrives_in_one_turn_comes_in_one_message() -> None:
    tails = Tails(ManualClock(NOW))
    tails.resume({JOURNAL: 5})
    with tails.reading("default", Topic.LOGS) as reader:
        for offset in (5, 6):
            tails.fed(JOURNAL, offset + 1, read(offset, [record(logs=[{"message": "m"}] * 2)]))
        tails.fed(OTHER, 1, read(0, [record(events=[{"type": "a"}])]))
        told = await reader.next()
    assert [row.place for row in told.rows] == [(JOURNAL, offset, row) for offset in (5, 6) for row in (0, 1)]
    assert told.stretches == [Stretch(JOURNAL, (5, 0), (7, 0))]


async def test_where_nothing_happens_positions_are_told_now_and_then() -> None:
    clock = ManualClock(NOW)
    tails = Tails(clock)
    tails.resume({})
    with tails.reading("default", Topic.EVENTS) as reader:
        tails.fed(JOURNAL, 3, read(0, [record(tenant="other", events=[{"type": "a"}])]))
        tails.tick()
        await clock.advance(QUIET_SECONDS)
        tails.tick()
        told = await reader.next()
    assert (told.rows, told.stretches) == ([], [Stretch(JOURNAL, START, (3, 0))])


def test_nobody_reads_before_the_store_was_read() -> None:
    tails = Tails(ManualClock(NOW))
    with pytest.raises(Unavailable), tails.reading("default", Topic.EVENTS):
        pass


async def test_readers_end_when_all_is_read_anew() -> None:
    tails = Tails(ManualClock(NOW))
    tails.resume({})
    with tails.reading("default", Topic.EVENTS) as reader:
        tails.forget()
        with pytest.raises(Unavailable):
            await reader.next()


def test_a_reader_that_is_ended_takes_nothing_more() -> None:
    reader = TailReader()
    reader.end(Unavailable("stopping"))
    with pytest.raises(Unavailable):
        reader.require_open()


def test_a_position_may_be_of_a_time_that_no_calendar_has() -> None:
    asked = pb.TailPosition(as_of=Timestamp(seconds=-(10**11)))
    assert position_from(asked).as_of == -1e11
