"""What happens, on many screens: the cost of a delivery, memory of a socket, ten thousand sockets, and how soon.

A second streamer of a running suite listens on a TCP port, as rivals do; events reach it the whole way: sent to the
edge, acknowledged, followed from the aggregator. Everybody is sent frames of about 500 bytes.
BINNACLE_BENCH_SOCKETS (1000) and BINNACLE_BENCH_MANY (10000) make it smaller; BINNACLE_BENCH_ONLY (`fanout`, `many`,
`event`, `edge`, `series`, with commas between) chooses lines.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from bench import live_rivals, processor
from bench.live_crowd import SUBSCRIBE, Dialect, Received, crowd, text, upgrade
from bench.live_events import sampling, sending
from bench.report import Result, note, tell
from bench.rivals import Missing, Rival, running
from bench.suite_load import target
from tests.support.suite import Suite, free_port, running_suite

RATE = 25.0
BYTES = 500
WARM_SECONDS = 2.0
SECONDS = 15.0
# At the edge each delivery costs twice.
EDGE_RATE = 10.0
SERIES = (1_000, 10_000)
JSON = Dialect(
    upgrade("/ws/v1/live", "Sec-WebSocket-Protocol: binnacle.v1.json"),
    text(b'{"subscribe":{"id":"b","events":{"types":["bench"]}}}'),
    b'"subscribed"',
    b'"sent":',
    b'{"sequence":',
)
# A request of one subscription without an id, as it is on the wire: events of one type.
_ASKED = b"\x0a\x09\x1a\x07\x0a\x05bench"
GRPC_WEB = Dialect(
    (
        f"POST {SUBSCRIBE} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/grpc-web+proto\r\nX-Grpc-Web: 1\r\n"
        f"Content-Length: {5 + len(_ASKED)}\r\n\r\n"
    ).encode()
    + b"\0"
    + len(_ASKED).to_bytes(4, "big")
    + _ASKED,
    b"",
    b"200 OK",
    b"sent",
    b"sent",
    timed=False,
)
GRPC = Dialect(b"", b"", b"", b"sent", b"sent", timed=False)


@dataclass(frozen=True, slots=True)
class Cost:
    """What processes took for what clients got; the memory by which the first of them grew."""

    cpu_us: dict[str, float]
    socket_kb: float
    received: Received


def run() -> None:
    """Measure and tell."""
    chosen = os.environ.get("BINNACLE_BENCH_ONLY", "fanout,many,event,edge,series").split(",")
    sockets = int(os.environ.get("BINNACLE_BENCH_SOCKETS", "1000"))
    with running_suite() as suite:
        if "fanout" in chosen:
            _fanout(suite, sockets)
        if "many" in chosen:
            _many(suite, int(os.environ.get("BINNACLE_BENCH_MANY", "10000")))
        if "event" in chosen:
            _event(suite)
        if "edge" in chosen:
            _edge(suite, sockets)
        if "series" in chosen:
            _series(suite, sockets)


def _fanout(suite: Suite, sockets: int) -> None:
    beside = [cost for rival in live_rivals.ALL if (cost := _rival(rival, sockets)) is not None]
    with replica(suite) as ours, sending(target(suite), RATE):
        cost = _cost({"ours": ours.pid}, ours.port, JSON, sockets)
    received = cost.received
    note(f"{received.size / received.frames:.0f} bytes and {received.messages / received.frames:.2f} events a frame")
    taken = cost.cpu_us["ours"]
    best = min((held.cpu_us["rival"] for held in beside), default=None)
    least = min((held.socket_kb for held in beside), default=None)
    tell(Result("live.fanout.cpu", taken, "µs of CPU a delivery", best, best and taken / best, 7.0))
    tell(Result("live.fanout.memory", cost.socket_kb, "KB a socket", least, least and cost.socket_kb / least, 14.0))


def _rival(rival: live_rivals.FanOut, sockets: int) -> Cost | None:
    try:
        with rival.serving(RATE, BYTES) as server:
            cost = _cost({"rival": server.pid}, server.port, rival.dialect, sockets)
    except Missing as missing:
        note(f"no {rival.name} beside it: {missing}")
        return None
    tell(Result(f"live.fanout.{rival.name}.cpu", cost.cpu_us["rival"], "µs of CPU a delivery"))
    tell(Result(f"live.fanout.{rival.name}.memory", cost.socket_kb, "KB a socket"))
    return cost


def _many(suite: Suite, sockets: int) -> None:
    with replica(suite) as ours, sending(target(suite), 1.0):
        cost = _cost({"ours": ours.pid}, ours.port, JSON, sockets)
    note(
        f"{sockets} sockets at the streamer itself, {cost.received.frames / SECONDS / sockets:.2f} frames a second each"
    )
    tell(Result("live.10k", float(np.percentile(cost.received.ages_ms, 99)), "ms", goal=200.0))
    tell(Result("live.10k.cpu", cost.cpu_us["ours"], "µs of CPU a delivery"))


def _event(suite: Suite) -> None:
    with sending(target(suite), EDGE_RATE), crowd() as clients:
        clients.open(JSON, suite.port, 10)
        clients.take()
        time.sleep(SECONDS)
        ages = clients.take().ages_ms
    tell(Result("live.event.p50", float(np.percentile(ages, 50)), "ms"))
    tell(Result("live.event", float(np.percentile(ages, 99)), "ms", goal=50.0))


def _edge(suite: Suite, sockets: int) -> None:
    processes = {name: child.pid for name, child in suite.children().items() if name in ("streamer", "envoy")}
    with sending(target(suite), EDGE_RATE):
        for form, dialect in (("websocket", JSON), ("grpc_web", GRPC_WEB), ("grpc", GRPC)):
            cost = _cost(processes, suite.port, dialect, sockets, streams=form == "grpc")
            for name, taken in cost.cpu_us.items():
                tell(Result(f"live.edge.{form}.cpu.{name}", taken, "µs of CPU a delivery"))


def _series(suite: Suite, sockets: int) -> None:
    """Sockets that ask for events, while samples of ever more series come in."""
    costs = []
    for series in SERIES:
        with replica(suite) as ours, sending(target(suite), EDGE_RATE), sampling(target(suite), series):
            costs.append(_cost({"ours": ours.pid}, ours.port, JSON, sockets).cpu_us["ours"])
    few, many = costs
    tell(Result("live.series.cpu", many, "µs of CPU a delivery", few, many / few, 1.0))


def _cost(processes: dict[str, int], port: int, dialect: Dialect, sockets: int, *, streams: bool = False) -> Cost:
    first = psutil.Process(next(iter(processes.values())))
    with crowd(streams=streams) as clients:
        held = first.memory_info().rss
        clients.open(dialect, port, sockets)
        time.sleep(WARM_SECONDS)
        clients.take()
        before = processor.spent_by(processes)
        time.sleep(SECONDS)
        received, after = clients.take(), processor.spent_by(processes)
        grown = first.memory_info().rss - held
    spent = processor.difference(after, before)
    cpu_us = {name: seconds / received.frames * 1e6 for name, seconds in spent.items()}
    return Cost(cpu_us, grown / sockets / 1024, received)


@contextmanager
def replica(suite: Suite) -> Iterator[Rival]:
    """A second streamer of the suite, listening on a TCP port."""
    process = suite.children()["streamer"]
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="replica-") as folder:
        own = {"BINNACLE_LISTEN": f"unix:{folder}/streamer", "BINNACLE_PAGES_LISTEN": f"127.0.0.1:{port}"}
        # Without that of the edge nobody is asked for a secret.
        environment = process.environ() | own | {"BINNACLE_EDGE_SECRET": ""}
        with running("streamer", process.cmdline(), port, "/", Path(folder), environment) as ours:
            yield ours
