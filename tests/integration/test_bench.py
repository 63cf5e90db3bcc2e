"""The end to end benchmark runs, counts, and tells every figure."""

import json
import os
import subprocess
import sys

import pytest

NAMES = {"count", "acknowledged", "committed"} | {
    f"cpu.{name}" for name in ("collector", "aggregator", "streamer", "alerting", "redis", "envoy", "sender", "total")
}


@pytest.mark.processes
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_whole_path_is_measured_and_every_count_is_right() -> None:
    environment = {**os.environ, "BINNACLE_BENCH_SECONDS": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "bench", "e2e"], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-4000:]
    results = {line["name"]: line for line in map(json.loads, run.stdout.splitlines())}
    assert set(results) == {f"e2e.{sort}.{name}" for sort in ("points", "events") for name in NAMES}
    assert all(line.keys() == {"name", "value", "unit", "baseline", "ratio", "goal"} for line in results.values())
    assert results["e2e.points.count"]["value"] >= 10_000
    assert results["e2e.events.count"]["value"] >= 1_000
