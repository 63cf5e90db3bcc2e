"""The rules of the alerting benchmark, in our words and in those of PromQL, and the samples they are judged by."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
import httpx
import numpy as np
import yaml
from google.protobuf.duration_pb2 import Duration

from bench import remote_write, rivals, w1
from bench.beside import beside
from bench.intake import REMOTE_WRITE
from bench.suite_load import WrongCount
from binnacle.alerting.v1.rule_service_pb2 import ApplyRulesRequest
from binnacle.alerting.v1.rule_service_pb2_grpc import RuleServiceStub
from binnacle.alerts.v1.alerts_pb2 import SEVERITY_WARNING
from binnacle.collector.v1.ingest_service_pb2 import WriteSamplesRequest, WriteSamplesResponse
from binnacle.metrics.v1.metrics_pb2 import SeriesDefinition
from binnacle.query.v1.query_pb2 import FUNCTION_AVERAGE, FUNCTION_LAST, Expression, Matcher, Selection
from binnacle.rules.v1.rules_pb2 import Condition, Level, Rule, Threshold
from binnacle_client import Client, packed_columns
from tests.support.suite import free_port

PREFIX = "bench-"
NEVER = 1e9
AVERAGE_SECONDS = 10
SECOND = Duration(seconds=1)
APPLIED_AT_ONCE = 2_500
APPLIED_AT_MOST, APPLIED_AGAIN_SECONDS = 10, 3.0
_GROUP = "bench"


@dataclass(frozen=True, slots=True)
class Rules:
    """So many rules, each of one series of W1 in turns, of its newest sample or an average; none is ever broken."""

    count: int
    averages: bool = False

    def ours(self) -> list[Rule]:
        """As we are told them."""
        return [
            threshold_rule(f"{PREFIX}{number}", w1.name_of(series), NEVER + number, w1.labels_of(series), self.averages)
            for number, series in self._series()
        ]

    def theirs(self) -> str:
        """As a file for Prometheus."""
        rules = [
            {"alert": f"{_GROUP}_{number}", "expr": f"{self._expression(series)} > {NEVER + number:.0f}"}
            for number, series in self._series()
        ]
        return yaml.safe_dump({"groups": [{"name": _GROUP, "interval": "1s", "rules": rules}]})

    def _series(self) -> Iterator[tuple[int, int]]:
        return ((number, number % w1.SERIES) for number in range(self.count))

    def _expression(self, series: int) -> str:
        labels = ",".join(f'{name}="{value}"' for name, value in w1.labels_of(series).items())
        selected = f"{w1.name_of(series)}{{{labels}}}"
        return f"avg_over_time({selected}[{AVERAGE_SECONDS}s])" if self.averages else selected


def threshold_rule(
    name: str, metric: str, threshold: float, labels: dict[str, str] | None = None, averages: bool = False
) -> Rule:
    """A rule that is judged each second: the newest sample, or an average, is above a threshold."""
    selection = Selection(
        metric=metric,
        matchers=[Matcher(label=label, value=value) for label, value in (labels or {}).items()],
        function=FUNCTION_AVERAGE if averages else FUNCTION_LAST,
        window=Duration(seconds=AVERAGE_SECONDS) if averages else None,
    )
    return Rule(
        id=name,
        name=name,
        condition=Condition(threshold=Threshold(expressions=[Expression(selection=selection)])),
        levels=[Level(severity=SEVERITY_WARNING, threshold=threshold)],
        interval=SECOND,
    )


async def apply(target: str, rules: Sequence[Rule]) -> None:
    """Make these the rules that came from files, some more each time: what is recorded at once has to fit a request."""
    async with grpc.aio.insecure_channel(target) as channel:
        stub = RuleServiceStub(channel)
        for count in [*range(APPLIED_AT_ONCE, len(rules), APPLIED_AT_ONCE), len(rules)]:
            await _apply(stub, rules[:count])


async def _apply(stub: Any, rules: Sequence[Rule]) -> None:
    # What the edge did not wait for is done all the same: asked again, there is nothing left to do.
    again = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED
    for left in reversed(range(APPLIED_AT_MOST)):
        try:
            await stub.ApplyRules(ApplyRulesRequest(rules=rules), timeout=60)
        except grpc.aio.AioRpcError as error:
            if not left or error.code() not in again:
                raise
            await asyncio.sleep(APPLIED_AGAIN_SECONDS)
        else:
            return


def values_at(second: int) -> w1.Floats:
    """A sample of each series, another one each second."""
    return ((np.arange(w1.SERIES) + second) % 100).astype(np.float64)


def batch_at(now: float, values: w1.Floats) -> w1.Batch:
    """Samples of the first series, all of one time."""
    return w1.Batch(np.arange(len(values)), np.full(len(values), int(now * 1e3)), values)


class Sender:
    """Samples of registered series over one stream, each message until it is acknowledged."""

    def __init__(self, client: Client, ids: Sequence[int]) -> None:
        self._ids = np.array(ids, np.uint64)
        self._call = client.stream_samples()
        self._sent = 0

    @classmethod
    async def of(cls, client: Client, definitions: Sequence[SeriesDefinition], at_once: int = 10_000) -> "Sender":
        """Register these series."""
        ids: list[int] = []
        for first in range(0, len(definitions), at_once):
            ids += await client.metrics.register(definitions[first : first + at_once])
        return cls(client, ids)

    async def send(self, batch: w1.Batch) -> None:
        """Return once it is on disk. Raises WrongCount when it is not taken."""
        self._sent += 1
        columns = packed_columns(self._ids[batch.places], batch.times_ms, batch.values)
        await self._call.write(WriteSamplesRequest(sequence=self._sent, samples=columns))
        answer = await self._call.read()
        if not isinstance(answer, WriteSamplesResponse) or answer.rejected:
            raise WrongCount(f"samples were refused: {answer}")


def sending(target: str) -> AbstractContextManager[None]:
    """A sample of each series of W1 a second to us, for the length of the block."""
    return beside(_send, target)


def pushing(url: str) -> AbstractContextManager[None]:
    """The same to Prometheus."""
    return beside(_push, url)


async def _send(target: str) -> None:
    async with Client(target) as client:
        sender = await Sender.of(client, w1.definitions())
        while True:
            now = await _next_second()
            await sender.send(batch_at(now, values_at(int(now))))


async def _push(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as http:
        while True:
            now = await _next_second()
            await push(http, batch_at(now, values_at(int(now))))


async def push(http: httpx.AsyncClient, batch: w1.Batch) -> None:
    """Write samples to Prometheus."""
    [body] = remote_write.bodies(iter([batch]), 1)
    (await http.post("/api/v1/write", content=body, headers=REMOTE_WRITE)).raise_for_status()


async def _next_second() -> float:
    await asyncio.sleep(1 - time.time() % 1)
    return time.time()


@contextmanager
def ruled_prometheus() -> Iterator[rivals.Rival]:
    """Prometheus with remote write, and rules that can be changed. Raises Missing."""
    program = rivals.unpacked("prometheus", "usr/bin/prometheus")
    with TemporaryDirectory(prefix="rival-") as name:
        port, folder = free_port(), Path(name)
        (folder / "prometheus.yml").write_text(yaml.safe_dump({"rule_files": ["rules.yml"]}))
        command = (
            *(str(program), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"),
            *(f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", "--web.enable-lifecycle"),
            "--log.level=warn",
        )
        with rivals.running("Prometheus", command, port, "/-/ready", folder) as rival:
            yield rival


def tell_prometheus(rival: rivals.Rival, rules: str) -> None:
    """Make these its rules."""
    (rival.folder / "rules.yml").write_text(rules)
    httpx.post(f"{rival.url}/-/reload", timeout=60).raise_for_status()
