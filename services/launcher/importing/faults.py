"""What is wrong with a file, by place."""

from dataclasses import dataclass
from pathlib import Path

from services.launcher.failures import LauncherError


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file (a row, in Parquet), from 1; 0 is the file itself. `column` by its name, where there is one."""

    path: Path
    line: int = 0
    column: str = ""

    def __str__(self) -> str:
        line = f", line {self.line:,}" if self.line else ""
        return f"{self.path.name}{line}{', column ' if self.column else ''}{self.column}"


class BadFile(LauncherError):
    """A file that cannot be read on."""

    def __init__(self, place: Place, description: str) -> None:
        self.place = place
        self.description = description
        super().__init__(f"{place}: {description}.")
