"""An import takes as much memory for a large file as for a small one."""

import subprocess
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.suite import BINNACLE
from tests.support.waiting import PAUSE_SECONDS

pytestmark = [pytest.mark.processes, pytest.mark.slow]

START = 1_768_473_000
# A chunk is let go of when the next one is complete.
SMALL, LARGE = 30_000, 90_000
ALLOWED_KB = 12 * 1024


def write(path: Path, rows: int) -> None:
    if path.suffix == ".parquet":
        columns = {"time": range(START, START + rows), "name": ["m"] * rows, "value": range(rows)}
        pq.write_table(pa.table({name: list(values) for name, values in columns.items()}), path)
        return
    with path.open("w") as file:
        file.write("time,name,value,lane\n" if path.suffix == ".csv" else "")
        for row in range(rows):
            file.write(line(path.suffix, row))


def line(suffix: str, row: int) -> str:
    if suffix == ".csv":
        return f"{START + row},m,{row},{row}\n"
    if suffix == ".ndjson":
        return f'{{"name":"m","value":{row},"timestamp":{START + row},"tags":{{"lane":{row}}}}}\n'
    return f'm{{lane="{row}"}} {row} {START + row}\n'


def peak_kb(path: Path) -> int:
    """The most memory that reading a file took, as last seen before the process ended."""
    process = subprocess.Popen([str(BINNACLE), "import", "--dry-run", str(path)], stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        # A process that is about to end has no memory any more.
        peak = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), peak)
        time.sleep(PAUSE_SECONDS)
    assert process.returncode == 0
    return peak


@pytest.mark.timeout(120)
@pytest.mark.parametrize("suffix", [".csv", ".ndjson", ".om", ".parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, suffix: str) -> None:
    peaks = []
    for rows in (SMALL, LARGE):
        path = tmp_path / f"{rows}{suffix}"
        write(path, rows)
        peaks.append(peak_kb(path))
    assert peaks[1] - peaks[0] < ALLOWED_KB, peaks
