"""A suite for tests alone: on a free port, in a folder that is removed, gone with whoever started it."""

import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

from services.launcher import leash
from services.launcher.failures import LauncherError

READY = "Binnacle is ready: "
START_SECONDS, STOP_SECONDS = 180.0, 30.0
LINES_TOLD = 20
CLOCK_SKEW_HOURS = 240


@dataclass(frozen=True, slots=True)
class Scratch:
    """Where the suite is: its address, and the folder whose key signs tokens."""

    url: str
    data_dir: Path


@contextmanager
def scratch_suite() -> Iterator[Scratch]:
    """A suite that takes data up to 10 days old. Raises LauncherError where it does not start."""
    with tempfile.TemporaryDirectory(prefix="binnacle-rules-") as folder:
        process = _started(Path(folder))
        try:
            yield Scratch(_address(process), Path(folder))
        finally:
            _stop(process)


def _started(data_dir: Path) -> "subprocess.Popen[str]":
    # What the caller's own suite is told must not reach this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BINNACLE_")}
    environment["BINNACLE_CLOCK_SKEW_HOURS"] = str(CLOCK_SKEW_HOURS)
    options = ("--port", "0", "--auth", "jwt", "--no-agent", "--log-level", "warning", "--data-dir", str(data_dir))
    suite = (sys.executable, "-P", "-m", "services.launcher", "up", *options)
    command = (sys.executable, str(leash.__file__), str(os.getpid()), *suite)
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def _address(process: "subprocess.Popen[str]") -> str:
    """The address that it tells once it is ready; what it says is read as long as it lives."""
    said: deque[str] = deque(maxlen=LINES_TOLD)
    found: Queue[str] = Queue()

    def listen() -> None:
        for line in process.stdout or ():
            said.append(line)
            if READY in line:
                found.put(line.partition(READY)[2].strip())
        found.put("")

    threading.Thread(target=listen, name="suite", daemon=True).start()
    try:
        address = found.get(timeout=START_SECONDS)
    except Empty:
        address = ""
    if not address:
        raise LauncherError("The suite for the tests did not start:\n" + "".join(said))
    return address


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
