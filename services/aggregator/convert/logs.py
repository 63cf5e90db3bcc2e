"""Log lines and their patterns as messages."""

import base64
import binascii
import json
from collections.abc import Sequence

from binnacle.aggregator.v1 import log_service_pb2 as pb
from services.aggregator.convert.dashboard import struct, timestamp
from services.aggregator.convert.row_messages import made_once
from services.aggregator.domain.findings.log_patterns import LogPattern
from services.aggregator.ports.logs import StoredLine
from services.aggregator.ports.searches import Counts, Position
from services.core.errors import InvalidInput

LEVEL_NAMES = {"1": "debug", "2": "info", "3": "warning", "4": "error", "5": "critical"}


def _length(stored: StoredLine) -> int:
    return len(stored.message) + len(stored.attributes_json)


@made_once(_length)
def line(stored: StoredLine) -> pb.LogLine:
    """One line in full."""
    return pb.LogLine(
        line_id=line_id(stored.position),
        time=timestamp(stored.position[0]),
        level=stored.level,  # type: ignore[arg-type]
        service=stored.service,
        message=stored.message,
        trace_id=stored.trace_id,
        span_id=stored.span_id,
        attributes=struct(stored.attributes_json),
    )


def line_id(position: Position) -> str:
    """What a line is asked for by. It tells nothing that its tenant may not know, and is of no use to others."""
    return base64.urlsafe_b64encode(json.dumps(position, separators=(",", ":")).encode()).decode().rstrip("=")


def position_of(given: str) -> Position:
    """The position of a line. Raises InvalidInput for what is no id of a line."""
    try:
        time_us, journal_id, offset, row = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
        position = (int(time_us), str(journal_id), int(offset), int(row))
        if 0 <= position[0] < 2**62 and 0 <= position[2] < 2**63 and 0 <= position[3] < 2**32:
            return position
    except (binascii.Error, ValueError, TypeError):
        pass
    raise InvalidInput.of("line_id", "must be that of a line, as a list gave it")


def pattern(found: LogPattern, one_of: int, total: float) -> pb.LogPattern:
    """A pattern that was found in one of so many lines of `total`."""
    count = float(found.count * one_of)
    return pb.LogPattern(
        template=found.template,
        count=count,
        share=min(1.0, count / total) if total else 0.0,
        sample=found.sample,
        first_time=timestamp(found.first_us),
        last_time=timestamp(found.last_us),
        levels=[
            pb.LogLevelCount(level=level, count=each * one_of)  # type: ignore[arg-type]
            for level, each in found.levels.items()
        ],
        services=found.services,
    )


def named_levels(found: Sequence[Counts]) -> list[Counts]:
    """Counts under the names of levels."""
    return [Counts(LEVEL_NAMES.get(one.name, "info"), one.counts) for one in found]
