"""A suite started with nohup outlives its terminal."""

import asyncio
import io
import os
import signal
from pathlib import Path

import pytest

from services.core.clock import SystemClock
from services.launcher.envoy_admin import EnvoyAdmin
from services.launcher.suite import Suite
from services.launcher.terminal import Terminal


@pytest.mark.parametrize("ignored", [True, False])
async def test_a_hangup_stops_the_suite_unless_it_was_ignored_from_the_start(tmp_path: Path, ignored: bool) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    out = io.StringIO()
    try:
        with Terminal(out) as terminal:
            admin = EnvoyAdmin(str(tmp_path / "admin.sock"))
            suite = Suite([], terminal, SystemClock(), url="http://127.0.0.1:9", admin=admin, announce=str)
            running = asyncio.ensure_future(suite.run())
            await asyncio.sleep(0)
            os.kill(os.getpid(), signal.SIGHUP)
            # What is ignored can only be waited for; what stops it takes as long as the machine lets it.
            done, _pending = await asyncio.wait([running], timeout=0.3 if ignored else 20)
            assert bool(done) is not ignored
            suite.stop()
            await running
    finally:
        signal.signal(signal.SIGHUP, before)
