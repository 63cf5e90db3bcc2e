"""Every format to the same points, in the same chunks whenever it is read; and what is wrong, by its place."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.launcher.importing.chunks import MAX_SAMPLES, Chunk
from services.launcher.importing.faults import BadFile
from services.launcher.importing.run import FORMATS
from services.launcher.importing.tables import Columns

Point = tuple[str, tuple[tuple[str, str], ...], int, str, int, float, int]
JAN = 1_768_473_000_000  # 2026-01-15T10:30:00Z
GAUGE, COUNTER, DELTA = 1, 2, 3


def points(chunks: Iterator[Chunk]) -> list[Point]:
    """Name, labels, kind, unit, time, value and line of each sample, by line."""
    found: list[Point] = []
    for chunk in chunks:
        for series, lines in zip(chunk.series, chunk.lines, strict=True):
            about = series.series
            labels = tuple(sorted(about.labels.items()))
            for at, value, line in zip(series.times_unix_ms, series.values, lines, strict=True):
                found.append((about.name, labels, about.kind, about.unit, at, value, line))
    return sorted(found, key=lambda point: point[-1])


def read(path: Path, form: str, columns: Columns | None = None) -> list[Point]:
    return points(FORMATS[form](path, columns or Columns()))


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_long_table(tmp_path: Path) -> None:
    text = (
        "\ufefftime,name,value,service,zone\r\n"
        "2026-01-15T10:30:00Z,latency,45.2,cart,\r\n"
        f'{JAN // 1000},latency,46,"pay, later",eu\r\n'
        f"{JAN + 5},latency,,cart,eu\r\n"
    )
    assert read(written(tmp_path / "a.csv", text), "csv", Columns(unit="ms")) == [
        ("latency", (("service", "cart"),), GAUGE, "ms", JAN, 45.2, 2),
        ("latency", (("service", "pay, later"), ("zone", "eu")), GAUGE, "ms", JAN, 46.0, 3),
    ]


def test_a_wide_table(tmp_path: Path) -> None:
    text = f"when,host,cpu,memory\n{JAN},a,12.5,100\n{JAN + 1000},a,NaN,200\n"
    columns = Columns(time="when", labels=("host",), kind="counter")
    host = (("host", "a"),)
    assert read(written(tmp_path / "a.csv", text), "csv", columns) == [
        ("cpu", host, COUNTER, "", JAN, 12.5, 2),
        ("memory", host, COUNTER, "", JAN, 100.0, 2),
        ("memory", host, COUNTER, "", JAN + 1000, 200.0, 3),
    ]


def test_parquet_as_a_table(tmp_path: Path) -> None:
    moment = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
    table = pa.table(
        {
            "timestamp": pa.array([moment, moment], pa.timestamp("us", "UTC")),
            "metric": ["latency", "latency"],
            "value": pa.array([1.5, None], pa.float64()),
            "code": pa.array([200, 500], pa.int64()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", "parquet") == [("latency", (("code", "200"),), GAUGE, "", JAN, 1.5, 1)]


def test_one_object_a_line(tmp_path: Path) -> None:
    text = (
        f'{{"name":"requests","value":3,"timestamp":{JAN},"tags":{{"ok":true,"code":200,"none":null}}}}\n\n'
        '{"type":"purchase","timestamp":"2026-01-15T10:30:00.250Z","service":"shop","data":{"total":5}}\n'
        f'{{"name":"cpu","value":1.5,"timestamp":{JAN // 1000},"unit":"%"}}\n'
    )
    path = written(tmp_path / "a.ndjson", text)
    assert read(path, "ndjson") == [
        ("requests", (("code", "200"), ("ok", "true")), DELTA, "", JAN, 3.0, 1),
        ("cpu", (), GAUGE, "%", JAN, 1.5, 4),
    ]
    [chunk] = FORMATS["ndjson"](path, Columns())
    [event] = chunk.events
    assert (event.type, event.service, dict(event.data)) == ("purchase", "shop", {"total": 5})
    assert event.time.ToMilliseconds() == JAN + 250
    assert list(chunk.event_lines) == [3]


def test_openmetrics_with_times(tmp_path: Path) -> None:
    text = (
        "# TYPE jobs counter\n# UNIT took_seconds seconds\n# TYPE took_seconds histogram\n"
        f'jobs_total{{lane="a"}} 5 {JAN / 1000} # {{trace="x"}} 1\n'
        f'jobs_total{{lane="b # {{"}} 6 {JAN / 1000}\n'
        f'jobs_total{{lane="a"}} 7 {JAN / 1000 + 1}\n'
        f'took_seconds_bucket{{le="+Inf"}} 2 {JAN / 1000}\n'
        f"took_seconds_sum 1.5 {JAN / 1000}\n"
        f"depth NaN {JAN / 1000}\n"
        f"depth 0.25 {JAN / 1000}\n"
        "# EOF\n"
    )
    assert read(written(tmp_path / "a.om", text), "openmetrics") == [
        ("jobs_total", (("lane", "a"),), COUNTER, "", JAN, 5.0, 4),
        ("jobs_total", (("lane", "b # {"),), COUNTER, "", JAN, 6.0, 5),
        ("jobs_total", (("lane", "a"),), COUNTER, "", JAN + 1000, 7.0, 6),
        ("took_seconds_bucket", (("le", "+Inf"),), COUNTER, "seconds", JAN, 2.0, 7),
        ("took_seconds_sum", (), COUNTER, "seconds", JAN, 1.5, 8),
        ("depth", (), GAUGE, "", JAN, 0.25, 10),
    ]


def test_chunks_are_bounded_and_the_same_whatever_follows(tmp_path: Path) -> None:
    rows = [f"{JAN + number},m,{number},{number % 7}\n" for number in range(MAX_SAMPLES * 2 + 10)]
    whole = list(FORMATS["csv"](written(tmp_path / "a.csv", "time,name,value,lane\n" + "".join(rows)), Columns()))
    less = written(tmp_path / "b.csv", "time,name,value,lane\n" + "".join(rows[:-5]))
    assert [chunk.points for chunk in whole] == [MAX_SAMPLES, MAX_SAMPLES, 10]
    digests = [chunk.digest() for chunk in whole]
    assert [chunk.digest() for chunk in FORMATS["csv"](less, Columns())][:2] == digests[:2]
    assert len(set(digests)) == 3
    done = [chunk.done for chunk in whole]
    assert done == sorted(done)
    assert done[-1] == (tmp_path / "a.csv").stat().st_size


@pytest.mark.parametrize(
    ("form", "text", "place", "reason"),
    [
        ("csv", "", "f", "is empty"),
        ("csv", "a,b\n1,2\n", "f, line 1", "no column is the time"),
        ("csv", "time,name\n1,2\n", "f, line 1", "no column is the value"),
        ("csv", "time,name,value,name\n", "f, line 1", "more than once"),
        ("csv", f"time,name,value\n{JAN},a,1\n{JAN},a\n", "f, line 3", "has 2 cells, the header 3"),
        ("csv", f"time,name,value\n{JAN},,1\n", "f, line 2, column name", "names no metric"),
        ("csv", f"time,name,value\n{JAN},a,much\n", "f, line 2, column value", "'much' is no number"),
        ("csv", "time,name,value\nyesterday,a,1\n", "f, line 2, column time", "is no time"),
        ("csv", "time,name,value\n2026-01-15 10:30,a,1\n", "f, line 2, column time", "must name its zone"),
        ("csv", b"time,name,value\n1,\xff,1\n", "f, line", "UTF-8"),
        ("csv", 'time,name,value\n1,"a"b,1\n', "f, line 2", "is no CSV"),
        ("ndjson", '{"name":"a","value":1}\n', "f, line 1", "timestamp"),
        ("ndjson", '{"name":"a","value":"1","timestamp":1}\n', "f, line 1", "value"),
        ("ndjson", '{"name":"a","value":1,"timestamp":1}\n{"nme":1}\n', "f, line 2", "nme"),
        ("ndjson", '{"type":"a","timestamp":"soon"}\n', "f, line 1, column timestamp", "is no time"),
        ("ndjson", b'{"type":"\xff"}\n', "f, line 1", ""),
        ("openmetrics", "# TYPE a gauge\na 1\n# EOF\n", "f, line 2", "carries no time"),
        ("openmetrics", f"a 1 {JAN / 1000}\na{{b=c}} 1 {JAN / 1000}\n", "f, line 2", "is no OpenMetrics"),
        ("parquet", "PAR1 or not", "f", "is no Parquet"),
    ],
)
def test_what_is_wrong_is_told_by_its_place(
    tmp_path: Path, form: str, text: str | bytes, place: str, reason: str
) -> None:
    with pytest.raises(BadFile) as caught:
        read(written(tmp_path / "f", text), form)
    assert str(caught.value.place).startswith(place)
    assert reason in caught.value.description


def test_a_label_that_is_a_list(tmp_path: Path) -> None:
    pq.write_table(pa.table({"time": [JAN], "name": ["a"], "value": [1.0], "lanes": [["a", "b"]]}), tmp_path / "f")
    with pytest.raises(BadFile, match="f, line 1: has a list"):
        read(tmp_path / "f", "parquet")


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    path = written(tmp_path / "f", f"time,name,value\n{JAN},a,1\n")
    with pytest.raises(BadFile, match="there is no column when"):
        read(path, "csv", Columns(time="when"))
