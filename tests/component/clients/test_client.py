"""The client against the contract's server side, in this process, over a real gRPC connection."""

import asyncio
import time

import pytest

from binnacle.events.v1.events_pb2 import Event
from binnacle.logs.v1.logs_pb2 import LogLevel
from binnacle_client import Client, DeadlineExceeded, InvalidInput, Options, Overloaded, SyncClient, Unavailable
from binnacle_client.errors import Unauthenticated
from services.core import errors as spoken
from tests.component.clients.intake import Intake, holds
from tests.support.clock import ManualClock
from tests.support.outages import patience
from tests.support.services import neighbour, socket_address
from tests.support.waiting import eventually

pytestmark = pytest.mark.network
QUICK = Options(flush_interval=0.01, timeout=20.0, longest_backoff=0.05)


async def test_events_logs_and_heartbeats_arrive_as_they_were_written() -> None:
    intake = Intake()
    async with (
        neighbour(intake.registration) as address,
        Client(address, token="t-1", options=QUICK, clock=ManualClock(1_800_000_000.5)) as client,
    ):
        client.events.write("purchase", {"total": 99.5}, service="checkout", user_id="u", session_id="s")
        client.logs.write("slow answer", "warning", service="checkout", attributes={"ms": 900})
        client.heartbeats.write("checkout", request_count=5, uptime=0.5)
        delivery = await client.flush()
    [event], [line], [beat] = intake.events, intake.logs, intake.heartbeats
    assert (event.type, event.service, event.user_id, event.session_id) == ("purchase", "checkout", "u", "s")
    assert (event.time.seconds, event.time.nanos) == (1_800_000_000, 500_000_000)
    assert dict(event.data) == {"total": 99.5}
    assert (line.message, line.level, dict(line.attributes)) == ("slow answer", LogLevel.LOG_LEVEL_WARNING, {"ms": 900})
    assert (beat.status, beat.kind, beat.metrics.request_count, beat.metrics.uptime) == ("healthy", "service", 5, 0.5)
    assert (delivery.accepted, delivery.rejected, delivery.uncertain, delivery.dropped) == (3, 0, 0, 0)
    assert set(intake.tokens) == {"Bearer t-1"}


async def test_events_travel_in_batches() -> None:
    intake = Intake()
    async with (
        neighbour(intake.registration) as address,
        Client(address, options=Options(flush_interval=60.0, batch_size=100)) as client,
    ):
        for number in range(250):
            client.events.write("page_view", {"number": number})
        await client.flush()
    assert intake.batches == [100, 100, 50]
    assert [event.data["number"] for event in intake.events] == list(range(250))


async def test_a_batch_keeps_below_the_size_the_server_takes() -> None:
    intake = Intake()
    async with (
        neighbour(intake.registration) as address,
        Client(address, options=Options(batch_bytes=10_000)) as client,
    ):
        for _ in range(10):
            client.events.write("page_view", {"page": "x" * 4_000})
        await client.flush()
    assert intake.batches == [2] * 5


async def test_leaving_the_client_sends_what_waits() -> None:
    intake = Intake()
    async with (
        neighbour(intake.registration) as address,
        Client(address, options=Options(flush_interval=60.0)) as client,
    ):
        client.events.write("search")
        client.metrics.write("latency", 1.0)
    assert (len(intake.events), len(intake.samples)) == (1, 1)


async def test_leaving_the_client_says_what_nobody_took(caplog: pytest.LogCaptureFixture) -> None:
    async with Client("127.0.0.1:1", options=Options(timeout=0.1)) as client:
        client.events.write("page_view")
        client.metrics.write("latency", 1.0)
    assert caplog.messages == [
        "2 records were not delivered: nothing takes them at 127.0.0.1:1. Does Binnacle run there?"
    ]


async def test_leaving_the_client_says_what_was_refused(caplog: pytest.LogCaptureFixture) -> None:
    intake = Intake()
    intake.trouble.append(spoken.InvalidInput.of("events[0].type", "is too long"))
    async with neighbour(intake.registration) as address, Client(address, options=QUICK) as client:
        client.events.write("page_view")
    assert caplog.messages == [f"1 records were refused by Binnacle at {address}: events[0].type: is too long"]


async def test_a_request_sent_now_raises_typed_errors_with_their_fields() -> None:
    intake = Intake()
    intake.trouble.append(spoken.InvalidInput.of("events[0].type", "is required"))
    async with neighbour(intake.registration) as address, Client(address) as client:
        with pytest.raises(InvalidInput) as caught:
            await client.events.send([Event()])
        assert caught.value.violations[0].field == "events[0].type"
        assert (await client.events.send([Event(type="a")])).accepted == 1


async def test_an_overloaded_server_is_asked_again_when_it_said_and_nothing_is_doubled() -> None:
    intake, clock = Intake(), ManualClock()
    intake.trouble += [spoken.Overloaded("journal is full", 30.0), spoken.Unavailable("starting", 30.0)]
    async with neighbour(intake.registration) as address, Client(address, options=QUICK, clock=clock) as client:
        client.events.write("a")
        await eventually(holds(lambda: isinstance(client.delivery().last_error, Overloaded)), "refusal heard")
        await clock.advance(29.0)
        assert intake.calls == 1
        await clock.advance(1.0)
        await eventually(holds(lambda: isinstance(client.delivery().last_error, Unavailable)), "second refusal")
        await clock.advance(30.0)
        assert (await client.flush()).accepted == 1
    assert len(intake.events) == 1


async def test_a_batch_whose_answer_was_lost_is_sent_again_under_its_name_and_counts_once() -> None:
    intake = Intake()
    intake.lost = 2
    async with neighbour(intake.registration) as address, Client(address, options=QUICK) as client:
        client.events.write("a")
        delivery = await client.flush(within=20)
    assert (delivery.accepted, delivery.uncertain, len(intake.events)) == (1, 0, 1)
    assert len(intake.names) == 3
    assert len(set(intake.names)) == 1


async def test_batches_have_names_of_their_own() -> None:
    intake = Intake()
    async with neighbour(intake.registration) as address, Client(address, options=QUICK) as client:
        for _batch in range(2):
            client.events.write("a")
            client.metrics.write("m", 1.0)
            await client.flush()
    assert len(set(intake.names)) == 4
    assert "" not in intake.names


async def test_after_half_a_day_without_an_answer_a_batch_is_uncertain() -> None:
    intake, clock = Intake(), ManualClock()
    intake.lost = 1_000_000
    async with neighbour(intake.registration) as address, Client(address, options=QUICK, clock=clock) as client:
        client.events.write("a")

        async def given_up() -> bool:
            await clock.advance(3600)
            return client.delivery().uncertain == 1

        await eventually(given_up, "the batch is given up")
        assert clock.now() - ManualClock().now() >= QUICK.repeat_for
    assert len(intake.names) > 1


async def test_a_request_sent_now_may_be_named_and_sent_again() -> None:
    intake = Intake()
    intake.lost = 1
    async with neighbour(intake.registration) as address, Client(address) as client:
        with pytest.raises(Unavailable) as lost:
            await client.events.send([Event(type="a")], batch_id="import-17")
        assert lost.value.uncertain
        assert (await client.events.send([Event(type="a")], batch_id="import-17")).accepted == 1
    assert (intake.names, len(intake.events)) == (["import-17"] * 2, 1)


async def test_a_batch_refused_for_good_is_counted_and_does_not_stop_the_next() -> None:
    intake = Intake()
    intake.trouble.append(spoken.Unauthenticated("token has expired"))
    async with neighbour(intake.registration) as address, Client(address, options=QUICK) as client:
        client.events.write("a")
        refused = await client.flush()
        assert (refused.rejected, refused.accepted) == (1, 0)
        assert isinstance(refused.last_error, Unauthenticated)
        client.events.write("b")
        assert (await client.flush()).accepted == 1


async def test_what_is_written_while_the_server_is_away_arrives_when_it_comes() -> None:
    intake, address = Intake(), socket_address("late")
    async with Client(address, options=QUICK) as client:
        client.events.write("early")
        client.metrics.write("latency", 1.0)
        await eventually(holds(lambda: isinstance(client.delivery().last_error, Unavailable)), "failure noticed")
        with pytest.raises(DeadlineExceeded):
            await client.flush(within=0.05)
        async with neighbour(intake.registration, address=address):
            delivery = await client.flush(within=20)
    assert (delivery.accepted, delivery.uncertain, delivery.rejected) == (2, 0, 0)
    assert (len(intake.events), len(intake.samples)) == (1, 1)


def test_a_program_without_an_event_loop_writes_through_a_thread() -> None:
    with SyncClient(socket_address("nobody"), options=Options(flush_interval=0.01, timeout=0.2)) as client:
        client.events.write("a")
        with pytest.raises(DeadlineExceeded):
            client.flush(within=0.05)
        began = time.monotonic()
    assert time.monotonic() - began < patience(5.0)


async def test_the_client_of_a_thread_delivers() -> None:
    intake = Intake()

    def program(address: str) -> int:
        with SyncClient(address, options=QUICK) as client:
            client.events.write("a", {"n": 1})
            client.metrics.write("latency", 2.0, {"service": "s"})
            return client.flush().accepted

    async with neighbour(intake.registration) as address:
        assert await asyncio.to_thread(program, address) == 2
    assert (len(intake.events), len(intake.samples)) == (1, 1)
