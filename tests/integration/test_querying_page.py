"""The commands of docs/querying.md work as they stand: every block is pasted into a shell, beside a demo."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/querying.md"
ADDRESS = "localhost:8080"
# Curl says nothing of a status that is no success unless told to; blocks end with the first command that fails.
SHELL = 'set -eu; curl() { command curl --fail-with-body --silent --show-error --max-time 30 "$@"; }\n'

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(240)]


def blocks(language: str) -> Iterator[str]:
    """The blocks of a language."""
    yield from re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def commands(block: str) -> str:
    """What is typed in a block, without what is answered: from a prompt to where quotes and line are closed."""
    typed: list[str] = []
    going_on = False
    for line in block.splitlines():
        if not going_on and not line.startswith("$ "):
            continue
        typed.append(line.removeprefix("$ ") if not going_on else line)
        last = "\n".join(typed)
        going_on = last.count("'") % 2 == 1 or last.endswith("\\")
    return "\n".join(typed)


def run(script: str, suite: Suite, folder: Path) -> str:
    script = script.replace(ADDRESS, f"localhost:{suite.port}").replace(".venv/bin", str(ROOT / ".venv/bin"))
    done = subprocess.run(
        ["bash", "-c", SHELL + script], cwd=folder, capture_output=True, text=True, errors="replace", check=False
    )
    assert done.returncode == 0, f"{script}\n{done.stdout[-2000:]}\n{done.stderr}"
    return done.stdout


def test_every_command_is_answered(suite: Suite, tmp_path: Path) -> None:
    for path in ("/api/v1/logs", "/api/v1/traces"):
        eventually_sync(lambda: len(str(suite.get(path))) > 200, f"{path} has what the demo tells", within=60)  # noqa: B023
    scripts = [script for script in map(commands, blocks("console")) if script]
    assert len(scripts) >= 12
    answered = sum(len(run(script, suite, tmp_path)) for script in scripts)
    assert answered > 10_000
    assert any(path.suffix == ".csv" for path in tmp_path.iterdir())


def test_the_python_is_answered(suite: Suite, tmp_path: Path) -> None:
    for number, block in enumerate(blocks("python")):
        (tmp_path / f"{number}.py").write_text(block.replace(ADDRESS, f"localhost:{suite.port}"))
        assert float(run(f".venv/bin/python {number}.py", suite, tmp_path)) > 0
