"""Exports through the wired aggregator."""

import csv
import hashlib
import io
import json
import math
import os
import time
from datetime import UTC, datetime
from typing import Any

import grpc
import psutil
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from binnacle.aggregator.v1 import (
    export_service_pb2 as pb,
    export_service_pb2_grpc,
    time_series_service_pb2,
    time_series_service_pb2_grpc,
)
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import record

pytestmark = pytest.mark.store

HARD = [
    "=1+1",
    "+cmd|'/C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1",
    "-12.5",
    "+3e5",
    "a=b",
    'q"u,o\nte',
]
MANY = 3_000
ALLOWED_BYTES, MOST_EXPORTS = 16 << 20, 3
# Its stubs take messages within as messages only.
Request: Any = pb.ExportDataRequest


async def exported(service: Any, request: Any, **call: Any) -> tuple[bytes, list[Any]]:
    messages = [message async for message in service.ExportData(request, **call)]
    data = b"".join(message.data for message in messages)
    end = messages[-1].end
    assert (end.bytes, end.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert [message.HasField("start") for message in messages] == [True, *[False] * (len(messages) - 1)]
    assert all(len(message.data) <= 256 << 10 for message in messages)
    assert messages[-1].bytes == len(data)
    return data, messages


@pytest.fixture
async def service(aggregator: Aggregator) -> Any:
    now = time.time()
    await aggregator.store(
        record(
            accepted=now,
            events=[
                *({"type": "hard", "user": text, "time": now - 60, "data": {"text": text, "n": -5}} for text in HARD),
                *({"type": "many", "service": "shop", "time": now - 30} for _number in range(MANY)),
            ],
            logs=[{"message": "hello", "service": "shop"}],
            heartbeats=[{"service": "shop", "uptime": 2.5}],
            series=[(1, "cpu", {"host": "=web"}), (2, "cpu", {"host": "db"})],
            samples=[*((1, now - 20 - n // 2, -n / 4) for n in range(2_000)), (2, now - 5, 7.0)],
        ),
        record(tenant="other", accepted=now, events=[{"type": "secret"}]),
    )
    stub: Any = export_service_pb2_grpc.ExportServiceStub(aggregator.channel)
    stub.channel = aggregator.channel
    return stub


async def test_each_row_is_there_once_in_each_format(service: Any) -> None:
    rows: dict[str, list[Any]] = {}
    for form in pb.ExportFormat.values()[1:]:
        data, messages = await exported(service, Request(format=form, events={"types": ["hard", "many"]}))
        start, end = messages[0].start, messages[-1].end
        assert start.estimated_rows == end.rows == len(HARD) + MANY
        if form == pb.EXPORT_FORMAT_CSV:
            assert next(csv.reader(io.StringIO(data.decode()))) == list(start.columns)
        rows[pb.ExportFormat.Name(form)] = read(form, data)
    users = [row["user_id"] for row in rows["EXPORT_FORMAT_JSON"] if row["type"] == "hard"]
    assert users == HARD
    assert rows["EXPORT_FORMAT_NDJSON"] == rows["EXPORT_FORMAT_JSON"]
    assert rows["EXPORT_FORMAT_JSON"][0]["data"] == {"text": "=1+1", "n": -5}
    assert rows["EXPORT_FORMAT_PARQUET"] == rows["EXPORT_FORMAT_ARROW"]
    assert [row["user_id"] for row in rows["EXPORT_FORMAT_ARROW"]][: len(HARD)] == HARD
    assert all(len(found) == len(HARD) + MANY for found in rows.values())


def read(form: pb.ExportFormat.ValueType, data: bytes) -> list[Any]:
    match form:
        case pb.EXPORT_FORMAT_CSV:
            return list(csv.DictReader(io.StringIO(data.decode(), newline="")))
        case pb.EXPORT_FORMAT_JSON:
            return list(json.loads(data))
        case pb.EXPORT_FORMAT_NDJSON:
            return [json.loads(line) for line in data.splitlines()]
        case pb.EXPORT_FORMAT_PARQUET:
            return list(pa_parquet.read_table(io.BytesIO(data)).to_pylist())
        case _:
            return list(pa.ipc.open_stream(data).read_all().to_pylist())


async def test_no_cell_of_csv_is_a_formula(service: Any) -> None:
    request = Request(format=pb.EXPORT_FORMAT_CSV, events={"types": ["hard"]}, end_line=True)
    data, _messages = await exported(service, request)
    *rows, end = csv.reader(io.StringIO(data.decode(), newline=""))
    assert end == ["#end", str(len(HARD))]
    users = [row[4] for row in rows[1:]]
    assert users == [text if text in ("-12.5", "+3e5", "a=b", 'q"u,o\nte') else f"'{text}" for text in HARD]


async def test_samples_and_the_rest_come_with_their_names(service: Any) -> None:
    csv_ = pb.EXPORT_FORMAT_CSV
    data, _messages = await exported(service, Request(format=csv_, samples={}))
    found = read(csv_, data)
    assert [row["series_id"] for row in found] == ["1"] * 2_000 + ["2"]
    assert min(float(row["value"]) for row in found) == -1_999 / 4
    assert found[-1]["metric"] == "cpu"
    assert json.loads(found[-1]["labels"]) == {"host": "db"}
    only = {"matchers": [{"label": "host", "value": "db"}]}
    ndjson = pb.EXPORT_FORMAT_NDJSON
    [one] = read(ndjson, (await exported(service, Request(format=ndjson, samples=only)))[0])
    assert (one["value"], one["labels"], one["series_id"]) == (7.0, {"host": "db"}, "2")
    sources: list[dict[str, Any]] = [{"logs": {}}, {"heartbeats": {}}]
    for source in sources:
        [row] = read(ndjson, (await exported(service, Request(format=ndjson, **source)))[0])
        assert row["service"] == "shop"
    for form in pb.ExportFormat.values()[1:]:
        nothing: list[dict[str, Any]] = [{"spans": {}}, {"sums": {"bucket": 3}}, {"events": {"types": ["none"]}}]
        for empty in nothing:
            data, messages = await exported(service, Request(format=form, **empty))
            assert read(form, data) == []
            assert messages[-1].rows == 0


async def test_what_a_query_shows_comes_as_it_is_shown(service: Any) -> None:
    query = {
        "expressions": [{"selection": {"metric": "cpu", "function": 5}}],
        "step": {"seconds": 60},
        "envelope": True,
    }
    shown: Any = time_series_service_pb2_grpc.TimeSeriesServiceStub(service.channel)
    kind: Any = time_series_service_pb2.QueryTimeSeriesRequest
    answer = (await shown.QueryTimeSeries(kind(query=query))).answer
    told = {
        (datetime.fromtimestamp(at / 1e3, UTC), one.labels["host"]): (value, low, high)
        for one in answer.results[0].series
        for at, value, low, high in zip(answer.times_unix_ms, one.values, one.minimums, one.maximums, strict=True)
        if not math.isnan(value)
    }
    assert told
    for form in pb.ExportFormat.values()[1:]:
        data, messages = await exported(service, Request(format=form, query=query))
        found = {}
        for row in read(form, data):
            at = row["time"] if isinstance(row["time"], datetime) else datetime.fromisoformat(row["time"])
            labels = row["labels"] if isinstance(row["labels"], dict) else json.loads(row["labels"])
            found[at, labels["host"]] = tuple(float(row[name]) for name in ("value", "minimum", "maximum"))
        assert found == told
        assert messages[-1].end.rows == messages[0].start.estimated_rows == len(told)


async def test_another_tenant_gets_its_own(service: Any) -> None:
    request = Request(format=pb.EXPORT_FORMAT_NDJSON, events={})
    data, _messages = await exported(service, request, metadata=as_tenant("other"))
    assert [json.loads(line)["type"] for line in data.splitlines()] == ["secret"]


async def test_a_download_has_a_name(service: Any) -> None:
    call = service.DownloadData(pb.DownloadDataRequest(data="events", types=["many"], format="ndjson"))
    metadata = dict(await call.initial_metadata())
    assert metadata["content-disposition"].startswith('attachment; filename="events-')
    parts = [message.content async for message in call]
    assert parts[0].content_type == "application/x-ndjson"
    assert len(b"".join(part.data for part in parts).splitlines()) == MANY


async def test_what_breaks_a_rule_is_named(service: Any) -> None:
    csv_ = pb.EXPORT_FORMAT_CSV
    refused: list[tuple[str, Any, str]] = [
        ("ExportData", Request(events={}), "format"),
        ("ExportData", Request(format=csv_), "source"),
        ("ExportData", Request(format=csv_, sums={}), "sums.bucket"),
        ("ExportData", Request(format=csv_, logs={"pattern": "("}), "filter.pattern"),
        ("DownloadData", pb.DownloadDataRequest(data="x"), "data"),
        ("DownloadData", pb.DownloadDataRequest(data="spans", types=["x"]), "types"),
        ("DownloadData", pb.DownloadDataRequest(data="samples", match=["x"]), "match[0]"),
    ]
    for method, request, field in refused:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            [_ async for _ in getattr(service, method)(request)]
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert field in str(error.value.details())


async def test_memory_does_not_follow_the_size(aggregator: Aggregator) -> None:
    now = time.time()
    text = os.urandom(1_500).hex()
    async with aggregator.journal() as journal:
        offset = await journal.hello()
        for part in range(20):
            wide = [{"type": "wide", "time": now - part, "data": {"text": text}} for _number in range(1_000)]
            await journal.commit(offset + part, record(accepted=now, events=wide))
    service = export_service_pb2_grpc.ExportServiceStub(aggregator.channel)
    request = Request(format=pb.EXPORT_FORMAT_NDJSON, events={})
    process = psutil.Process()
    grew: list[int] = []
    # Several times, since the store merges what was written meanwhile, in the same process.
    while not grew or (grew[-1] >= ALLOWED_BYTES and len(grew) < MOST_EXPORTS):
        memory: list[int] = []
        size = 0
        async for message in service.ExportData(request):
            size += len(message.data)
            memory.append(process.memory_info().rss)
        assert size > 60 << 20
        # Pages have grown to their size by then; what follows takes nothing more.
        grew.append(memory[-1] - memory[len(memory) // 2])
    assert grew[-1] < ALLOWED_BYTES, grew


async def test_a_cancelled_export_ends(service: Any) -> None:
    call = service.ExportData(Request(format=pb.EXPORT_FORMAT_CSV, samples={}))
    assert (await call.read()).HasField("start")
    call.cancel()
    data, _messages = await exported(service, Request(format=pb.EXPORT_FORMAT_CSV, logs={}))
    assert data
