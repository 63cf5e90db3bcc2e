"""Paths that the streamer serves itself, without transcoding."""

from typing import Any

from tools.openapi.contracts import Contracts
from tools.openapi.schemas import ERROR, Schemas

HEALTH = ".binnacle.streamer.v1.GetHealthResponse"


def pages(contracts: Contracts, schemas: Schemas) -> dict[str, Any]:
    """The operations by path and verb."""
    health = schemas.answer(contracts.messages[HEALTH].name)
    error = {"$ref": f"#/components/schemas/{ERROR}"}
    root = {
        "operationId": "root",
        "tags": ["SystemService"],
        "summary": "Gives the web app to a browser, and the health as JSON to everybody else",
        "description": "A request that accepts `text/html` is answered with the web app, any other as at `/health`.",
        "responses": {
            "200": {
                "description": "Done.",
                "content": {"application/json": {"schema": health}, "text/html": {"schema": {"type": "string"}}},
            },
            "default": {"description": "What went wrong.", "content": {"application/json": {"schema": error}}},
        },
    }
    return {"/": {"get": root}}
