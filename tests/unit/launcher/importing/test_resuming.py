"""How far a file went."""

from pathlib import Path

from services.launcher.importing.chunks import Chunk
from services.launcher.importing.resuming import Progress, ResumeFile, still_begins_so
from services.launcher.importing.run import FORMATS
from services.launcher.importing.tables import Columns


def chunks(folder: Path, *values: int) -> list[Chunk]:
    path = folder / "a.csv"
    rows = [f"{1_768_473_000 + n},m,{value}\n" for n, value in enumerate(values) for _sample in range(10_000)]
    path.write_text("time,name,value\n" + "".join(rows))
    return list(FORMATS["csv"](path, Columns()))


def test_progress_comes_back_by_file_and_target(tmp_path: Path) -> None:
    one = ResumeFile(tmp_path / "resume", "target", tmp_path / "a.csv")
    progress = one.read()
    assert (progress.chunks, progress.points) == (0, 0)
    for chunk in chunks(tmp_path, 1, 2):
        progress = progress.after(chunk, rejected=1)
        one.write(progress)
    again = ResumeFile(tmp_path / "resume", "target", tmp_path / "x" / ".." / "a.csv").read()
    assert again == progress
    assert (again.chunks, again.points, again.rejected) == (2, 19_998, 2)
    assert ResumeFile(tmp_path / "resume", "another", tmp_path / "a.csv").read().chunks == 0
    assert not again.complete
    assert again.finished().complete


def test_a_broken_resume_file_is_none(tmp_path: Path) -> None:
    resume = ResumeFile(tmp_path, "target", tmp_path / "a.csv")
    resume.write(Progress("a.csv", 3))
    [path] = tmp_path.glob("*.json")
    path.write_text('{"chunks":')
    assert resume.read().chunks == 0


def test_a_file_that_begins_otherwise_is_noticed(tmp_path: Path) -> None:
    progress = Progress("a.csv")
    for chunk in chunks(tmp_path, 1, 2):
        progress = progress.after(chunk, 0)
    assert still_begins_so(chunks(tmp_path, 1, 2), progress)
    assert still_begins_so(chunks(tmp_path, 1, 2, 3), progress)
    assert not still_begins_so(chunks(tmp_path, 1), progress)
    assert not still_begins_so(chunks(tmp_path, 7, 2, 3), progress)
