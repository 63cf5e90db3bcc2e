"""How far the import of a file went, kept beside the suite's data so that it can go on from there."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

from services.launcher.importing.chunks import Chunk


@dataclass(frozen=True, slots=True)
class Progress:
    """So many chunks were acknowledged; `digest` is that of all of them together."""

    file: str
    chunks: int = 0
    digest: str = ""
    points: int = 0
    rejected: int = 0
    complete: bool = False

    def after(self, chunk: Chunk, rejected: int) -> "Progress":
        """With one chunk more."""
        digest = blake2b(bytes.fromhex(self.digest) + chunk.digest(), digest_size=16).hexdigest()
        return Progress(
            self.file, self.chunks + 1, digest, self.points + chunk.points - rejected, self.rejected + rejected
        )

    def finished(self) -> "Progress":
        """With nothing left to send."""
        return Progress(self.file, self.chunks, self.digest, self.points, self.rejected, complete=True)


class ResumeFile:
    """The progress of one file into one suite, in a folder of such files."""

    def __init__(self, folder: Path, target: str, path: Path) -> None:
        self._file = str(path.resolve())
        name = blake2b(f"{target}\n{self._file}".encode(), digest_size=16).hexdigest()
        self._path = folder / f"{name}.json"

    def read(self) -> Progress:
        """What is remembered; nothing when there is no file, or none that can be read."""
        try:
            return Progress(**json.loads(self._path.read_text()))
        except (OSError, ValueError, TypeError):
            return Progress(self._file)

    def fresh(self) -> Progress:
        """Nothing done yet."""
        return Progress(self._file)

    def write(self, progress: Progress) -> None:
        """Remember, whatever is killed meanwhile."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        aside = self._path.with_suffix(".new")
        with aside.open("w") as file:
            json.dump(asdict(progress), file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._path)


def still_begins_so(chunks: Iterable[Chunk], progress: Progress) -> bool:
    """Whether a file still begins with the chunks that were acknowledged."""
    seen = Progress(progress.file)
    for chunk in chunks:
        if seen.chunks == progress.chunks:
            break
        seen = seen.after(chunk, 0)
    return (seen.chunks, seen.digest) == (progress.chunks, progress.digest)
