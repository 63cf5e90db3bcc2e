"""Many rows as several records that each have room for them."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np

from services.collector.domain.columns import Mask

# Characters of one record, far below what a record may have in bytes; and of what every row takes beside its texts.
PORTION = 1_500_000
ROW = 200


def portions(sizes: Sequence[int]) -> list[slice]:
    """Rows in parts that each fit a record, by the characters of each row."""
    found, start, held = [], 0, 0
    for row, size in enumerate(sizes):
        if row > start and held + size > PORTION:
            found.append(slice(start, row))
            start, held = row, 0
        held += size + ROW
    return [*found, slice(start, len(sizes))] if sizes else []


def named(parts: Sequence[slice], batch_id: str) -> Iterator[tuple[slice, str]]:
    """Each part with a name of its own, the last with the request's: who knows that one knows that all are durable."""
    for number, part in enumerate(parts, start=1):
        last = number == len(parts) or not batch_id
        yield part, batch_id if last else blake2b(f"{number} {batch_id}".encode(), digest_size=24).hexdigest()


def only(portion: slice, rows: int) -> Mask:
    """A mask of `rows` rows that keeps those of a portion."""
    mask = np.zeros(rows, np.bool_)
    mask[portion] = True
    return mask
