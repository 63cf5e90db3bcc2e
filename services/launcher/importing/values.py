"""Times and numbers as files hold them."""

from datetime import UTC, datetime
from decimal import Decimal
from math import isnan

# Numbers below this are seconds (until the year 5138), above it milliseconds (from 1973 on), as everywhere at intake.
SECONDS_BELOW = 1e11
LIMIT_MS = 2**53
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadValue(ValueError):
    """No time or number; the text says what would be one."""


def time_ms(given: object) -> int:
    """Milliseconds since the Unix epoch of a number, a text or a datetime (without a zone: UTC). Raises BadValue."""
    if isinstance(given, datetime):
        return _of_datetime(given if given.tzinfo else given.replace(tzinfo=UTC))
    if isinstance(given, str):
        return _of_text(given)
    if isinstance(given, int | float) and not isinstance(given, bool):
        return _of_number(given)
    raise BadValue("is no time")


def _of_number(given: float) -> int:
    millis = given * (1_000 if abs(given) < SECONDS_BELOW else 1)
    if not abs(millis) < LIMIT_MS:
        raise BadValue("must be Unix seconds or milliseconds")
    return round(millis)


def _of_text(given: str) -> int:
    text = given.strip()
    try:
        return _of_number(float(text))
    except BadValue:
        raise
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadValue(
            f"{text!r} is no time; write Unix seconds, milliseconds or RFC 3339 such as 2026-01-15T10:30:00Z"
        ) from error
    if moment.tzinfo is None:
        raise BadValue(f"{text!r} must name its zone, such as the Z of 2026-01-15T10:30:00Z")
    return _of_datetime(moment)


def _of_datetime(moment: datetime) -> int:
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000


def number(given: object) -> float | None:
    """A number; None for nothing, and for NaN, which says that there is none. Raises BadValue."""
    if given is None or given == "":
        return None
    if isinstance(given, bool) or not isinstance(given, int | float | str | Decimal):
        raise BadValue(f"{given!r} is no number")
    try:
        value = float(given)
    except (ValueError, OverflowError) as error:
        raise BadValue(f"{given!r} is no number") from error
    return None if isnan(value) else value
