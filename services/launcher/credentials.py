"""The file from which the edge learns whose tokens hold, kept in step with the key sets as they change."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from services.core.clock import Clock
from services.launcher.edge import render_credentials
from services.launcher.issuers import TokenIssuer, is_key_set
from services.launcher.places import write_private
from services.launcher.terminal import Terminal

LOOK_SECONDS = 1.0
FILE = "credentials.yaml"


class Credentials:
    """Writes for the edge what `issuers` sign with, into `folder`."""

    def __init__(self, issuers: Sequence[TokenIssuer], folder: Path) -> None:
        self._issuers = issuers
        self.path = folder / FILE
        self._seen: Sequence[tuple[int, int]] | None = None

    def write(self) -> bool:
        """Write the file if a key set has changed; whether it was written. A file that is none changes nothing."""
        seen = self._state()
        if seen in (None, self._seen):
            return False
        self._seen = seen
        told = [replace(one, inline=Path(one.file).read_text()) if one.file else one for one in self._issuers]
        write_private(self.path, render_credentials(told).encode())
        return True

    def _state(self) -> Sequence[tuple[int, int]] | None:
        """What changes with the files; None while one of them is no key set."""
        files = [Path(issuer.file) for issuer in self._issuers if issuer.file]
        if not all(map(is_key_set, files)):
            return None
        return [(state.st_ino, state.st_mtime_ns) for state in map(Path.stat, files)]

    async def follow(self, clock: Clock, terminal: Terminal) -> NoReturn:
        """Write it whenever a key set changes from now on, for ever."""
        self._seen = self._state()
        while True:
            await clock.sleep(LOOK_SECONDS)
            if self.write():
                terminal.say("the keys of tokens have changed; the edge is told")
