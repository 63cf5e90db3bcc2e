"""What `make` tells the programs that fetch for it."""

import os
import subprocess
from pathlib import Path

import pytest

from bench.__main__ import NAMES

ROOT = Path(__file__).parents[2]
SHOW = "show: ; @echo $$UV_SYSTEM_CERTS $$NODE_EXTRA_CA_CERTS"


def told(**environment: str) -> list[str]:
    command = ["make", "--silent", "--eval", SHOW, "show"]
    plain = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True, check=True).stdout.split()


def test_packages_are_fetched_with_the_machines_certificates() -> None:
    if not told():
        pytest.skip("the machine has no list of certificates")
    asked, where = told()
    assert asked == "true"
    assert "BEGIN CERTIFICATE" in Path(where).read_text()


def test_who_names_others_has_those() -> None:
    if not told():
        pytest.skip("the machine has no list of certificates")
    assert told(UV_SYSTEM_CERTS="false", NODE_EXTRA_CA_CERTS="/mine.pem") == ["false", "/mine.pem"]


def test_the_help_names_every_benchmark() -> None:
    output = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f'NAME="{" ".join(NAMES)}"' in output
