"""The parts benchmarks are made of."""

import json
import os
import time
from collections import deque

import numpy as np
import pytest

from bench import processor, workload
from bench.__main__ import main
from bench.report import Result, tell
from bench.senders import Metronome


def test_a_result_is_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Result("e2e.points.acknowledged", 1234.56789, "points/s"))
    assert json.loads(capsys.readouterr().out) == {
        "name": "e2e.points.acknowledged",
        "value": 1234.5679,
        "unit": "points/s",
        "baseline": None,
        "ratio": None,
        "goal": None,
    }


def test_an_unknown_name_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["e2e", "warp"]) == 2
    assert "warp" in capsys.readouterr().err


def test_the_kernel_counts_what_this_process_spends() -> None:
    before = processor.spent_by({"me": os.getpid()})
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    used = processor.difference(processor.spent_by({"me": os.getpid()}), before)
    assert 0.15 < used["me"] < 1.0
    assert not processor.is_quiet(used.values(), 1.0)


def test_messages_hold_no_point_twice_and_end_before_now() -> None:
    now = 1_800_000_000_000
    samples = workload.Samples(np.arange(workload.SERIES, dtype=np.uint64), now)
    seen, last = set[tuple[int, int]](), 0
    for _, columns in zip(range(3), samples.messages(), strict=False):
        assert len(columns.values) == workload.POINTS_A_MESSAGE
        points = set(zip(columns.series_ids, columns.times_unix_ms, strict=True))
        assert len(points) == workload.POINTS_A_MESSAGE
        assert not points & seen
        seen |= points
        last = max(columns.times_unix_ms)
    assert now - 24 * 3_600_000 < last < now


def test_the_last_message_there_is_ends_before_now() -> None:
    [last] = deque(workload.Samples(np.arange(workload.SERIES, dtype=np.uint64), 10**12).messages(), maxlen=1)
    assert max(last.times_unix_ms) <= 10**12


def test_series_differ() -> None:
    made = {(each.name, tuple(sorted(each.labels.items()))) for each in workload.definitions()}
    assert len(made) == workload.SERIES


async def test_a_metronome_keeps_the_pace_and_ends() -> None:
    metronome, began, beats = Metronome(0.5, 20.0), time.monotonic(), 0
    while await metronome.next():
        beats += 1
    assert 5 <= beats <= 11
    assert time.monotonic() - began < 2.0
