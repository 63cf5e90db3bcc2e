"""What `binnacle up` tells the person in front of the terminal."""

import shlex
import sys
from pathlib import Path

import pytest

from services.launcher.settings import SuiteSettings
from services.launcher.up import banner


def test_the_command_for_a_token_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/opt/my tools/binnacle", "up"])
    told = banner(SuiteSettings(host="127.0.0.1", port=1, auth="jwt", data_dir=tmp_path / "my data"))
    [line] = [line for line in told.splitlines() if line.strip().startswith("token")]
    expected = ["token", "/opt/my tools/binnacle", "token", "--tenant", "default", "--role", "admin", "--data-dir"]
    assert shlex.split(line) == [*expected, str(tmp_path / "my data")]
