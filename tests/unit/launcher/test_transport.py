"""What the edge is told of TLS and of sign-in."""

import resource
from pathlib import Path

import pytest

from services.launcher.failures import LauncherError
from services.launcher.settings import SuiteSettings
from services.launcher.transport import CONNECTIONS, Place, affordable_connections, sign_in_told

NEEDED = {
    "BINNACLE_OIDC_CLIENT_ID": "binnacle",
    "BINNACLE_OIDC_CLIENT_SECRET_FILE": "/run/secret",
    "BINNACLE_OIDC_AUTHORIZE_URL": "https://login.example/authorize",
    "BINNACLE_OIDC_TOKEN_URL": "https://login.example:8443/token?v=2",
}


def test_nobody_signs_in_where_nothing_is_told(tmp_path: Path) -> None:
    assert sign_in_told(tmp_path, {"BINNACLE_OIDC_CLIENT_ID": ""}) is None


def test_all_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match="CLIENT_SECRET_FILE, BINNACLE_OIDC_AUTHORIZE_URL, BINNACLE_OIDC_TOKEN_URL"):
        sign_in_told(tmp_path, {"BINNACLE_OIDC_CLIENT_ID": "binnacle"})
    with pytest.raises(LauncherError, match="SEAL_FILE"):
        sign_in_told(None, NEEDED)


def test_the_seal_is_made_once(tmp_path: Path) -> None:
    told, again = sign_in_told(tmp_path, NEEDED), sign_in_told(tmp_path, NEEDED)
    assert told is not None
    assert told == again
    assert len(Path(told.seal).read_text()) == 64
    assert Path(told.seal).stat().st_mode & 0o077 == 0
    assert told.token == Place(NEEDED["BINNACLE_OIDC_TOKEN_URL"], "login.example", 8443, secure=True)


@pytest.mark.parametrize("url", ["login.example", "ftp://login.example", "https://", "https://login.example:http/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(LauncherError, match="is no address"):
        Place.of(url)


@pytest.mark.parametrize(
    ("soft", "hard", "connections", "taken"),
    [
        (1_024, 4_096, (4_096 - 256) // 2, [4_096]),
        (1_024, 1_000_000, CONNECTIONS, [100_256]),
        (1_024, resource.RLIM_INFINITY, CONNECTIONS, [100_256]),
        (200_000, 1_000_000, CONNECTIONS, []),
    ],
)
def test_connections_leave_files_for_the_services(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, connections: int, taken: list[int]
) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, limits: set_to.append(limits))
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (soft, hard))
    assert affordable_connections() == connections
    assert set_to == [(each, hard) for each in taken]


def test_half_a_certificate_is_none(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match="go together"):
        SuiteSettings(host="127.0.0.1", port=1, data_dir=tmp_path, tls_cert=tmp_path / "edge.crt")


def test_a_given_certificate_means_tls(tmp_path: Path) -> None:
    given = {"tls_cert": tmp_path / "edge.crt", "tls_key": tmp_path / "edge.key"}
    assert SuiteSettings(host="127.0.0.1", port=1, data_dir=tmp_path, **given).url == "https://127.0.0.1:1"  # type: ignore[arg-type]
    assert SuiteSettings(host="127.0.0.1", port=1, data_dir=tmp_path).url == "http://127.0.0.1:1"
