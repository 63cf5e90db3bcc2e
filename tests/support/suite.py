"""The whole suite as an operator starts it: `binnacle up`, on a free port, in a fresh folder."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil

from services.launcher.foreign import TAKEN
from tests.support.empty_store import lay_empty_store
from tests.support.waiting import eventually_sync

BINNACLE = Path(sys.executable).with_name("binnacle")
SERVICES = ("collector", "aggregator", "streamer", "alerting")
CHILDREN = (*SERVICES, "redis", "envoy")
START_SECONDS = 100.0
STOP_SECONDS = 60.0


def free_port() -> int:
    """A TCP port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Suite:
    """One running suite; a context manager that stops it."""

    def __init__(
        self,
        data_dir: Path,
        options: Sequence[str] = ("--no-agent",),
        environment: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        secure = "--tls" in options
        self.url = f"{'https' if secure else 'http'}://127.0.0.1:{self.port}"
        self.log_path = data_dir.with_name(f"{data_dir.name}-{self.port}.log")
        self._options = tuple(options)
        self._environment = dict(environment or {})
        self._launcher: subprocess.Popen[bytes] | None = None
        # Its certificate is not there before it has started.
        self.http = httpx.Client(base_url=self.url, timeout=20.0, verify=not secure)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            # `__exit__` is not called for a block that was never entered.
            self.stop(signal.SIGKILL)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A client that keeps its connection is waited for.
        self.http.close()
        self.stop()

    def start(self) -> None:
        """Start and wait until `GET /health` answers 200."""
        # A test must not see settings of the person who runs it.
        clean = {
            key: value for key, value in os.environ.items() if not key.startswith("BINNACLE_") and key not in TAKEN
        }
        command = [str(BINNACLE), "up", "--port", str(self.port), "--data-dir", str(self.data_dir), *self._options]
        with self.log_path.open("ab") as log:
            self._launcher = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean | self._environment
            )
        self.wait_ready()

    def wait_ready(self, within: float = START_SECONDS) -> None:
        """Return once the suite says it is healthy; fail with its log otherwise."""
        try:
            eventually_sync(self.is_ready, f"{self.url}/health answers 200", within)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.log()[-6000:]}") from late

    def is_ready(self) -> bool:
        """Whether `GET /health` answers 200. Raises AssertionError when the launcher has ended."""
        if self._launcher is not None and self._launcher.poll() is not None:
            raise AssertionError(f"binnacle up ended with {self._launcher.returncode}\n{self.log()[-6000:]}")
        if self.url.startswith("https") and "all is ready" not in self.log():
            # A handshake that is broken off would leave a socket of httpx's open.
            return False
        try:
            return self.http.get("/health").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def health(self) -> Any:
        """The JSON of `GET /health`, once all is well: a busy process may not answer within the second it is given."""
        answers: list[httpx.Response] = []

        def is_well() -> bool:
            answers.append(self.http.get("/health"))
            return answers[-1].status_code == httpx.codes.OK

        eventually_sync(is_well, f"{self.url}/health answers 200", START_SECONDS)
        return answers[-1].json()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send `number` to the launcher, wait for its end; its exit status. Idempotent."""
        launcher, self._launcher = self._launcher, None
        if launcher is None:
            return 0
        launcher.send_signal(number)
        try:
            return launcher.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            launcher.kill()
            raise AssertionError(f"binnacle up did not stop in {STOP_SECONDS} s\n{self.log()[-6000:]}") from None

    def log(self) -> str:
        """What the suite printed so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def launcher_pid(self) -> int:
        """Process id of `binnacle up`."""
        assert self._launcher is not None
        return self._launcher.pid

    def children(self) -> dict[str, psutil.Process]:
        """The launcher's children by name, found as an operator would: by their command lines; of two the younger.

        Numbers of processes begin again at some height, so they do not tell which is younger.
        """
        found: dict[str, psutil.Process] = {}
        told: list[tuple[float, str, psutil.Process]] = []
        for child in psutil.Process(self.launcher_pid).children():
            # One that was killed may go while it is looked at.
            with suppress(psutil.Error):
                told.append((child.create_time(), " ".join(child.cmdline()), child))
        for _begun, line, child in sorted(told, key=lambda each: each[0]):
            for name in CHILDREN:
                if name in _command(line):
                    last = line.split()[-1]
                    # Workers beside the first say which they are.
                    found[last if last.startswith(f"{name}-") else name] = child
        return found

    def kill(self, name: str) -> int:
        """Kill -9 one child, once it is there: one that was killed shortly before may not be back; its process id."""
        eventually_sync(lambda: name in self.children(), f"{name} is there to be killed", START_SECONDS)
        child = self.children()[name]
        child.kill()
        return child.pid

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = self.http.get(path, params=parameters)
        assert answer.status_code == httpx.codes.OK, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, body: object) -> Any:
        """The JSON of a POST that must succeed."""
        answer = self.http.post(path, json=body)
        assert answer.status_code == httpx.codes.OK, f"POST {path}: {answer.status_code} {answer.text}"
        return answer.json()


def taken(send: Callable[[], httpx.Response], what: str) -> httpx.Response:
    """The answer to what is sent, once it is not that nobody takes it just now: whoever is told so sends it again."""
    answers: list[httpx.Response] = []

    def is_taken() -> bool:
        answers.append(send())
        return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE

    eventually_sync(is_taken, f"{what} is taken")
    return answers[-1]


def _command(line: str) -> str:
    # Folders on the way to a program may hold any word; the program and its arguments' last parts say what it is.
    return " ".join(part.rsplit("/", 1)[-1] for part in line.split()[:4])


@contextmanager
def running_suite(
    options: Sequence[str] = ("--no-agent",),
    environment: Mapping[str, str] | None = None,
    lay_store: Callable[[Path], None] = lay_empty_store,
) -> Iterator[Suite]:
    """A suite in a fresh folder, whose store is laid."""
    with tempfile.TemporaryDirectory(prefix="binnacle-test-") as folder:
        data = Path(folder) / "data"
        lay_store(data / "aggregator" / "chdb")
        with Suite(data, options, environment) as suite:
            yield suite
