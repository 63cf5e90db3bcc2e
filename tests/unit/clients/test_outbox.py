import asyncio

from hypothesis import given, strategies as st

from binnacle_client.options import Delivery
from binnacle_client.outbox import Outbox


@given(st.lists(st.one_of(st.integers(0, 9), st.none())), st.integers(1, 5), st.integers(1, 5))
def test_what_is_put_is_taken_once_in_order_or_dropped_and_counted(
    steps: list[int | None], capacity: int, batch: int
) -> None:
    delivery = Delivery()
    outbox: Outbox[tuple[int, int]] = Outbox(capacity, batch, 0.0, delivery)
    put, taken = 0, list[tuple[int, int]]()
    for step in steps:
        if step is None:
            taken += outbox.take()
        else:
            outbox.put((put, step))
            put += 1
        assert len(outbox) <= capacity
    while len(outbox):
        taken += outbox.take()
    assert taken == sorted(taken)
    assert len(taken) + delivery.dropped == put


def test_when_full_the_newest_are_kept() -> None:
    outbox: Outbox[int] = Outbox(2, 10, 0.0, Delivery())
    for number in range(5):
        outbox.put(number)
    assert outbox.take() == [3, 4]


def test_a_batch_ends_before_an_item_that_does_not_fit_but_holds_one() -> None:
    outbox: Outbox[int] = Outbox(9, 9, 0.0, Delivery())
    for number in (5, 1, 1, 5):
        outbox.put(number)
    assert outbox.take(lambda n: n < 5) == [5, 1, 1]
    assert outbox.take(lambda n: n < 5) == [5]


async def test_a_full_batch_is_due_at_once() -> None:
    outbox: Outbox[int] = Outbox(9, 2, 3600.0, Delivery())
    outbox.put(1)
    waiting = asyncio.create_task(outbox.due())
    await asyncio.sleep(0)
    assert not waiting.done()
    outbox.put(2)
    await asyncio.wait_for(waiting, 5)


async def test_drained_hurries_and_waits_for_what_was_put_before() -> None:
    outbox: Outbox[int] = Outbox(9, 5, 3600.0, Delivery())
    outbox.put(1)
    drained = asyncio.create_task(outbox.drained())
    await asyncio.wait_for(outbox.due(), 5)
    outbox.take()
    outbox.put(2)
    assert not drained.done()
    outbox.settle(1)
    await asyncio.wait_for(drained, 5)
