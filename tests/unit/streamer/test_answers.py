"""Whoever comes later is told what everybody else has put together."""

import math
from functools import reduce

from hypothesis import given, strategies as st

from binnacle.query.v1 import query_pb2 as pb
from binnacle_client.live_fold import refreshed
from services.streamer.convert.answers import joined

HOSTS = ("a", "b", "c")
STEPS, RANGE = 12, 6


@st.composite
def answers(draw: st.DrawFn) -> list[pb.TimeSeriesAnswer]:
    """A whole answer, then what changed as the range goes by."""
    first = 0
    told = []
    for number in range(draw(st.integers(2, 5))):
        first += 0 if number == 0 else draw(st.integers(0, 2))
        within = range(first, first + RANGE)
        times = [*within] if number == 0 else sorted(draw(st.sets(st.sampled_from(within))))
        answer = pb.TimeSeriesAnswer(times_unix_ms=times, full=number == 0, start_unix_ms=first, step_ms=1)
        result = answer.results.add(name="x")
        for host in sorted(draw(st.sets(st.sampled_from(HOSTS)))):
            values = [draw(st.sampled_from([math.nan, 1.0, 2.0])) for _time in times]
            least = values if host == "a" else ()
            result.series.append(pb.TimeSeries(labels={"host": host}, values=values, minimums=least))
        told.append(answer)
    return told


@given(answers())
def test_an_answer_and_its_changes_are_joined_as_clients_join_them(told: list[pb.TimeSeriesAnswer]) -> None:
    whole, *changes = told
    made, wanted = joined(whole, changes), reduce(refreshed, changes, whole)
    assert (made.full, [*made.times_unix_ms]) == (True, [*wanted.times_unix_ms])
    assert shown(made) == shown(wanted)


def shown(answer: pb.TimeSeriesAnswer) -> dict[tuple[str, float], tuple[str, ...]]:
    """What every step of a series is, where it has a value."""
    times = answer.times_unix_ms
    return {
        (series.labels["host"], time): tuple(
            str(column[place]) if place < len(column) else "nan" for column in (series.values, series.minimums)
        )
        for result in answer.results
        for series in result.series
        for place, time in enumerate(times)
        if not math.isnan(series.values[place])
    }
