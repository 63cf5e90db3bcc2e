"""Rival servers, unpacked from Debian's packages (FastAPI from PyPI) into `.rivals/`: nothing is installed.

Each runs in a fresh folder on a free port of the loopback and is gone afterwards.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.report import note
from tests.support.suite import free_port

FOLDER = Path(__file__).parents[1] / ".rivals"
START_SECONDS = 30.0
FETCH_SECONDS = 300.0
DROPPED_BY = "no rival beside it: "


class Missing(Exception):
    """A rival cannot be had on this machine."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A running rival."""

    name: str
    port: int
    pid: int
    folder: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


def unpacked(package: str, program: str) -> Path:
    """The program of a Debian package, fetched where it is missing. Raises Missing."""
    path = FOLDER / package / program
    if path.exists():
        return path
    FOLDER.mkdir(exist_ok=True)
    note(f"fetching {package}")
    try:
        _run(["apt-get", "download", package], package)
    except Missing:
        # A fresh machine knows of no package yet.
        _run(["apt-get", "-qq", "update"], "the list of packages")
        _run(["apt-get", "download", package], package)
    found = sorted(FOLDER.glob(f"{package}_*.deb"))
    if not found:
        raise Missing(f"apt-get download {package} left no package")
    _run(["dpkg", "-x", str(found[-1]), str(FOLDER / package)], package)
    return path


def python_with(name: str, *packages: str) -> Path:
    """The Python of an environment that holds packages from PyPI. Raises Missing."""
    path = FOLDER / name / "bin" / "python"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        note(f"fetching {', '.join(packages)}")
        _run([sys.executable, "-m", "venv", str(FOLDER / name)], name)
        _run([str(path), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], name)
    return path


def _run(command: Sequence[str], what: str) -> None:
    try:
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, text=True, timeout=FETCH_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        reason = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise Missing(f"{what} cannot be fetched: {reason[-1] if reason else error}") from error


@contextmanager
def victoria_metrics() -> Iterator[Rival]:
    """VictoriaMetrics with remote write at `/api/v1/write`."""
    program = unpacked("victoria-metrics", "usr/bin/victoria-metrics")
    options = ("-retentionPeriod=3", "-search.latencyOffset=0s", "-loggerLevel=ERROR")
    with tempfile.TemporaryDirectory(prefix="rival-") as folder:
        port = free_port()
        command = [str(program), f"-storageDataPath={folder}/data", f"-httpListenAddr=127.0.0.1:{port}", *options]
        with running("VictoriaMetrics", command, port, "/health", Path(folder)) as rival:
            yield rival


@contextmanager
def prometheus() -> Iterator[Rival]:
    """Prometheus with remote write at `/api/v1/write`."""
    program = unpacked("prometheus", "usr/bin/prometheus")
    with tempfile.TemporaryDirectory(prefix="rival-") as folder:
        port, config = free_port(), Path(folder) / "prometheus.yml"
        config.write_text("global: {}\n")
        options = (
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-remote-write-receiver",
            "--log.level=warn",
        )
        with running(
            "Prometheus", [str(program), f"--config.file={config}", *options], port, "/-/ready", Path(folder)
        ) as rival:
            yield rival


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    port: int,
    ready: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Rival]:
    """A server once it answers at `ready`; ended afterwards. Raises Missing."""
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            rival = Rival(name, port, process.pid, folder)
            _wait(rival, ready, process)
            yield rival
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def _wait(rival: Rival, ready: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if not httpx.get(rival.url + ready).is_server_error:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    log = (rival.folder / "log").read_text(errors="replace")
    raise Missing(f"{rival.name} did not start: {log[-500:]}")
