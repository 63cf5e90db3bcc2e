"""How soon somebody is told: from just before a sample that crosses is sent until a webhook has the notification.

Ours: an instant rule, one receiver; each crossing is of another rule and series, so that each is an incident of its
own. Beside it Prometheus and Alertmanager, twice: tuned tight (evaluation each second, no group wait), and as they come
(each minute, 30 seconds), of which a few crossings have to do.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
import yaml
from aiohttp import web

from bench import rivals, w1
from bench.alerting_rules import PREFIX, Sender, apply, push, threshold_rule
from bench.suite_load import target
from binnacle.metrics.v1.metrics_pb2 import MetricKind, SeriesDefinition
from binnacle_client import Client
from tests.support.suite import Suite, free_port

ENVIRONMENT = {"BINNACLE_OUTGOING_HOSTS": "127.0.0.1"}
"""The receiver is on this machine."""
HIGH, LIMIT = 200.0, 100.0
TOLD_SECONDS = 120.0
WARM_SECONDS = 0.5
_RECEIVER = "bench"
_METRIC = f"{PREFIX}told"


@dataclass(frozen=True, slots=True)
class Profile:
    """How Prometheus and Alertmanager are set up."""

    interval: str
    group_wait: str
    group_interval: str


TIGHT, DEFAULT = Profile("1s", "0s", "1s"), Profile("1m", "30s", "5m")


class Receiver:
    """A webhook that notes when it was told first of each crossing; `named` finds them in what it is sent."""

    def __init__(self, named: Callable[[Any], Sequence[str]]) -> None:
        self._named = named
        self._told: dict[str, float] = {}
        self._news = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        """A notification."""
        at = time.perf_counter()
        for name in self._named(json.loads(await request.read())):
            self._told.setdefault(name, at)
        self._news.set()
        return web.Response()

    async def told(self, name: str, within: float = TOLD_SECONDS) -> float:
        """When it was told of a crossing. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while name not in self._told:
                self._news.clear()
                await self._news.wait()
        return self._told[name]


@asynccontextmanager
async def receiving(named: Callable[[Any], Sequence[str]]) -> AsyncIterator[tuple[str, Receiver]]:
    """A receiver and its address."""
    receiver, app = Receiver(named), web.Application()
    app.router.add_post("/", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", receiver
    finally:
        await runner.cleanup()


async def ours(suite: Suite, count: int) -> list[float]:
    """Milliseconds of so many crossings."""
    names = [f"{_METRIC}-{number}" for number in range(count + 1)]
    definitions = [SeriesDefinition(name=name, kind=MetricKind.METRIC_KIND_GAUGE) for name in names]
    async with receiving(_rules_told) as (url, receiver), Client(target(suite)) as client:
        _set_up(suite, url)
        await apply(target(suite), [threshold_rule(name, name, LIMIT) for name in names])
        sender, took = await Sender.of(client, definitions), list[float]()
        await _warm(lambda: _cross(sender, 0), receiver, names[0])
        for number in range(1, count + 1):
            await asyncio.sleep(random.uniform(0.15, 0.3))
            began = time.perf_counter()
            await _cross(sender, number)
            took.append((await receiver.told(names[number]) - began) * 1e3)
        await apply(target(suite), [])
    suite.http.put("/api/v1/notifiers", json={"notifiers": {}}).raise_for_status()
    return took


def _set_up(suite: Suite, url: str) -> None:
    receivers = [{"id": _RECEIVER, "webhook": {"url": url}, "per_minute": 600}]
    told = {"receivers": receivers, "routes": [{"tell": [_RECEIVER]}]}
    suite.http.put("/api/v1/notifiers", json={"notifiers": told}).raise_for_status()


def _rules_told(told: Any) -> Sequence[str]:
    return [member["rule_id"] for incident in told["incidents"] for member in incident["members"]]


async def _cross(sender: Sender, place: int) -> None:
    await sender.send(w1.Batch(np.array([place]), np.array([int(time.time() * 1e3)]), np.array([HIGH])))


async def _warm(cross: Callable[[], Any], receiver: Receiver, name: str) -> None:
    """Cross until it is told: rules and receivers are known within seconds. Raises TimeoutError."""
    deadline = time.monotonic() + TOLD_SECONDS
    while True:
        await cross()
        try:
            await receiver.told(name, WARM_SECONDS)
        except TimeoutError:
            if time.monotonic() > deadline:
                raise
        else:
            return


async def theirs(profile: Profile, count: int) -> list[float]:
    """The same of Prometheus and Alertmanager. Raises Missing."""
    async with receiving(_alerts_told) as (url, receiver):
        with _prometheus(profile, count, url) as rival:
            async with httpx.AsyncClient(base_url=rival.url) as http:
                await _acquainted(http)
                return [await _crossing(http, receiver, number) for number in range(count)]


async def _acquainted(http: httpx.AsyncClient) -> None:
    """Return once Prometheus knows its Alertmanager: what fires before is sent a minute later. Raises TimeoutError."""
    async with asyncio.timeout(TOLD_SECONDS):
        while True:
            told = (await http.get("/api/v1/alertmanagers")).raise_for_status().json()
            if told["data"]["activeAlertmanagers"]:
                return
            await asyncio.sleep(0.1)


async def _crossing(http: httpx.AsyncClient, receiver: Receiver, number: int) -> float:
    await asyncio.sleep(random.random())
    began = time.perf_counter()
    await push(http, w1.Batch(np.array([number]), np.array([int(time.time() * 1e3)]), np.array([HIGH])))
    return (await receiver.told(f"{_METRIC}-{number}") - began) * 1e3


def _alerts_told(told: Any) -> Sequence[str]:
    return [alert["labels"]["alertname"] for alert in told["alerts"] if alert["status"] == "firing"]


@contextmanager
def _prometheus(profile: Profile, count: int, webhook: str) -> Iterator[rivals.Rival]:
    program = rivals.unpacked("prometheus", "usr/bin/prometheus")
    with _alertmanager(profile, webhook) as manager, TemporaryDirectory(prefix="rival-") as name:
        port, folder = free_port(), Path(name)
        rules = [{"alert": f"{_METRIC}-{number}", "expr": f"{_selected(number)} > {LIMIT}"} for number in range(count)]
        (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "bench", "rules": rules}]}))
        config = {
            "global": {"evaluation_interval": profile.interval},
            "rule_files": ["rules.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{manager.port}"]}]}]},
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        command = (
            *(str(program), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"),
            *(f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", "--log.level=warn"),
        )
        with rivals.running("Prometheus", command, port, "/-/ready", folder) as rival:
            yield rival


def _selected(series: int) -> str:
    labels = ",".join(f'{name}="{value}"' for name, value in w1.labels_of(series).items())
    return f"{w1.name_of(series)}{{{labels}}}"


@contextmanager
def _alertmanager(profile: Profile, webhook: str) -> Iterator[rivals.Rival]:
    program = rivals.unpacked("prometheus-alertmanager", "usr/bin/prometheus-alertmanager")
    with TemporaryDirectory(prefix="rival-") as name:
        port, folder = free_port(), Path(name)
        route = {
            "receiver": "bench",
            "group_by": ["alertname"],
            "group_wait": profile.group_wait,
            "group_interval": profile.group_interval,
        }
        config = {"route": route, "receivers": [{"name": "bench", "webhook_configs": [{"url": webhook}]}]}
        (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
        # It looks for its templates where the package would be installed.
        within = 'mount --bind "$0" /usr/share && exec "$@"'
        command = (
            *("unshare", "--mount", "--map-root-user", "sh", "-c", within, str(program.parents[1] / "share")),
            *(str(program), f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'data'}"),
            *(f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=warn"),
        )
        with rivals.running("Alertmanager", command, port, "/-/ready", folder) as rival:
            yield rival
