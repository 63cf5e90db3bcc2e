"""`binnacle restart`: has a running suite put fresh processes in the place of all of its own."""

import os
import signal
import time
from pathlib import Path

from services.launcher.failures import LauncherError
from services.launcher.places import holder

# What a launcher is told by, and the file among its sockets where it says how it went.
RESTART = signal.SIGUSR1
OUTCOME = "restarted"
POLL_SECONDS = 0.1


def restart(data_dir: Path, within: float) -> str:
    """Restart the suite on `data_dir`, and return how it went. Raises LauncherError when it did not go well."""
    running = holder(data_dir)
    if running is None:
        raise LauncherError(f"No suite runs on {data_dir}. Name its directory with --data-dir.")
    pid, runtime = running
    said = runtime / OUTCOME
    before = _when(said)
    os.kill(pid, RESTART)
    deadline = time.monotonic() + within
    while _when(said) == before:
        if time.monotonic() > deadline or holder(data_dir) is None:
            raise LauncherError("The suite did not say that all was restarted; its log has more.")
        time.sleep(POLL_SECONDS)
    outcome = said.read_text()
    if not outcome.startswith("all "):
        raise LauncherError(f"{outcome}. The parts after it run as before.")
    return outcome


def _when(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
