"""The command itself, as far as it goes without a suite."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.launcher.cli import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["import", *arguments])


def test_a_dry_run_counts_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,name,value\n" + "1768473000,m,1\n" * 3)
    done = run("--dry-run", str(path))
    assert done.exit_code == 0, done.output
    assert "a.csv: 3 points can be read; nothing was sent" in done.output


def test_a_dry_run_finds_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,name,value\n1768473000,m,1\n1768473000,m,one\n")
    done = run("--dry-run", str(path))
    assert done.exit_code == 1
    assert "Error: a.csv, line 3, column value: 'one' is no number." in done.output


@pytest.mark.parametrize(("name", "told"), [("a.xml", "does not tell its format"), ("none.csv", "does not exist")])
def test_files_that_are_none(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "a.xml").write_text("<a/>")
    done = run("--dry-run", str(tmp_path / name))
    assert done.exit_code != 0
    assert told in done.output
