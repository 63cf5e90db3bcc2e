"""Unit tests and type checks of what is written in TypeScript, so that one summary covers both languages."""

import json

import pytest

from tests.architecture.commands import ROOT, passes


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("script", ["test", "check"])
@pytest.mark.parametrize("name", ["dashboard", "clients/typescript"])
def test_typescript_passes(name: str, script: str) -> None:
    folder = ROOT / name
    if not (folder / "node_modules").exists():
        pytest.skip(f"the packages of {name} are not installed (make setup)")
    assert script in json.loads((folder / "package.json").read_text())["scripts"]
    passes("npm", "run", "--silent", script, folder=folder)
