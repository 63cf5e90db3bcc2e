"""Made-up log lines through a running collector to journal records."""

from collections import Counter
from pathlib import Path
from typing import Any

import grpc
import orjson
import pytest

from binnacle.collector.v1 import log_generator_service_pb2 as pb, log_generator_service_pb2_grpc
from tests.component.collector.collectors import Collector, collector, violations

pytestmark = pytest.mark.network

LEVELS = {1: "debug", 2: "info", 3: "warning", 4: "error", 5: "critical"}


def stub(running: Collector) -> Any:
    return log_generator_service_pb2_grpc.LogGeneratorServiceStub(running.channel)


async def test_lines_are_taken_in_as_if_sent_and_marked(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        request = pb.GenerateLogsRequest(count=200, levels=["error", "info"], services=["a", "b"])
        answer = await stub(running).GenerateLogs(request)
        [record] = await running.committed(1)
    assert answer.accepted == len(record.logs.messages) == 200
    assert Counter(LEVELS[level] for level in record.logs.levels) == dict(answer.levels)
    assert Counter(record.logs.services) == dict(answer.services)
    assert (set(answer.levels), set(answer.services)) == ({"error", "info"}, {"a", "b"})
    assert all(record.logs.messages)
    assert {orjson.loads(one)["generated"] for one in record.logs.attributes_json} == {True}


async def test_without_wishes_ten_of_all_levels(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        answer = await stub(running).GenerateLogs(pb.GenerateLogsRequest())
        many = await stub(running).GenerateLogs(pb.GenerateLogsRequest(count=1_000))
    assert (answer.accepted, dict(answer.services)) == (10, {"log-generator": 10})
    assert set(many.levels) == set(LEVELS.values())
    assert many.levels["info"] > many.levels["critical"]


async def test_a_bad_wish_names_its_field(tmp_path: Path) -> None:
    bad = [
        (pb.GenerateLogsRequest(count=1_001), "count"),
        (pb.GenerateLogsRequest(levels=["loud"]), "levels"),
        (pb.GenerateLogsRequest(services=["s"] * 21), "services"),
        (pb.GenerateLogsRequest(services=[""]), "services"),
    ]
    async with collector(tmp_path) as running:
        for request, field in bad:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub(running).GenerateLogs(request)
            assert list(violations(refused.value)) == [field]
