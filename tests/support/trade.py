"""Made-up business, and its figures worked out in plain Python."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tests.support.visits import amount

Row = Mapping[str, Any]
SEARCHES = ("search", "visual_search")


def trade(rng: Random, count: int, begin: float, seconds: float) -> list[dict[str, Any]]:
    """So many events at whole milliseconds, as rows of `journals.record`.

    Each has its own: of two at once the one that came later would be the later, whichever that is.
    """
    rows, taken = [], set[float]()
    for _ in range(count):
        kind, data = rng.choice(_KINDS)(rng)
        user = rng.choice(("", "u1", "u2", "u3"))
        session = rng.choice(("", "s1", "s2", "s3", "s4"))
        time = round(begin + rng.uniform(0, seconds), 3)
        while time in taken:
            time = round(time + 0.001, 3)
        taken.add(time)
        rows.append({"type": kind, "user": user, "session": session, "time": time, "data": data})
    return rows


def _odd(rng: Random, low: float, high: float) -> Any:
    """An amount, now and then one that is none."""
    return rng.choice((round(rng.uniform(low, high), 2), rng.randrange(100), None, "x", "7.25"))


def _purchase(rng: Random) -> tuple[str, dict[str, Any]]:
    items = [{"product_id": rng.choice("ab"), "quantity": rng.choice((1, 2, None))} for _ in range(rng.randrange(3))]
    return "purchase", {"total": _odd(rng, 1, 99), "currency": rng.choice(("USD", "eur", "")), "items": items}


def _conversion(rng: Random) -> tuple[str, dict[str, Any]]:
    return "conversion", {"funnel": rng.choice(("a", "b")), "value": _odd(rng, 0, 9), "currency": "USD"}


def _credits(rng: Random) -> tuple[str, dict[str, Any]]:
    if rng.random() < 0.5:
        return "credits_purchased", {"credits": _odd(rng, 1, 9), "amount": _odd(rng, 1, 9), "currency": "BRL"}
    return "credits_used", {"credits": _odd(rng, 1, 9), "feature": rng.choice(("export", "guidance"))}


def _message(rng: Random) -> tuple[str, dict[str, Any]]:
    who = rng.choice(("p1", "p2", "p3"))
    named = rng.choice(({}, {"conversation_id": rng.choice(("c1", "c2"))}))
    if rng.random() < 0.3:
        return "ConversationStarted", {"conversation_id": rng.choice(("c1", "c2", "c9")), "customer": who}
    if rng.random() < 0.5:
        return "MessageReceived", {"from": who, **named}
    return "MessageSent", {"to": who, "status": rng.choice(("sent", "Failed", "read")), **named}


def _ai(rng: Random) -> tuple[str, dict[str, Any]]:
    data = {"model": rng.choice(("small", "large")), "provider": rng.choice(("p", "")), "tokens": _odd(rng, 1, 99)}
    told = {"cost": _odd(rng, 0, 1), "currency": "usd", "latency_ms": _odd(rng, 1, 900)}
    return "AIInteraction", {**data, **told, **rng.choice(({}, {"success": False}, {"success": True, "error": ""}))}


def _search(rng: Random) -> tuple[str, dict[str, Any]]:
    return rng.choice(SEARCHES), {"query": rng.choice(("Lamp", "lamp", "mug")), "results_count": rng.choice((0, 3, 8))}


def _other(rng: Random) -> tuple[str, dict[str, Any]]:
    product = {"product_id": rng.choice("ab"), "name": "A"}
    issue, feature = rng.choice(("late", "refund")), rng.choice(("x", "y"))
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("TicketCreated", {"issue": issue}),
        ("product_view", product),
        ("cart_add", product),
        ("feature_used", {"feature": feature}),
        ("login", {}),
    ]
    return rng.choice(kinds)


_KINDS = (_purchase, _conversion, _credits, _message, _ai, _search, _other)


def of(rows: Sequence[Row], *types: str) -> list[Row]:
    """The events of some types."""
    return [row for row in rows if row["type"] in types]


def told(rows: Sequence[Row], name: str) -> list[float]:
    """The amounts that were told under a name."""
    return [value for row in rows if (value := amount(row["data"].get(name))) is not None]


def by_currency(rows: Sequence[Row], name: str) -> dict[str, float]:
    """Sums of what was told, by currency."""
    found: dict[str, float] = {}
    for row in rows:
        if (value := amount(row["data"].get(name))) is not None:
            currency = row["data"].get("currency", "").upper()
            found[currency] = found.get(currency, 0.0) + value
    return found


def most(names: Sequence[str]) -> list[tuple[str, int]]:
    """Names with their counts, most first."""
    return sorted(Counter(names).items(), key=lambda each: (-each[1], each[0]))


def plain_figures(rows: Sequence[Row]) -> dict[str, Any]:
    """Figures as BusinessFigures has them."""
    sent, searched = of(rows, "MessageSent"), of(rows, *SEARCHES)
    results, ai = told(searched, "results_count"), of(rows, "AIInteraction")
    orders, latencies = of(rows, "purchase"), told(of(rows, "AIInteraction"), "latency_ms")
    return {
        "purchases": len(orders),
        "conversions": len(of(rows, "conversion")),
        "credits_purchased": sum(told(of(rows, "credits_purchased"), "credits")),
        "credits_used": sum(told(of(rows, "credits_used"), "credits")),
        "sent": len(sent),
        "received": len(of(rows, "MessageReceived")),
        "failed": sum(row["data"]["status"].lower() == "failed" for row in sent),
        "by_status": most([row["data"]["status"].lower() for row in sent]),
        "conversations_started": len(of(rows, "ConversationStarted")),
        "tickets": len(of(rows, "TicketCreated")),
        "by_issue": most([row["data"]["issue"] for row in of(rows, "TicketCreated")]),
        "searches": len(searched),
        "without_results": results.count(0),
        "average_results": sum(results) / len(results) if results else 0.0,
        "queries": most([row["data"]["query"].lower() for row in searched]),
        "features": most([row["data"]["feature"] for row in of(rows, "feature_used")]),
        "ai.calls": len(ai),
        "ai.failed": sum(row["data"].get("success") is False for row in ai),
        "ai.tokens": sum(told(ai, "tokens")),
        "ai.average_latency_ms": sum(latencies) / len(latencies) if latencies else 0.0,
        "people.sessions": len({row["session"] for row in rows} - {""}),
        "people.converting_sessions": len({row["session"] for row in of(rows, "conversion")} - {""}),
        "people.buyers": len({row["user"] for row in orders} - {""}),
        "people.model_users": len({row["user"] for row in ai} - {""}),
    }


def active_conversations(rows: Sequence[Row], end: float) -> int:
    """Different conversations with traffic in the half hour before `end`."""
    started: dict[str, str] = {}
    for row in sorted(of(rows, "ConversationStarted"), key=lambda row: row["time"]):
        started[row["data"]["customer"]] = row["data"]["conversation_id"]
    found = set()
    for row in of(rows, "MessageSent", "MessageReceived", "ConversationStarted"):
        data = row["data"]
        if end - 1_800 <= row["time"] < end:
            party = data.get("to") or data.get("from") or data.get("customer")
            found.add(data.get("conversation_id") or started.get(party) or ("party", party))
    return len(found)
