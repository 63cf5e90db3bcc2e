"""Where widgets stand."""

from collections.abc import Iterable, Sequence

from binnacle.dashboards.v1 import widgets_pb2 as pb
from services.runtime.faults import Faults

COLUMNS, MOST_ROWS, TALLEST = 12, 10_000, 100
_SIZES = {"number": (3, 2), "gauge": (3, 3), "markdown": (12, 2)}
_USUAL = (6, 4)


def check_position(faults: Faults, field: str, given: pb.Position) -> None:
    """Note what is wrong with a place."""
    faults.require(given.x < COLUMNS, f"{field}.x", f"must be at most {COLUMNS - 1}")
    right = 1 <= given.width <= COLUMNS - min(given.x, COLUMNS - 1)
    faults.require(right, f"{field}.width", f"must be at least 1, and with x at most {COLUMNS}")
    faults.require(given.y <= MOST_ROWS, f"{field}.y", f"must be at most {MOST_ROWS:,}")
    faults.require(1 <= given.height <= TALLEST, f"{field}.height", f"must be 1 to {TALLEST}")


def place_others(widgets: Sequence[pb.Widget]) -> None:
    """Give a place to those that have none: below all others, from left to right, as their kinds need."""
    x, y, tallest = 0, bottom(one for one in widgets if one.HasField("position")), 0
    for one in widgets:
        if one.HasField("position"):
            continue
        width, height = _SIZES.get(str(one.WhichOneof("kind")), _USUAL)
        if x + width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        one.position.CopyFrom(pb.Position(x=x, y=y, width=width, height=height))
        x, tallest = x + width, max(tallest, height)


def bottom(widgets: Iterable[pb.Widget]) -> int:
    """The first row below all of them, and below all that can be where their places are none."""
    lowest = max((one.position.y + one.position.height for one in widgets), default=0)
    return min(lowest, MOST_ROWS + TALLEST)


def moved_down(wanted: pb.Position, others: Iterable[pb.Widget]) -> pb.Position:
    """A place as wanted, or the first one below it that nothing else takes."""
    found = pb.Position()
    found.CopyFrom(wanted)
    for other in sorted((one.position for one in others), key=lambda place: place.y):
        if _overlap(found, other):
            found.y = other.y + other.height
    return found


def _overlap(one: pb.Position, other: pb.Position) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not beside and one.y < other.y + other.height and other.y < one.y + one.height
