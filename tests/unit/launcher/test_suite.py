"""A whole suite of tiny real processes: started together, stopped in the order the data flows."""

import asyncio
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from services.core.clock import SystemClock
from services.launcher.child import Plan
from services.launcher.envoy_admin import EnvoyAdmin
from services.launcher.probes import NotReady, Probe
from services.launcher.renewal import RESTART
from services.launcher.suite import Suite
from services.launcher.terminal import Terminal
from tests.support.waiting import eventually

pytestmark = pytest.mark.processes

NAMES = ("redis", "collector", "aggregator", "streamer", "alerting", "envoy", "agent", "demo")
# Writes its name when it is asked to stop, after a moment in which the next one must not be asked yet.
POLITE = """
import signal, sys, time
def stop(*_):
    time.sleep(0.1)
    with open(sys.argv[2], "a") as log: log.write(sys.argv[1] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("up", flush=True)
time.sleep(60)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def plan(name: str, script: str, log: Path, probe: Probe | None = None, waits_for: Sequence[str] = ()) -> Plan:
    command = (sys.executable, "-c", script, name, str(log))
    return Plan(name, command, dict(os.environ), probe, waits_for=waits_for)


def suite_of(plans: Sequence[Plan], terminal: Terminal, folder: Path) -> Suite:
    """A suite whose edge does not exist: nothing to drain, nothing to announce."""
    return Suite(
        plans,
        terminal,
        SystemClock(),
        url="http://127.0.0.1:9",
        admin=EnvoyAdmin(str(folder / "admin.sock")),
        announce=lambda: "never",
    )


async def all_up(out: io.StringIO, count: int) -> None:
    async def up() -> bool:
        return out.getvalue().count("| up") == count

    await eventually(up, f"{count} children are up", within=50)


async def test_stopped_in_the_order_the_data_flows(tmp_path: Path) -> None:
    out, log = io.StringIO(), tmp_path / "order"
    with Terminal(out) as terminal:
        suite = suite_of([plan(name, POLITE, log) for name in NAMES], terminal, tmp_path)
        running = asyncio.ensure_future(suite.run())
        await all_up(out, len(NAMES))
        suite.stop()
        assert await running == 0
    order = log.read_text().split()
    assert sorted(order[:2]) == ["agent", "demo"]
    assert order[2:4] == ["collector", "aggregator"]
    assert sorted(order[4:6]) == ["alerting", "streamer"]
    assert order[6:] == ["envoy", "redis"]


async def test_the_edge_starts_when_everything_behind_it_is_ready(tmp_path: Path) -> None:
    out, sign = io.StringIO(), tmp_path / "sign"

    async def probe() -> None:
        if not sign.exists():
            raise NotReady("no sign yet")

    with Terminal(out) as terminal:
        edge = plan("envoy", POLITE, tmp_path / "order", waits_for=["collector"])
        suite = suite_of([plan("collector", POLITE, tmp_path / "order", probe), edge], terminal, tmp_path)
        running = asyncio.ensure_future(suite.run())
        await all_up(out, 1)
        assert "envoy      | up" not in out.getvalue()
        sign.touch()
        await all_up(out, 2)
        suite.stop()
        assert await running == 0


async def test_stopped_before_the_edge_had_started(tmp_path: Path) -> None:
    out = io.StringIO()

    async def never() -> None:
        raise NotReady("never")

    with Terminal(out) as terminal:
        edge = plan("envoy", POLITE, tmp_path / "order", waits_for=["collector"])
        suite = suite_of([plan("collector", POLITE, tmp_path / "order", never), edge], terminal, tmp_path)
        running = asyncio.ensure_future(suite.run())
        await all_up(out, 1)
        suite.stop()
        assert await asyncio.wait_for(running, 30) == 0
    assert (tmp_path / "order").read_text().split() == ["collector"]


async def test_asked_twice_it_does_not_wait(tmp_path: Path) -> None:
    out = io.StringIO()
    with Terminal(out) as terminal:
        suite = suite_of([plan(name, STUBBORN, tmp_path) for name in ("collector", "redis")], terminal, tmp_path)
        running = asyncio.ensure_future(suite.run())
        await all_up(out, 2)
        suite.stop()
        suite.stop()
        assert await asyncio.wait_for(running, 8) == 0


async def test_a_refused_configuration_stops_the_suite(tmp_path: Path) -> None:
    out = io.StringIO()
    refusing = "print('BINNACLE_REDIS_URL: is missing'); raise SystemExit(2)"
    with Terminal(out) as terminal:
        plans = [plan("alerting", refusing, tmp_path), plan("redis", POLITE, tmp_path / "order")]
        assert await asyncio.wait_for(suite_of(plans, terminal, tmp_path).run(), 60) == 1
    assert "BINNACLE_REDIS_URL: is missing" in out.getvalue()
    assert "cannot use its configuration; the suite stops" in out.getvalue()


async def test_restarted_it_goes_on_where_a_part_does_not_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.launcher.suite.RENEWAL_SECONDS", 3.0)
    out, told = io.StringIO(), list[str]()
    log = tmp_path / "order"

    def answered(_request: httpx.Request) -> httpx.Response:
        # Once the aggregator was stopped, the edge says that not all is well.
        return httpx.Response(503 if log.exists() and "aggregator" in log.read_text() else 200)

    with Terminal(out) as terminal:
        suite = Suite(
            [plan(name, POLITE, log) for name in NAMES],
            terminal,
            SystemClock(),
            url="http://127.0.0.1:9",
            admin=EnvoyAdmin(str(tmp_path / "admin.sock")),
            announce=lambda: "never",
            transport=httpx.MockTransport(answered),
            told=told.append,
        )
        running = asyncio.ensure_future(suite.run())
        await all_up(out, len(NAMES))
        os.kill(os.getpid(), RESTART)

        async def heard() -> bool:
            return bool(told)

        await eventually(heard, "the outcome is told", within=60)
        suite.stop()
        assert await running == 0
    assert told[0].startswith("not all was restarted: after aggregator was, the suite is not ready")
    assert log.read_text().split()[:2] == ["redis", "aggregator"], "the others were left alone until the stop"


async def test_restarted_all_are_fresh_in_the_order_they_need_each_other(tmp_path: Path) -> None:
    out, told, log = io.StringIO(), list[str](), tmp_path / "order"
    with Terminal(out) as terminal:
        suite = Suite(
            [plan(name, POLITE, log) for name in NAMES],
            terminal,
            SystemClock(),
            url="http://127.0.0.1:9",
            admin=EnvoyAdmin(str(tmp_path / "admin.sock")),
            announce=lambda: "never",
            transport=httpx.MockTransport(lambda _request: httpx.Response(200)),
            told=told.append,
        )
        running = asyncio.ensure_future(suite.run())
        await all_up(out, len(NAMES))
        os.kill(os.getpid(), RESTART)

        async def heard() -> bool:
            return bool(told)

        await eventually(heard, "the outcome is told", within=60)
        assert told[0].startswith("all was restarted in")
        expected = ["redis", "aggregator", "alerting", "streamer", "collector", "envoy", "agent", "demo"]
        assert log.read_text().split() == expected
        suite.stop()
        assert await running == 0
