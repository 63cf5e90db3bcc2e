"""The Python client can be installed by itself, into a program that has nothing else of Binnacle."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "clients/python"


def test_its_wheel_holds_the_client_and_the_stubs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=FOLDER, capture_output=True, check=True)
    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {f"binnacle_client/{path.name}" for path in (FOLDER / "binnacle_client").glob("*.py")}
    stubs = ROOT / "gen/python"
    assert ours | {str(path.relative_to(stubs)) for path in stubs.rglob("*_pb2*.py")} <= names
    assert {name.split("/")[0] for name in names} == {
        "binnacle",
        "binnacle_client",
        wheel.stem.split("-py3")[0] + ".dist-info",
    }


def test_it_asks_for_what_the_suite_asks_for() -> None:
    asked = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]["dependencies"]
    assert set(asked) <= set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])
