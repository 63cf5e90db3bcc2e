"""Files of an archive: there whole and on disk, or not at all; for the eyes of this process' user alone."""

import os
import re
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

_LONGEST = 200
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


class ParquetFiles:
    """`<folder>/<tenant>/<table>/<partition>/<sequence>-<part>.parquet`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, tenant: str, table: str, partition: str) -> Path:
        """The folder of a tenant's part of a partition."""
        return self._folder / _name(tenant) / table / partition

    def of_tenant(self, tenant: str) -> list[Path]:
        """All files of a tenant, in order."""
        return sorted((self._folder / _name(tenant)).rglob("*.parquet"))

    def remove(self, path: Path) -> None:
        """Remove a file, durably. Raises OSError."""
        path.unlink()
        _sync(path.parent)

    def write(self, path: Path, body: bytes) -> None:
        """Write a file, durably, in place of one of the same name. Raises OSError."""
        for folder in reversed(path.parents):
            folder.mkdir(mode=0o700, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        for folder in [path.parent, *path.parent.parents][:4]:
            _sync(folder)

    def remove_others(self, folder: Path, sequence: int, parts: int) -> None:
        """Remove files of a sequence that an earlier attempt wrote beyond `parts`, and what was left unfinished."""
        kept = {f"{sequence:04}-{part:04}.parquet" for part in range(parts)}
        for file in folder.glob(f"{sequence:04}-*"):
            if file.name not in kept:
                file.unlink(missing_ok=True)


def _name(tenant: str) -> str:
    """No tenant can name a folder outside, nor that of another."""
    if _PLAIN.fullmatch(tenant):
        return tenant
    name = "%" + quote(tenant, safe="")
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 65]}-{sha256(tenant.encode()).hexdigest()}"


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
