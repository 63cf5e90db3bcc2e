"""Where a suite lives: lock, runtime folder, address, port."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from services.launcher.failures import LauncherError
from services.launcher.places import (
    bind_address,
    default_data_dir,
    ensure_free,
    free_port,
    is_loopback,
    local_address,
    locked,
    runtime_dir,
    write_private,
)
from services.launcher.settings import SuiteSettings, chosen_address


def test_a_second_suite_on_the_same_data_is_refused_at_once(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "data") as lock,
        runtime_dir() as runtime,
    ):
        lock.tell(runtime)
        with (
            pytest.raises(LauncherError, match=rf"process {os.getpid()}\) runs on .*--data-dir"),
            locked(tmp_path / "data"),
        ):
            pass
        assert runtime.exists()


# A launcher that is killed while it holds the data directory `sys.argv[1]`, leaving a child that lives on for a while.
KILLED = """
import os, subprocess, sys
from pathlib import Path
from services.launcher.places import locked
with locked(Path(sys.argv[1])) as lock:
    lock.tell(Path(sys.argv[2]))
    subprocess.Popen(["sleep", sys.argv[3]], pass_fds=[lock.descriptor])
    os._exit(9)
"""


def run_and_kill(data_dir: Path, runtime: Path, child_lives: float) -> None:
    command = [sys.executable, "-c", KILLED, str(data_dir), str(runtime), str(child_lives)]
    assert subprocess.run(command, check=False).returncode == 9


@pytest.mark.processes
def test_the_next_suite_may_have_it_and_clears_what_a_killed_one_left(tmp_path: Path) -> None:
    with runtime_dir() as left:
        (left / "a.sock").write_text("")
        run_and_kill(tmp_path, left, child_lives=0)
        with locked(tmp_path):
            assert not left.exists()


@pytest.mark.processes
def test_only_runtime_folders_are_cleared(tmp_path: Path) -> None:
    precious = tmp_path / "binnacle-precious"
    precious.mkdir()
    run_and_kill(tmp_path / "data", precious, child_lives=0)
    with locked(tmp_path / "data"):
        assert precious.exists()


@pytest.mark.processes
def test_a_killed_suites_last_processes_are_waited_for(tmp_path: Path) -> None:
    """The lock outlives the launcher as long as one of its children holds it."""
    run_and_kill(tmp_path, Path("/nowhere"), child_lives=0.5)
    with pytest.raises(LauncherError, match="Another suite"), locked(tmp_path, patience=0.05):
        pass
    with locked(tmp_path, patience=10):
        pass


def test_a_data_directory_that_cannot_be_made_is_said_clearly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LauncherError, match=r"cannot be used.*--data-dir"), locked(tmp_path / "file" / "data"):
        pass


def test_the_runtime_folder_is_short_private_and_gone_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with runtime_dir() as path:
        assert len(str(path)) < 40
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        (path / "a.sock").write_text("")
    assert not path.exists()


def test_the_default_data_directory_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/x")
    assert default_data_dir() == Path("/x/binnacle")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/h")
    assert default_data_dir() == Path("/h/.local/share/binnacle")


@pytest.mark.network
def test_a_taken_port_is_said_clearly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LauncherError, match=f"Port {port} on 127.0.0.1 is taken.*--port"):
            ensure_free("127.0.0.1", port)
    ensure_free("127.0.0.1", port)


@pytest.mark.network
def test_a_port_whose_connections_linger_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = server.accept()
            # The server's side closes first, so that it is the one that lingers.
            accepted.close()
    ensure_free("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "address", "loopback", "local"),
    [
        ("localhost", "127.0.0.1", True, "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", True, "127.0.0.1"),
        ("[::1]", "::1", True, "::1"),
        ("0.0.0.0", "0.0.0.0", False, "127.0.0.1"),
        ("::", "::", False, "::1"),
        ("192.0.2.7", "192.0.2.7", False, "192.0.2.7"),
    ],
)
def test_hosts_are_understood(host: str, address: str, loopback: bool, local: str) -> None:
    assert bind_address(host) == address
    assert is_loopback(address) is loopback
    assert local_address(address) == local


def test_a_name_is_no_address() -> None:
    with pytest.raises(LauncherError, match="not an IP address"):
        bind_address("shop.example")


def test_other_machines_are_let_in_only_with_authentication() -> None:
    with pytest.raises(LauncherError, match="--auth jwt"):
        chosen_address("0.0.0.0", 8080, "off")
    assert chosen_address("0.0.0.0", 8080, "jwt") == ("0.0.0.0", 8080)
    assert chosen_address("127.0.0.1", 8080, "off") == ("127.0.0.1", 8080)


@pytest.mark.network
def test_port_zero_becomes_a_free_one() -> None:
    _, port = chosen_address("127.0.0.1", 0, "off")
    assert port > 0
    assert free_port("127.0.0.1") > 0


@pytest.mark.parametrize(
    ("host", "url"), [("0.0.0.0", "http://127.0.0.1:1"), ("::1", "http://[::1]:1"), ("127.0.0.1", "http://127.0.0.1:1")]
)
def test_the_address_to_open_is_one_a_browser_takes(host: str, url: str) -> None:
    assert SuiteSettings(host=host, port=1, data_dir=Path("/d")).url == url


def test_private_files_are_private_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "key"
    write_private(path, b"one")
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["key"]
