"""Runs a tool at the root of the repository and fails with its own words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
BIN = Path(PYTHON).parent


def run(*command: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The finished process; tools of this Python's environment are found first."""
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    env = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def passes(*command: str, folder: Path = ROOT) -> None:
    """Fail the test if the tool does."""
    done = run(*command, folder=folder)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}", pytrace=False)


def sources(*suffixes: str) -> list[Path]:
    """Hand-written files that git knows or would know, by suffix (all, if none is named)."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").stdout.split("\0")
    paths = [ROOT / name for name in sorted(filter(None, listed)) if not name.startswith("gen/")]
    return [path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes)]
