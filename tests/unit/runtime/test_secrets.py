"""Secrets are hidden by the name of a setting and by what they look like."""

import time
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from pydantic import SecretStr

from services.runtime.config import ServiceConfig
from services.runtime.description import settings_of
from services.runtime.secrets import HIDDEN, shown

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJ0ZW5hbnQiOiJkZWZhdWx0In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "db_password",
        "smtp_passwd",
        "client_secret",
        "api_key",
        "APIKEY",
        "token",
        "slack_tokens",
        "key_x_key",
    ],
)
def test_what_is_named_as_a_secret_is_hidden(name: str) -> None:
    assert shown(name, "harmless") == (HIDDEN, True)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("clickhouse://writer:hunter2@db:9000/binnacle", f"clickhouse://writer:{HIDDEN}@db:9000/binnacle"),
        ("clickhouse://writer:a/b@c#?d@db:9000/x", f"clickhouse://writer:{HIDDEN}@db:9000/x"),
        ("redis://:hunter2@redis:6379/0", f"redis://:{HIDDEN}@redis:6379/0"),
        ("redis://hunter2@redis:6379/0", f"redis://{HIDDEN}@redis:6379/0"),
        ("redis://hunter2:@redis:6379/0", f"redis://{HIDDEN}@redis:6379/0"),
        ("clickhouse://db/x?user=w&password=hunter2&secure=1", f"clickhouse://db/x?user=w&password={HIDDEN}&secure=1"),
        ("host=db user=w password=hunter2 port=1", f"host=db user=w password={HIDDEN} port=1"),
        ("https://hook.example/x?access_token=hunter2", f"https://hook.example/x?access_token={HIDDEN}"),
        ("Bearer hunter2", f"Bearer {HIDDEN}"),
        (TOKEN, HIDDEN),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", HIDDEN),
        ("sk-4f9c2b7a1e8d4c6f9b0a3d5e7f1c2b4a", HIDDEN),
        (SecretStr("hunter2"), HIDDEN),
        (["https://w:hunter2@a"], f"https://w:{HIDDEN}@a"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_under_any_name(value: object, told: str) -> None:
    assert shown("setting", value) == (told, True)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("listen", "unix:/run/binnacle-1a2b3c4d/collector.sock", "unix:/run/binnacle-1a2b3c4d/collector.sock"),
        ("aggregator", "aggregator.monitoring.svc.cluster.local:7000", "aggregator.monitoring.svc.cluster.local:7000"),
        ("redis_url", "redis://redis:6379/0", "redis://redis:6379/0"),
        ("series_key_file", Path("/data/series.key"), "/data/series.key"),
        ("limit_points_per_second", 1_000_000_000_000_000_000_000_000, "1000000000000000000000000"),
        ("clickhouse_cluster", "a-cluster-with-a-name-that-is-long", "a-cluster-with-a-name-that-is-long"),
        ("demo", True, "true"),
        ("limits_file", None, ""),
    ],
)
def test_what_is_no_secret_is_told(name: str, value: object, told: str) -> None:
    assert shown(name, value) == (told, False)


@given(password=st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=8, max_size=40))
def test_no_password_of_an_address_is_ever_told(password: str) -> None:
    assert shown("dsn", f"clickhouse://writer:{password}@store:9000/db") == (
        f"clickhouse://writer:{HIDDEN}@store:9000/db",
        True,
    )
    assert shown("dsn", f"redis://:{password}@cache/0")[0] == f"redis://:{HIDDEN}@cache/0"


@pytest.mark.parametrize("text", ["pass", "token-", "eyJ"])
def test_a_long_text_takes_time_by_its_length_alone(text: str) -> None:
    """Who asks for something may write what they like; the whole process waits while it is looked at."""
    begun = time.process_time()
    shown("text", text * 40_000)
    assert time.process_time() - begun < 2.0, "it took nine seconds and more where each place was looked at anew"


def test_settings_are_told_by_their_variable() -> None:
    class Config(ServiceConfig):
        dsn: str = ""
        admin_password: SecretStr = SecretStr("hunter2")

    told = {one.name: one for one in settings_of(Config(listen="unix:/x", dsn="clickhouse://w:hunter2@db/x"))}
    assert told["BINNACLE_DSN"].value == f"clickhouse://w:{HIDDEN}@db/x"
    assert told["BINNACLE_DSN"].given
    assert told["BINNACLE_ADMIN_PASSWORD"].value == HIDDEN
    assert not told["BINNACLE_AUTH"].given
    assert told["BINNACLE_AUTH"].value == "off"
    assert "hunter2" not in str(told)
