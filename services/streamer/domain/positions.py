"""How far somebody was told, and which rows are new to them."""

from collections.abc import Iterable, Mapping

from services.streamer.ports import START, Mark, Position, Rows, Span


def covers(position: Position, wanted: Mapping[str, Mark]) -> bool:
    """Whether somebody at `position` was told all before the marks `wanted`."""
    return all(position.mark(journal) >= mark for journal, mark in wanted.items())


def furthest(one: Position | None, other: Position) -> Position:
    """A position that was told what either was; as old as the older."""
    if one is None:
        return other
    marks = {journal: max(one.mark(journal), other.mark(journal)) for journal in {**one.marks, **other.marks}}
    return Position(marks, min(one.as_of, other.as_of))


def after(position: Position, spans: Iterable[Span], as_of: float) -> Position:
    """The position once these spans were told."""
    marks = dict(position.marks)
    for span in spans:
        marks[span.journal] = max(marks.get(span.journal, START), span.end)
    return Position(marks, as_of)


def leaves_out(position: Position, rows: Rows) -> bool:
    """Whether something lies between what was told and these rows."""
    reached = dict(position.marks)
    for span in rows.spans:
        if span.begin > reached.get(span.journal, START):
            return True
        reached[span.journal] = max(reached.get(span.journal, START), span.end)
    return False


def unknown(position: Position, rows: Rows) -> Rows:
    """Those rows that were not told yet."""
    if all(span.begin >= position.mark(span.journal) for span in rows.spans):
        return rows
    new = [row for row in rows.rows if row.mark >= position.mark(row.journal)]
    return Rows(rows.spans, new, rows.as_of, rows.size)
