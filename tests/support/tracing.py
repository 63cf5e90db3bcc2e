"""Watching a process's system calls, where the machine allows it."""

import functools
import shutil
import subprocess


@functools.cache
def can_trace() -> bool:
    """Whether strace is here and may watch another process."""
    if shutil.which("strace") is None:
        return False
    with subprocess.Popen(["sleep", "20"]) as sleeper:
        command = ["strace", "-qq", "-o", "/dev/null", "-p", str(sleeper.pid)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as strace:
            try:
                # One that may not ends at once.
                strace.wait(1)
            except subprocess.TimeoutExpired:
                return True
            finally:
                strace.terminate()
                sleeper.terminate()
    return False
