"""What can be said of the Dockerfile without an engine: it copies what exists, and installs what is locked."""

import re
import tomllib
from pathlib import PurePosixPath

from tests.architecture.commands import ROOT, run

DOCKERFILE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
RUNTIME_LOCK = "requirements-runtime.lock"


def pins(lock: str) -> set[str]:
    """`name==version` of each package of a lock."""
    return set(re.findall(r"^([a-z0-9-]+==[^ ]+)", (ROOT / lock).read_text(), re.MULTILINE))


def copied() -> list[str]:
    """Sources of each COPY from the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_what_is_copied_is_in_the_repository() -> None:
    tracked = run("git", "ls-files", "--cached", "--others", "--exclude-standard").stdout.splitlines()
    folders = {str(parent) for name in tracked for parent in PurePosixPath(name).parents}
    assert copied()
    assert [source for source in copied() if source not in {*tracked, *folders}] == []


def test_what_is_copied_is_sent_to_the_engine() -> None:
    admitted = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert [source for source in copied() if not any(source == a or source.startswith(f"{a}/") for a in admitted)] == []


def test_images_run_as_nobody_in_particular() -> None:
    for target in ("edge", "services"):
        stage = DOCKERFILE.split(f" AS {target}\n")[1].split("\nFROM ")[0]
        assert "\nUSER 10001:10001\n" in stage
        assert "\nENTRYPOINT [" in stage


def test_the_runtime_lock_is_the_lock_without_what_only_developers_need() -> None:
    assert pins(RUNTIME_LOCK) < pins("requirements.lock")
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    needed = {re.split(r"[\[<>=~! ]", requirement)[0] for requirement in named}
    assert needed <= {pin.split("==")[0] for pin in pins(RUNTIME_LOCK)}
