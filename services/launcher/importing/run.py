"""Files into a suite, one after the other."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress as Bar, TaskID, TextColumn, TimeRemainingColumn

from services.core.clock import Clock
from services.launcher.failures import LauncherError
from services.launcher.importing import csv_file, ndjson_file, openmetrics_file, parquet_file
from services.launcher.importing.chunks import Chunk
from services.launcher.importing.resuming import Progress, ResumeFile, still_begins_so
from services.launcher.importing.sending import Pace, Sender, sending
from services.launcher.importing.tables import Columns

Chunks = Callable[[Path, Columns], Iterator[Chunk]]
FORMATS: dict[str, Chunks] = {
    "csv": csv_file.chunks,
    "ndjson": ndjson_file.chunks,
    "parquet": parquet_file.chunks,
    "openmetrics": openmetrics_file.chunks,
}
SUFFIXES = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".om": "openmetrics",
    ".openmetrics": "openmetrics",
    ".prom": "openmetrics",
    ".txt": "openmetrics",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What an import is told. `again` sends what was sent before, too."""

    files: Sequence[Path]
    format: str | None
    columns: Columns
    target: str
    token: str | None
    pace: Pace
    resume_dir: Path
    dry_run: bool = False
    again: bool = False


@dataclass(slots=True)
class Account:
    """What became of all points."""

    imported: int = 0
    rejected: int = 0


class Import:
    """One run of the command."""

    def __init__(self, settings: Settings, console: Console, clock: Clock) -> None:
        self._settings = settings
        self._console = console
        self._clock = clock
        self.account = Account()

    async def run(self) -> None:
        """Import every file. Raises LauncherError."""
        readers = [(path, _reader(path, self._settings.format)) for path in self._settings.files]
        with self._bar() as bar:
            if self._settings.dry_run:
                for path, read in readers:
                    self._check(path, read, bar)
                return
            told = self._settings
            async with sending(told.target, told.token, told.pace, self._clock, self._console.print) as sender:
                await sender.bounds()
                for path, read in readers:
                    await self._import(path, read, sender, bar)

    def _bar(self) -> Bar:
        shown = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        return Bar(*shown, TextColumn("{task.fields[points]:,} points"), TimeRemainingColumn(), console=self._console)

    def _check(self, path: Path, read: Chunks, bar: Bar) -> None:
        task, points = _task(bar, path), 0
        for chunk in read(path, self._settings.columns):
            points += chunk.points
            bar.update(task, completed=chunk.done, points=points)
        self._console.print(f"{path.name}: {points:,} points can be read; nothing was sent.")

    async def _import(self, path: Path, read: Chunks, sender: Sender, bar: Bar) -> None:
        resume = ResumeFile(self._settings.resume_dir, self._settings.target, path)
        progress = await asyncio.to_thread(self._beginning, path, read, resume)
        skipped, task = progress.chunks, _task(bar, path)
        bar.update(task, points=progress.points)
        chunks = read(path, self._settings.columns)
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            if chunk.number >= skipped:
                refused = await sender.send(chunk)
                for reason in refused.first:
                    self._console.print(f"[yellow]{path.name}, {reason}[/]", highlight=False)
                progress = progress.after(chunk, refused.count)
                await asyncio.to_thread(resume.write, progress)
            bar.update(task, completed=chunk.done, points=progress.points)
        await asyncio.to_thread(resume.write, progress.finished())
        bar.update(task, completed=bar.tasks[task].total)
        self.account.imported += progress.points
        self.account.rejected += progress.rejected
        again = " before" if progress.chunks == skipped and skipped else ""
        self._console.print(f"{path.name}: {progress.points:,} points imported{again}, {progress.rejected:,} refused.")

    def _beginning(self, path: Path, read: Chunks, resume: ResumeFile) -> Progress:
        """Where to go on."""
        progress = resume.fresh() if self._settings.again else resume.read()
        if not progress.chunks or still_begins_so(read(path, self._settings.columns), progress):
            return progress
        self._console.print(f"{path.name} begins otherwise than when it was last imported: it is sent from its start.")
        return resume.fresh()


def _task(bar: Bar, path: Path) -> TaskID:
    return bar.add_task(path.name, total=max(path.stat().st_size, 1), points=0)


def _reader(path: Path, form: str | None) -> Chunks:
    found = form or SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise LauncherError(f"{path.name} does not tell its format; say --format csv, ndjson, parquet or openmetrics.")
    return FORMATS[found]


def import_files(settings: Settings, console: Console, clock: Clock) -> Account:
    """Import, and say what became of all. Raises LauncherError, also when it is stopped by Ctrl-C."""
    running = Import(settings, console, clock)
    try:
        asyncio.run(running.run())
    except KeyboardInterrupt as stopped:
        raise LauncherError("Stopped. The same command goes on from here.") from stopped
    return running.account
