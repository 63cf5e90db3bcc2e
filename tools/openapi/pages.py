"""Paths that the streamer serves itself, without transcoding."""

from typing import Any

from tools.openapi import errors
from tools.openapi.contracts import Contracts
from tools.openapi.schemas import Schemas

HEALTH = ".binnacle.streamer.v1.GetHealthResponse"
_FAILURES = ["403", "503", "504"]


def pages(contracts: Contracts, schemas: Schemas) -> dict[str, Any]:
    """The operations by path and verb."""
    health = schemas.answer(contracts.messages[HEALTH].name)
    root = {
        "operationId": "root",
        "tags": ["SystemService"],
        "summary": "Gives the web app to a browser, and the health as JSON to everybody else",
        "description": "A request that accepts `text/html` is answered with the web app, any other as at `/health`.",
        "security": [],
        "responses": {
            "200": {
                "description": "Done.",
                "content": {"application/json": {"schema": health}, "text/html": {"schema": {"type": "string"}}},
            },
            **errors.responses(_FAILURES),
        },
    }
    return {"/": {"get": root}}
