"""No child outlives its parent, even a parent that was killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from services.launcher.child import LEASH
from services.launcher.leash import ORPHANED
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.processes

PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-I", "-S", sys.argv[1], str(os.getpid()), sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"])
print(child.pid, flush=True)
child.wait()
"""


def test_a_killed_parent_takes_its_child_along() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(LEASH)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        lines = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}
        lines.remove("up")
        child = int(lines.pop())
        parent.send_signal(signal.SIGKILL)
        eventually_sync(lambda: not alive(child), "the child is gone")


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be buried does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_child_whose_parent_is_gone_already_does_not_start(tmp_path: Path) -> None:
    sign = tmp_path / "started"
    nobody = 2**22 - 1
    command = [sys.executable, "-I", "-S", str(LEASH), str(nobody), "/usr/bin/touch", str(sign)]
    assert subprocess.run(command, check=False).returncode == ORPHANED
    assert not sign.exists()


def test_the_program_gets_its_arguments_and_descriptors_and_ignores_no_signal() -> None:
    leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid())]
    reading, writing = os.pipe()
    with os.fdopen(reading) as pipe:
        program = ["/bin/cp", "/proc/self/status", f"/dev/fd/{writing}"]
        subprocess.run([*leash, *program], pass_fds=[writing], check=True)
        os.close(writing)
        ignored = next(line for line in pipe.read().splitlines() if line.startswith("SigIgn"))
    assert int(ignored.split()[1], 16) & (1 << (signal.SIGPIPE - 1)) == 0
