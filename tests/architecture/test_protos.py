"""The contracts are in house form, and break nobody who holds a released version."""

from pathlib import Path

import pytest

from tests.architecture.commands import PYTHON, passes, run


@pytest.fixture(autouse=True)
def third_party_protos() -> None:
    passes(PYTHON, "-m", "tools.copy_protos")


def test_protos_pass_the_linter() -> None:
    passes("buf", "lint")


def test_protos_are_formatted() -> None:
    passes("buf", "format", "--diff", "--exit-code", "proto")


def test_protos_break_no_released_contract(tmp_path: Path) -> None:
    tags = run("git", "tag", "--list", "v*", "--sort=-version:refname").stdout.split()
    if not tags:
        pytest.skip("nothing is released yet (no v* tag): there is no contract to break")
    released, present = tmp_path / "released.binpb", tmp_path / "present.binpb"
    passes("sh", "-c", f"git show {tags[0]}:gen/binnacle.binpb > {released}")
    passes("buf", "build", "--output", str(present))
    rules = '{"version": "v2", "breaking": {"use": ["FILE"]}}'
    passes("buf", "breaking", str(present), "--against", str(released), "--config", rules, "--exclude-path", "google")
