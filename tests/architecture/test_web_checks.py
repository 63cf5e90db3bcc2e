"""The web app's own unit tests and type checks, so that one summary covers both languages."""

import json

import pytest

from tests.architecture.commands import ROOT, passes

DASHBOARD = ROOT / "dashboard"


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("script", ["test", "check"])
def test_web_app_passes(script: str) -> None:
    if not (DASHBOARD / "node_modules").exists():
        pytest.skip("the web app's packages are not installed (make setup)")
    assert script in json.loads((DASHBOARD / "package.json").read_text())["scripts"]
    passes("npm", "run", "--silent", script, folder=DASHBOARD)
