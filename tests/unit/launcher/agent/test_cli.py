import pytest
from click.testing import CliRunner

from services.launcher.agent import command
from services.launcher.durations import Duration


@pytest.mark.parametrize(
    ("written", "seconds"), [("500ms", 0.5), ("1s", 1.0), ("2", 2.0), ("1.5m", 90.0), ("1h", 3600.0)]
)
def test_durations(written: str, seconds: float) -> None:
    assert Duration(0.1).convert(written, None, None) == seconds


@pytest.mark.parametrize(
    "arguments", [["--interval", "soon"], ["--interval", "10ms"], ["--scrape", "ftp://x"], ["--process-root", "me"]]
)
def test_a_wrong_option_is_refused_before_anything_is_sent(arguments: list[str]) -> None:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.output
