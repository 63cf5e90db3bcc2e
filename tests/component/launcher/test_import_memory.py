"""An import takes as much memory for a large file as for a small one."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.suite import BINNACLE

pytestmark = [pytest.mark.processes, pytest.mark.slow]

START = 1_768_473_000
# A chunk is let go of when the next one is complete.
SMALL, LARGE = 30_000, 90_000
ALLOWED_KB = 12 * 1024
# A process of its own, since what the one that starts it has counts as that of who is started.
MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


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
    """The most memory that reading a file took."""
    command = [sys.executable, "-c", MEASURED, str(BINNACLE), "import", "--dry-run", str(path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(told.splitlines()[-1])


@pytest.mark.timeout(120)
@pytest.mark.parametrize("suffix", [".csv", ".ndjson", ".om", ".parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, suffix: str) -> None:
    peaks = []
    for rows in (SMALL, LARGE):
        path = tmp_path / f"{rows}{suffix}"
        write(path, rows)
        peaks.append(peak_kb(path))
    assert peaks[1] - peaks[0] < ALLOWED_KB, peaks
