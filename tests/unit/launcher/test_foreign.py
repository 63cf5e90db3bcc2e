"""Variables of other dashboards: each is taken or replaced, and has its row in the guide."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.launcher.cli import main
from services.launcher.foreign import REPLACED, TAKEN

ROOT = Path(__file__).parents[3]
# All that the dashboards whose paths we serve are configured by.
KNOWN = {
    "DATABASE_HOST",
    "DATABASE_PORT",
    "DATABASE_URL",
    "DEBUG",
    "DEEPSEEK_URL",
    "HOST",
    "KAFKA_PASSWORD",
    "KAFKA_USERNAME",
    "LOG_GENERATOR_URL",
    "LOG_LEVEL",
    "MAX_RECENT_ALERTS",
    "MAX_RECENT_LOGS",
    "METRICS_HISTORY_MINUTES",
    "PORT",
    "RAG_SERVER_URL",
    "REDIS_HOST",
    "REDIS_PORT",
    "REDIS_URL",
    "RUST_LOG",
    "SERVICE_PORT",
}
# What goes wrong in the end, so that nothing is started.
STOP = ("--host", "nowhere.example")


def up(environment: dict[str, str], *arguments: str) -> Result:
    nothing = dict.fromkeys([*KNOWN, "BINNACLE_PORT", "BINNACLE_REDIS_URL"])
    return CliRunner(env={**nothing, **environment}).invoke(main, ["up", *arguments, *STOP])


def chosen(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *arguments: str) -> dict[str, object]:
    """The options that `up` comes to."""
    for name in KNOWN:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    command = main.commands["up"]
    with command.make_context("up", list(arguments)) as context:
        return dict(context.params)


def test_every_one_is_taken_or_replaced() -> None:
    assert {*TAKEN, *REPLACED} == KNOWN
    assert not set(TAKEN) & set(REPLACED)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_one_has_its_row(name: str) -> None:
    rows = (ROOT / "docs" / "environment.md").read_text().splitlines()
    assert any(row.startswith("| ") and f"`{name}`" in row.split("|")[1] for row in rows)


@pytest.mark.parametrize(
    ("environment", "option", "value"),
    [
        ({"PORT": "8099"}, "port", 8099),
        ({"SERVICE_PORT": "8001"}, "port", 8001),
        ({"SERVICE_PORT": "8001", "PORT": "8001"}, "port", 8001),
        ({"PORT": "8099", "BINNACLE_PORT": "9000"}, "port", 9000),
        ({"PORT": ""}, "port", 8080),
        ({"LOG_LEVEL": "INFO"}, "log_level", "info"),
        ({"LOG_LEVEL": "WARN"}, "log_level", "warning"),
        ({"REDIS_URL": "redis://redis:6379"}, "redis_url", "redis://redis:6379"),
        ({"REDIS_HOST": "cache"}, "redis_url", "redis://cache:6379"),
        ({"REDIS_PORT": "6380"}, "redis_url", "redis://localhost:6380"),
        ({"REDIS_HOST": "::1", "REDIS_PORT": "6380"}, "redis_url", "redis://[::1]:6380"),
        ({"REDIS_URL": "redis://a:1/", "REDIS_HOST": "a", "REDIS_PORT": "1"}, "redis_url", "redis://a:1"),
        ({}, "redis_url", None),
    ],
)
def test_what_is_taken(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], option: str, value: object
) -> None:
    assert chosen(monkeypatch, environment)[option] == value


def test_the_command_line_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"PORT": "1", "SERVICE_PORT": "2", "LOG_LEVEL": "loud", "REDIS_URL": "redis://a", "REDIS_HOST": "b"}
    options = ("--port", "7000", "--log-level", "error", "--redis-url", "redis://c")
    found = chosen(monkeypatch, environment, *options)
    assert (found["port"], found["log_level"], found["redis_url"]) == (7000, "error", "redis://c")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PORT": "1", "SERVICE_PORT": "2"}, "SERVICE_PORT and PORT contradict each other"),
        ({"REDIS_URL": "redis://:secret@a", "REDIS_HOST": "b"}, "REDIS_URL and REDIS_HOST, REDIS_PORT contradict"),
        ({"PORT": "many"}, "is no port"),
        ({"LOG_LEVEL": "loud"}, "none of debug, error, info, warning"),
    ],
)
def test_what_cannot_be_used_is_told(environment: dict[str, str], said: str) -> None:
    result = up(environment)
    assert result.exit_code == 1
    assert said in result.output
    assert "secret" not in result.output


def test_a_person_is_told_what_was_taken_and_what_was_not() -> None:
    said = up({"LOG_LEVEL": "debug", "KAFKA_USERNAME": "me", "DATABASE_URL": "postgres://me:secret@db/x"}).output
    assert "LOG_LEVEL taken for --log-level." in said
    assert "KAFKA_USERNAME is not used; in its place: the collector's journal" in said
    assert "DATABASE_URL is not used; in its place: BINNACLE_CLICKHOUSE_DSN" in said
    assert "secret" not in said


def test_nothing_is_said_of_what_is_not_set() -> None:
    assert "taken for" not in up({}).output
    assert "not used" not in up({}).output
