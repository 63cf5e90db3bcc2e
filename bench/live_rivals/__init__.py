"""Servers that hand one message to many sockets, as their users write them; packages from npm and PyPI."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import rivals
from bench.live_crowd import Dialect, text, upgrade
from bench.rivals import Missing
from tests.support.suite import free_port

HERE = Path(__file__).parent
# What a message holds beside its padding.
BARE = 36
_SOCKET = Dialect(upgrade("/"), b"", b"\r\n\r\n", b'"sent":', b'{"sent":')
_SOCKET_IO = Dialect(
    upgrade("/socket.io/?EIO=4&transport=websocket"), text(b"40"), b'40{"sid"', b'"sent":', b'{"sent":'
)


@dataclass(frozen=True, slots=True)
class FanOut:
    """A rival: `command` makes its program ready and says how to start it."""

    name: str
    dialect: Dialect
    command: Callable[[], list[str]]

    @contextmanager
    def serving(self, rate: float, size: int) -> Iterator[rivals.Rival]:
        """A server that sends messages of `size` bytes `rate` times a second. Raises Missing."""
        port = free_port()
        command = [*self.command(), str(port), str(rate), str(size - BARE)]
        with tempfile.TemporaryDirectory(prefix="rival-") as folder:
            # Packages of Node are looked for from where it is started.
            (Path(folder) / "node_modules").symlink_to(rivals.FOLDER / "node" / "node_modules")
            with rivals.running(self.name, command, port, "/", Path(folder)) as rival:
                yield rival


def _node(script: str, package: str) -> list[str]:
    folder = rivals.FOLDER / "node"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "node_modules" / package).exists():
        try:
            subprocess.run(
                ["npm", "install", "--silent", package], cwd=folder, check=True, capture_output=True, timeout=300
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise Missing(f"{package} cannot be fetched: {error}") from error
    return ["node", str(HERE / script)]


ALL = (
    FanOut("ws", _SOCKET, lambda: _node("ws.mjs", "ws")),
    FanOut("socketio", _SOCKET_IO, lambda: _node("socketio.mjs", "socket.io")),
    FanOut(
        "websockets",
        _SOCKET,
        lambda: [str(rivals.python_with("websockets", "websockets", "uvloop")), str(HERE / "broadcast.py")],
    ),
)
