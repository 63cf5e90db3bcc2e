"""Spans of time as people write them: `90s`, `1h30m`, `500ms`, `7d`."""

import re

_UNITS = (("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))
_MILLIS = dict(_UNITS)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[wdhms])")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


def seconds_from(text: str) -> float | None:
    """The seconds of a span; None of a text that is none."""
    if not _WHOLE.fullmatch(text):
        return None
    return sum(float(count) * _MILLIS[unit] for count, unit in _PART.findall(text)) / 1_000


def span_text(seconds: float) -> str:
    """A span in the largest units that tell it, to the millisecond."""
    millis = round(seconds * 1_000)
    parts = []
    for unit, size in _UNITS[1:]:
        count, millis = divmod(millis, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
