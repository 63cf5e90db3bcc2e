"""CSV: a header, then one row after another."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from services.launcher.importing.chunks import Chunk
from services.launcher.importing.faults import BadFile, Place
from services.launcher.importing.tables import Columns, Row, Table

LONGEST_CELL = 1 << 20


def chunks(path: Path, columns: Columns) -> Iterator[Chunk]:
    """The samples of a file. Raises BadFile."""
    csv.field_size_limit(LONGEST_CELL)
    with path.open("rb") as raw:
        reader = csv.reader(io.TextIOWrapper(raw, "utf-8-sig", newline=""), strict=True)
        try:
            header = next(reader, None)
            if not header:
                raise BadFile(Place(path), "is empty; its first line must name the columns")
            table = Table(path, [name.strip() for name in header], columns)

            def rows() -> Iterator[Row]:
                for cells in reader:
                    if cells:
                        yield reader.line_num, cells, raw.tell()

            yield from table.chunks(rows())
        except csv.Error as error:
            raise BadFile(Place(path, reader.line_num), f"is no CSV: {error}") from error
        except UnicodeDecodeError as error:
            raise BadFile(Place(path, reader.line_num + 1), "or one soon after it is not UTF-8") from error
