"""Where a suite lives: its data, its sockets, its port. One suite to a data directory, one port to a suite."""

import contextlib
import errno
import fcntl
import ipaddress
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.launcher.failures import LauncherError

RUNTIME_PREFIX = "binnacle-"
# A socket's path is limited to 108 bytes, so runtime directories do not follow TMPDIR into deep folders.
RUNTIME_PARENT = Path("/tmp")
LEFTOVERS_SECONDS = 10.0


def default_data_dir() -> Path:
    """`$XDG_DATA_HOME/binnacle`, or `~/.local/share/binnacle`."""
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "binnacle"


@dataclass(frozen=True, slots=True)
class DataLock:
    """The hold on a data directory. Children inherit `descriptor`: it lasts until the last of them is gone."""

    descriptor: int

    def tell(self, runtime: Path) -> None:
        """Write who holds the lock and where its sockets are, for the next start."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"{os.getpid()}\n{runtime}\n".encode(), 0)


@contextmanager
def locked(data_dir: Path, patience: float = LEFTOVERS_SECONDS) -> Iterator[DataLock]:
    """Hold `data_dir`, made if missing. Raises LauncherError while another suite runs on it.

    Processes of a suite whose launcher was killed may take a moment to go; they get `patience` seconds.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LauncherError(
            f"The data directory {data_dir} cannot be used: {error.strerror}. Name another with --data-dir."
        ) from error
    try:
        _acquire(descriptor, data_dir, time.monotonic() + patience)
        _remove_runtime_of(descriptor)
        yield DataLock(descriptor)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, data_dir: Path, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder, _ = _held_by(descriptor)
            if _lives(holder) or time.monotonic() > deadline:
                raise LauncherError(
                    f"Another suite (process {holder}) runs on {data_dir}. Stop it, or give this one --data-dir."
                ) from None
            time.sleep(0.05)


def _held_by(descriptor: int) -> tuple[int, str]:
    lines = os.pread(descriptor, 4096, 0).decode(errors="replace").splitlines()
    if len(lines) < 2 or not lines[0].isdecimal():
        return 0, ""
    return int(lines[0]), lines[1]


def holder(data_dir: Path) -> tuple[int, Path] | None:
    """The process of the suite that runs on `data_dir`, and where its sockets are; None when there is none."""
    try:
        descriptor = os.open(data_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid, runtime = _held_by(descriptor)
        return (pid, Path(runtime)) if _lives(pid) else None
    finally:
        os.close(descriptor)
    return None


def _lives(pid: int) -> bool:
    return pid > 0 and Path(f"/proc/{pid}").exists()


def _remove_runtime_of(descriptor: int) -> None:
    """Remove what a killed suite left: we hold its lock, so nobody uses it."""
    _, runtime = _held_by(descriptor)
    path = Path(runtime)
    if path.parent == RUNTIME_PARENT and path.name.startswith(RUNTIME_PREFIX) and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def runtime_dir() -> Iterator[Path]:
    """A short private folder for sockets and rendered configuration, removed at the end."""
    path = Path(tempfile.mkdtemp(prefix=RUNTIME_PREFIX, dir=RUNTIME_PARENT))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def bind_address(host: str) -> str:
    """The IP address that `--host` means. Raises LauncherError for a name."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError as error:
        raise LauncherError(f"--host {host} is not an IP address, such as 127.0.0.1 or 0.0.0.0.") from error


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach `address`."""
    return ipaddress.ip_address(address).is_loopback


def local_address(address: str) -> str:
    """Where programs on this machine reach a listener on `address`."""
    ip = ipaddress.ip_address(address)
    if not ip.is_unspecified:
        return address
    return "127.0.0.1" if ip.version == 4 else "::1"


def free_port(address: str) -> int:
    """A TCP port nobody listens on at `address`."""
    with _tcp_socket(address) as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def ensure_free(address: str, port: int) -> None:
    """Raise LauncherError when `port` cannot be listened on."""
    with _tcp_socket(address) as probe:
        try:
            probe.bind((address, port))
        except OSError as error:
            raise LauncherError(_refusal(address, port, error)) from error


def _tcp_socket(address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    # Connections of a suite that just stopped still linger; they do not hinder a listener.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def _refusal(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {address} is taken by another program. "
            f"Choose another with --port (0 takes a free one); `ss -ltnp 'sport = :{port}'` says who has it."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs privileges this user does not have. Choose one above 1023 with --port."
    return f"{address} port {port} cannot be listened on: {error.strerror}."


def write_private(path: Path, content: bytes) -> None:
    """Write a file only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).rename(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
