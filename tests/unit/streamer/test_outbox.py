"""What waits for a connection."""

from services.core.errors import Overloaded
from services.streamer.domain.deliveries import Batch, Delivery, Report, Standing
from services.streamer.domain.outbox import WAITING_BYTES, WAITING_ROWS, Outbox
from services.streamer.domain.subscriber import Subscriber
from services.streamer.domain.tally import Tally
from services.streamer.ports import Overview, Position, Row, State, Update

ROW = Row("j", (1, 0), 0.0, "a", "", "{}", None)


def batch(rows: int, size: int = 0, *, logs: bool = False) -> Batch:
    return Batch([ROW] * rows, Standing("t", logs, Position({}, 0.0)), size)


def update(made_at: float, *times: int) -> Update:
    return Update(Overview(made_at, None), dict.fromkeys(times, made_at))


class Woken:
    """Counts how often it was said that something waits, since it never hands on anything at once."""

    def __init__(self) -> None:
        self.times = 0

    def at_once(self, _delivery: Delivery) -> bool:
        return False

    def wake(self) -> None:
        self.times += 1


class Free(Woken):
    """Hands on everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.handed: list[Delivery] = []

    def at_once(self, delivery: Delivery) -> bool:
        self.handed.append(delivery)
        return True


def test_a_reader_too_slow_for_events_is_ended_and_its_rows_let_go() -> None:
    tally = Tally()
    outbox = Outbox(tally, Woken())
    outbox.add("e", batch(WAITING_ROWS))
    outbox.add("e", batch(1))
    assert isinstance(outbox.ended, Overloaded)
    assert "come back" in str(outbox.ended)
    assert outbox.take() == []
    assert tally.slow == 1


def test_large_rows_count_by_their_size_but_one_batch_always_fits() -> None:
    outbox = Outbox(Tally(), Woken())
    outbox.add("e", batch(1, 2 * WAITING_BYTES))
    assert outbox.ended is None
    outbox.add("e", batch(1, 1))
    assert isinstance(outbox.ended, Overloaded)


def test_of_figures_only_the_newest_waits_with_the_points_of_all() -> None:
    tally = Tally()
    outbox = Outbox(tally, Woken())
    figures = Subscriber("d", outbox)
    figures.offer(State(Overview(1.0, None), {1000: 1.0}))
    figures.offer(update(2.0, 2000))
    figures.offer(update(3.0, 3000))
    (held,) = outbox.take()
    assert isinstance(held.content, State)
    assert held.content.overview.made_at == 3.0
    assert held.content.points == {1000: 1.0, 2000: 2.0, 3000: 3.0}
    assert tally.conflated == 2


def test_subscriptions_do_not_conflate_each_other() -> None:
    outbox = Outbox(Tally(), Woken())
    for name in ("one", "two"):
        Subscriber(name, outbox).offer(update(1.0))
    outbox.drop("one")
    assert [held.subscription for held in outbox.take()] == ["two"]


def test_log_lines_beyond_what_is_read_are_left_out_and_counted() -> None:
    outbox = Outbox(Tally(), Woken())
    lines = Subscriber("l", outbox)
    lines.take(batch(WAITING_ROWS // 2 + 1, logs=True))
    lines.take(batch(7, logs=True))
    assert len(outbox.take()) == 1
    lines.take(batch(1, logs=True))
    (held,) = outbox.take()
    assert isinstance(held.content, Batch)
    assert held.content.left_out == 7


def test_a_difference_to_what_was_not_read_is_refused() -> None:
    outbox = Outbox(Tally(), Woken())
    asked = Subscriber("q", outbox)
    assert asked.report(Report("whole"))
    assert not asked.report(Report("difference", whole=False))
    assert outbox.take() == []
    assert asked.report(Report("difference", whole=False))


def test_it_says_once_that_something_waits_and_that_it_has_ended() -> None:
    woken = Woken()
    outbox = Outbox(Tally(), woken)
    outbox.add("e", batch(1))
    outbox.add("e", batch(1))
    assert woken.times == 1
    outbox.take()
    outbox.add("e", batch(1))
    assert woken.times == 2
    outbox.end(Overloaded("too slow", 0.0))
    assert woken.times == 3


def test_what_is_handed_on_at_once_does_not_wait() -> None:
    free = Free()
    outbox = Outbox(Tally(), free)
    for _time in range(2):
        outbox.add("e", batch(WAITING_ROWS))
    assert [held.subscription for held in free.handed] == ["e", "e"]
    assert outbox.take() == []
    assert (free.times, outbox.ended) == (0, None)
