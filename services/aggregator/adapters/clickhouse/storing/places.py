"""Places of rows as conditions of SQL."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.findings.conditions import Conditions
from services.aggregator.ports.tails import Stretch


def add_stretches(found: Conditions, stretches: Sequence[Stretch]) -> None:
    """Rows of any of the stretches. The bounds of offsets find them in the index, those of rows are exact."""
    found.add(" OR ".join(f"({_of_records(found, each)} AND {_of_rows(found, each)})" for each in stretches))


def add_segments(found: Conditions, stretches: Sequence[Stretch]) -> None:
    """Rows of whole records, of tables whose rows need not have numbers."""
    parts = [f"({_of_records(found, each)} AND offset < {found.value(each.end[0], 'UInt64')})" for each in stretches]
    found.add(" OR ".join(parts))


def _of_records(found: Conditions, stretch: Stretch) -> str:
    journal_id = found.value(stretch.journal_id, "String")
    first, last = (found.value(offset, "UInt64") for offset in (stretch.start[0], stretch.end[0]))
    return f"journal_id = {journal_id} AND offset >= {first} AND offset <= {last}"


def _of_rows(found: Conditions, stretch: Stretch) -> str:
    first = f"(offset, row) >= ({found.value(stretch.start[0], 'UInt64')}, {found.value(stretch.start[1], 'UInt32')})"
    last = f"(offset, row) < ({found.value(stretch.end[0], 'UInt64')}, {found.value(stretch.end[1], 'UInt32')})"
    return f"{first} AND {last}"
