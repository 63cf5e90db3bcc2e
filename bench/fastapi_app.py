"""The seeds' way to take in events: FastAPI, Pydantic, a deque in memory. Nothing is kept when it ends."""

# FastAPI is not among our packages.
# mypy: ignore-errors
from collections import Counter, deque
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()
events: deque[dict[str, Any]] = deque(maxlen=100_000)
by_type: Counter[str] = Counter()
by_service: Counter[str] = Counter()


class Event(BaseModel):
    """One event as the seeds post it."""

    type: str
    service: str
    user_id: str | None = None
    session_id: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    timestamp: datetime = Field(default_factory=lambda: datetime.now(UTC))


@app.get("/health")
async def health() -> dict[str, str]:
    """Whether it runs."""
    return {"status": "healthy"}


@app.post("/events")
async def track(event: Event) -> dict[str, Any]:
    """Take one event."""
    events.append(event.model_dump())
    by_type[event.type] += 1
    by_service[event.service] += 1
    return {"success": True, "count": len(events)}
