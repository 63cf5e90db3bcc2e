"""What stands in the files of a suite."""

import os
from contextlib import suppress
from pathlib import Path


def files_with(folder: Path, text: str) -> list[str]:
    """Files that hold a text as it is; columns of few rows are not made shorter by their codec.

    A file that goes while it is looked for, as parts do that are merged, is left out.
    """
    found = []
    for place, _folders, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            with suppress(FileNotFoundError):
                if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes():
                    found.append(str(path.relative_to(folder)))
    return found
