"""Made-up visits to a shop, and what is true of them, worked out in plain Python."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import mean, median
from typing import Any

Row = Mapping[str, Any]
PAGES = ("/", "/products", "/cart")
FEATURES = ("wishlist", "compare", "export")
TYPES = ("page_view", "feature_used", "purchase", "request", "error", "conversion", "search")


def visits(seed: int, count: int, begin: float, seconds: float) -> list[Row]:
    """So many events of a dozen sessions, at whole milliseconds; as rows of `journals.record`."""
    rng = Random(seed)
    return [_event(rng, round(begin + rng.uniform(0, seconds), 3)) for _ in range(count)]


def _event(rng: Random, time: float) -> Row:
    session = rng.randrange(12)
    kind = rng.choice(TYPES)
    row = {
        "type": kind,
        "service": rng.choice(("frontend", "checkout")),
        # Some sessions are of nobody, some events of no session.
        "user": f"u{session % 5}" if session % 4 else "",
        "session": f"s{session}" if rng.random() < 0.9 else "",
        "time": time,
    }
    return {**row, "data": _data(rng, kind)}


def _data(rng: Random, kind: str) -> dict[str, Any]:
    match kind:
        case "page_view":
            return {"page": rng.choice(PAGES), "country": rng.choice(("DE", "BR"))}
        case "feature_used":
            return {"feature": rng.choice(FEATURES)}
        case "purchase":
            total = rng.choice((round(rng.uniform(1, 200), 2), "9.99", None, "free"))
            return {"total": total, "currency": rng.choice(("USD", "eur"))}
        case "request":
            return {"status_code": rng.choice((200, 404, 500, 503)), "error": rng.choice((None, False, "boom", ""))}
        case _:
            return {}


def amount(value: Any) -> float | None:
    """A number, or a text that is one."""
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def failed(row: Row) -> bool:
    data = row.get("data", {})
    if row["type"] == "request":
        return data.get("status_code", 0) >= 500 or bool(data.get("error"))
    return bool(row["type"] == "error")


def by_session(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The events of each session, in order of time."""
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["time"]):
        if row["session"]:
            found.setdefault(row["session"], []).append(row)
    return found


@dataclass(frozen=True)
class Truth:
    """One session as it was."""

    user: str
    start: float
    end: float
    events: int
    pages: list[str]
    features: list[str]
    purchases: int
    revenue: dict[str, float]
    errors: int
    services: list[str]
    entry_page: str
    exit_page: str
    last_type: str
    country: str


def truth(rows: Sequence[Row]) -> Truth:
    """What is true of a session's events, in order of time."""
    seen = [row["data"]["page"] for row in rows if row["type"] == "page_view"]
    revenue: dict[str, float] = {}
    for row in rows:
        if row["type"] == "purchase" and (total := amount(row["data"]["total"])) is not None:
            currency = row["data"]["currency"].upper()
            revenue[currency] = revenue.get(currency, 0.0) + total
    return Truth(
        user=next((row["user"] for row in reversed(rows) if row["user"]), ""),
        start=rows[0]["time"],
        end=rows[-1]["time"],
        events=len(rows),
        pages=sorted(set(seen)),
        features=sorted({row["data"]["feature"] for row in rows if row["type"] == "feature_used"}),
        purchases=sum(row["type"] == "purchase" for row in rows),
        revenue=revenue,
        errors=sum(map(failed, rows)),
        services=sorted({row["service"] for row in rows}),
        entry_page=seen[0] if seen else "",
        exit_page=seen[-1] if seen else "",
        last_type=rows[-1]["type"],
        country=next((row["data"]["country"] for row in reversed(rows) if "country" in row["data"]), ""),
    )


def figures(sessions: Mapping[str, Sequence[Row]], active_from: float) -> dict[str, float]:
    """Figures over sessions, as SessionFigures names them."""
    ends = [rows[-1]["time"] for rows in sessions.values()]
    lasted = [rows[-1]["time"] - rows[0]["time"] for rows in sessions.values()]
    views = [Counter(row["type"] for row in rows)["page_view"] for rows in sessions.values()]
    having = {
        kind: sum(any(row["type"] == kind for row in rows) for rows in sessions.values())
        for kind in ("purchase", "conversion")
    }
    return {
        "sessions": len(sessions),
        "active_sessions": sum(end >= active_from for end in ends),
        "users": len({row["user"] for rows in sessions.values() for row in rows if row["user"]}),
        "average_duration_seconds": mean(lasted),
        "median_duration_seconds": median(lasted),
        "events_per_session": mean(len(rows) for rows in sessions.values()),
        "page_views_per_session": mean(views),
        "bounce_rate": 100 * views.count(1) / max(1, sum(view > 0 for view in views)),
        "sessions_with_errors": sum(any(map(failed, rows)) for rows in sessions.values()),
        "sessions_with_purchase": having["purchase"],
        "sessions_with_conversion": having["conversion"],
    }


def near(left: float, right: float) -> bool:
    """The same but for the rounding of doubles."""
    return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-6)
