"""Results, one JSON object a line."""

import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One figure; `ratio` is our cost to that of the rival in the same run: below 1 is ahead. None without a rival."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    goal: float | None = None


def tell(result: Result) -> None:
    """Print it at once."""
    line = {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(result).items()}
    print(json.dumps(line), flush=True)


def note(text: str) -> None:
    """Say something to the person who waits."""
    print(text, file=sys.stderr, flush=True)
