"""Secrets of an installation, and its tokens."""

import base64
import json
import stat
from pathlib import Path

import jwt
import pytest

from services.launcher.failures import LauncherError
from services.launcher.keys import (
    held_keys,
    issue_token,
    read_or_make_jwt_key,
    read_or_make_known_callers,
    read_or_make_series_key,
    remove_jwt_key,
    rotate_jwt_key,
    seconds_of,
)


def test_the_series_key_is_made_once(tmp_path: Path) -> None:
    path = read_or_make_series_key(tmp_path)
    first = path.read_bytes()
    assert len(first) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_or_make_series_key(tmp_path).read_bytes() == first


def test_the_signing_key_is_made_once_with_its_key_set(tmp_path: Path) -> None:
    key = read_or_make_jwt_key(tmp_path)
    (entry,) = json.loads(key.jwks.read_text())["keys"]
    assert base64.urlsafe_b64decode(entry["k"] + "=") == key.secret
    assert (entry["kty"], entry["alg"], entry["kid"]) == ("oct", "HS256", key.key_id)
    assert read_or_make_jwt_key(tmp_path).secret == key.secret
    assert stat.S_IMODE(key.jwks.stat().st_mode) == 0o600


def test_a_token_says_who_and_for_how_long(tmp_path: Path) -> None:
    key = read_or_make_jwt_key(tmp_path)
    token = issue_token(tmp_path, "acme", ["viewer", "editor"], 60)
    claims = jwt.decode(token, key.secret, algorithms=["HS256"], audience="binnacle", issuer="binnacle")
    assert (claims["tenant"], claims["roles"]) == ("acme", "viewer,editor")
    assert claims["exp"] - claims["iat"] == 60
    assert claims["sub"] == "acme/viewer"
    assert claims["jti"] != jwt.decode(
        issue_token(tmp_path, "acme", ["viewer"], 60), key.secret, algorithms=["HS256"], audience="binnacle"
    )["jti"]  # fmt: skip


def test_without_a_key_the_way_to_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match=r"--auth jwt.*--data-dir"):
        issue_token(tmp_path, "acme", ["viewer"], 60)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("12h", 43200), ("30d", 2592000)])
def test_durations_are_read(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "d", "1", "-1d", "0d", "1.5h", "1y"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(LauncherError, match="--ttl"):
        seconds_of(text)


def ids(jwks: Path) -> list[str]:
    return [entry["kid"] for entry in json.loads(jwks.read_text())["keys"]]


def test_a_new_key_is_known_before_it_signs_and_the_former_one_until_it_is_removed(tmp_path: Path) -> None:
    first = read_or_make_jwt_key(tmp_path)
    during: list[tuple[list[str], str]] = []

    def look() -> None:
        token = issue_token(tmp_path, "acme", ["viewer"], 60)
        during.append((ids(first.jwks), jwt.get_unverified_header(token)["kid"]))

    new = rotate_jwt_key(tmp_path, look)
    assert during == [([new, first.key_id], first.key_id)]
    assert jwt.get_unverified_header(issue_token(tmp_path, "acme", ["viewer"], 60))["kid"] == new
    assert read_or_make_jwt_key(tmp_path).key_id == new
    assert ids(first.jwks) == [new, first.key_id]
    assert [(key.key_id, key.signs) for key in held_keys(tmp_path)] == [(new, True), (first.key_id, False)]
    remove_jwt_key(tmp_path, first.key_id)
    assert ids(first.jwks) == [new]
    for unknown in (new, first.key_id, "../series"):
        with pytest.raises(LauncherError):
            remove_jwt_key(tmp_path, unknown)


def test_a_key_set_that_stays_is_not_written_anew(tmp_path: Path) -> None:
    first = read_or_make_jwt_key(tmp_path).jwks.stat().st_ino
    assert read_or_make_jwt_key(tmp_path).jwks.stat().st_ino == first


def test_known_callers_are_made_once_and_differ(tmp_path: Path) -> None:
    callers = read_or_make_known_callers(tmp_path)
    assert read_or_make_known_callers(tmp_path) == callers
    assert len({callers.edge, callers.peer}) == 2
    assert all(len(secret) == 64 for secret in (callers.edge, callers.peer))
