"""`binnacle import` against a whole suite: stopped anywhere and begun again, everything is there once."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.stored import everything_is_stored, rows_of
from tests.support.suite import BINNACLE, Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(240)]

DAY_MS = 86_400_000
LANES = 10
RAW = 40_000
OLD = 30_000
EVENTS = 5_000


@dataclass(frozen=True, slots=True)
class Scene:
    """A running suite, files to import, and a folder of resume files."""

    suite: Suite
    folder: Path

    @property
    def resume(self) -> Path:
        return self.folder / "resume"

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        clean = {key: value for key, value in os.environ.items() if not key.startswith("BINNACLE_")}
        target = f"127.0.0.1:{self.suite.port}"
        command = [str(BINNACLE), "import", "--target", target, "--resume-dir", str(self.resume), *arguments]
        return subprocess.Popen(command, env=clean, text=True, stderr=subprocess.PIPE)

    def finish(self, *arguments: str) -> str:
        process = self.start(*arguments)
        _nothing, told = process.communicate(timeout=90)
        assert process.returncode == 0, told
        return told

    def acknowledged(self) -> int:
        found = [json.loads(path.read_text()) for path in self.resume.glob("*.json")]
        return sum(int(progress["chunks"]) for progress in found)


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="binnacle-test-") as name, Suite(Path(name) / "data") as suite:
        yield Scene(suite, Path(name))


def write_samples(path: Path, now_ms: int) -> float:
    """Samples of three and of a hundred days ago; the sum of the old ones."""
    total = 0.0
    with path.open("w") as file:
        file.write("time,metric,value,lane\n")
        for number in range(RAW):
            file.write(f"{now_ms - 3 * DAY_MS + number * 100},imported,{number},{number % LANES}\n")
        for number in range(OLD):
            file.write(f"{now_ms - 100 * DAY_MS + number * 100},imported,{number / 8},{number % LANES}\n")
            total += number / 8
    return total


def write_events(path: Path, now_ms: int) -> None:
    with path.open("w") as file:
        for number in range(EVENTS):
            event = {"type": "imported", "timestamp": now_ms - 9 * DAY_MS + number, "data": {"number": number}}
            file.write(json.dumps(event) + "\n")


def test_what_is_refused_is_told_by_its_line(scene: Scene) -> None:
    path, now = scene.folder / "odd.csv", int(time.time())
    path.write_text(f"time,name,value\n{now},good,1\n{now},9bad,1\n{now},good,inf\n{now + 9 * 86_400},good,1\n")
    process = scene.start(str(path))
    _nothing, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "odd.csv, line 3: must be 1 to 200 characters" in told
    assert "odd.csv, line 4: must be finite" in told
    assert "odd.csv, line 5: must be at most 24 hours ahead of now" in told
    assert "1 points imported, 3 refused" in told


def test_killed_and_begun_again_everything_is_there_once(scene: Scene) -> None:
    samples, events, now_ms = scene.folder / "samples.csv", scene.folder / "events.ndjson", int(time.time() * 1000)
    total = write_samples(samples, now_ms)
    write_events(events, now_ms)
    before = scene.acknowledged()
    for chunks in (1, 3):
        process = scene.start("--rate", "20000", str(samples))
        eventually_sync(lambda least=chunks: scene.acknowledged() >= before + least, "some chunks are in", within=30)  # type: ignore[misc]
        process.kill()
        process.communicate()
    assert scene.acknowledged() < before + (RAW + OLD) // 10_000
    told = scene.finish(str(samples), str(events))
    assert f"{RAW + OLD:,} points imported" in told
    assert "before" in scene.finish(str(samples))
    # Without its memory it sends all of it again, and the suite knows each chunk by its name.
    scene.finish("--again", str(samples), str(events))
    everything_is_stored(scene.suite)
    assert scene.suite.get("/events", type="imported")["count"] == EVENTS
    scene.suite.stop()
    data = scene.suite.data_dir
    ours = "series_id IN (SELECT id FROM series WHERE name = 'imported')"
    raw = f"SELECT count(), uniqExact(series_id, time), sum(value) FROM samples_values WHERE {ours}"
    assert rows_of(data, raw) == [[RAW, RAW, sum(range(RAW))]]
    sums = "SELECT tier, sum(count), sum(sum) FROM imported_rollups GROUP BY tier ORDER BY tier"
    assert rows_of(data, sums) == [[3_600, OLD, total], [86_400, OLD, total]]


def test_a_suite_that_is_away_is_waited_for_and_then_given_up(scene: Scene) -> None:
    path = scene.folder / "a.csv"
    path.write_text(f"time,name,value\n{int(time.time())},a,1\n")
    process = scene.start("--patience", "1s", str(path))
    _nothing, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "The suite takes nothing" in told
    assert "The same command goes on from here" in told
