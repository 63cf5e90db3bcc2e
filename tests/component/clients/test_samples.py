"""Samples over the long call: registration, acknowledgement, refusal, loss."""

import pytest

from binnacle.metrics.v1.metrics_pb2 import MetricKind, SeriesDefinition
from binnacle_client import Client, DeadlineExceeded, InvalidInput, Options, Overloaded
from services.core import errors as spoken
from tests.component.clients.intake import Intake, holds
from tests.support.services import neighbour, socket_address
from tests.support.waiting import eventually

pytestmark = pytest.mark.network
QUICK = Options(flush_interval=0.01, timeout=20.0, longest_backoff=0.05)
IN_SMALL = Options(flush_interval=0.01, samples_batch=10, unacknowledged=4, longest_backoff=0.05)


async def test_series_are_told_once_and_samples_go_in_columns() -> None:
    intake = Intake()
    async with neighbour(intake.registration) as address, Client(address, options=QUICK) as client:
        for second in range(3):
            client.metrics.write("cpu", second / 2, {"host": "h"}, time=1_000.0 + second, unit="%")
            client.metrics.write("hits", second, time=1_000.0 + second, kind="counter")
        assert (await client.flush()).accepted == 6
    assert list(intake.registered) == [
        SeriesDefinition(name="cpu", labels={"host": "h"}, kind=MetricKind.METRIC_KIND_GAUGE, unit="%"),
        SeriesDefinition(name="hits", kind=MetricKind.METRIC_KIND_COUNTER),
    ]
    cpu = [(time, value) for series_id, time, value in intake.samples if series_id == Intake.id_of("cpu")]
    assert cpu == [(1_000_000, 0.0), (1_001_000, 0.5), (1_002_000, 1.0)]


async def test_many_messages_share_one_call_and_all_are_acknowledged() -> None:
    intake = Intake()
    async with neighbour(intake.registration) as address, Client(address, options=IN_SMALL) as client:
        for number in range(205):
            client.metrics.write("m", float(number))
        assert (await client.flush()).accepted == 205
    assert [value for _, _, value in intake.samples] == [float(number) for number in range(205)]


async def test_rejected_samples_are_counted_apart_with_their_reasons() -> None:
    intake = Intake()
    intake.reject_above = 2.5
    async with neighbour(intake.registration) as address, Client(address, options=QUICK) as client:
        for number in range(5):
            client.metrics.write("m", float(number))
        delivery = await client.flush()
    assert (delivery.accepted, delivery.rejected) == (3, 2)
    assert delivery.rejections[0].description == "too much"


async def test_a_refused_message_and_those_after_it_are_sent_again_once() -> None:
    intake = Intake()
    intake.trouble += [spoken.Overloaded("journal is full", 0.01), spoken.Unavailable("stopping", 0.01)]
    async with neighbour(intake.registration) as address, Client(address, options=IN_SMALL) as client:
        for number in range(100):
            client.metrics.write("m", float(number))
        delivery = await client.flush()
    assert (delivery.accepted, delivery.uncertain) == (100, 0)
    assert sorted(value for _, _, value in intake.samples) == [float(number) for number in range(100)]


async def test_an_overload_is_told() -> None:
    intake = Intake()
    intake.trouble.append(spoken.Overloaded("journal is full", 0.01))
    async with neighbour(intake.registration) as address, Client(address, options=QUICK) as client:
        client.metrics.write("m", 1.0)
        assert isinstance((await client.flush()).last_error, Overloaded)


async def test_a_message_refused_for_good_is_counted_and_does_not_stop_the_next() -> None:
    intake = Intake()
    intake.trouble.append(spoken.InvalidInput.of("samples", "columns differ in length"))
    async with neighbour(intake.registration) as address, Client(address, options=QUICK) as client:
        client.metrics.write("m", 1.0)
        refused = await client.flush()
        assert (refused.rejected, refused.accepted, type(refused.last_error)) == (1, 0, InvalidInput)
        client.metrics.write("m", 2.0)
        assert (await client.flush()).accepted == 1


async def test_what_was_under_way_when_a_server_died_goes_to_the_next_under_its_name() -> None:
    first, second, address = Intake(), Intake(), socket_address("mortal")
    first.silent.set()
    async with Client(address, options=QUICK) as client:
        async with neighbour(first.registration, address=address):
            client.metrics.write("m", 1.0)
            await eventually(holds(lambda: bool(first.registered)), "registered")
            with pytest.raises(DeadlineExceeded):
                await client.flush(within=0.2)
        async with neighbour(second.registration, address=address):
            client.metrics.write("m", 2.0)
            delivery = await client.flush(within=20)
    assert sorted(value for _, _, value in second.samples) == [1.0, 2.0]
    assert (delivery.accepted, delivery.uncertain) == (2, 0)
    assert len(second.registered) == 1


async def test_samples_whose_acknowledgement_was_lost_are_sent_again_and_count_once() -> None:
    intake = Intake()
    intake.lost = 3
    async with neighbour(intake.registration) as address, Client(address, options=IN_SMALL) as client:
        for number in range(100):
            client.metrics.write("m", float(number))
        delivery = await client.flush(within=20)
    assert (delivery.accepted, delivery.uncertain) == (100, 0)
    assert sorted(value for _, _, value in intake.samples) == [float(number) for number in range(100)]
    assert len(intake.names) > len(set(intake.names))


async def test_a_server_that_stops_answering_is_left() -> None:
    intake = Intake()
    intake.silent.set()
    hasty = Options(flush_interval=0.01, timeout=1.0, longest_backoff=0.05, repeat_for=0.0)
    async with neighbour(intake.registration) as address, Client(address, options=hasty) as client:
        client.metrics.write("m", 1.0)
        delivery = await client.flush(within=20)
        assert (delivery.uncertain, type(delivery.last_error)) == (1, DeadlineExceeded)


async def test_beyond_the_bound_the_newest_are_kept_and_the_loss_is_counted() -> None:
    intake, address = Intake(), socket_address("late")
    small = Options(flush_interval=0.01, capacity=10, samples_batch=10, longest_backoff=0.05)
    async with Client(address, options=small) as client:
        for number in range(1_000):
            client.metrics.write("m", float(number))
        async with neighbour(intake.registration, address=address):
            delivery = await client.flush(within=20)
    assert (delivery.accepted, delivery.dropped) == (10, 990)
    assert [value for _, _, value in intake.samples] == [float(number) for number in range(990, 1_000)]
