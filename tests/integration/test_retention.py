"""How long data is kept, asked and set through the edge."""

import httpx

from tests.support.suite import Suite


def kept(answer: dict[str, list[dict[str, object]]]) -> dict[object, object]:
    return {kind["kind"]: kind["days"] for kind in answer["kinds"]}


def test_retention_is_told_and_set_over_rest(suite: Suite) -> None:
    before = kept(suite.get("/api/v1/retention"))
    assert before["samples"] == 7
    try:
        answer = suite.post("/api/v1/retention", {"changes": [{"kind": "logs", "days": 31, "archive": False}]})
        assert kept(answer) == {**before, "logs": 31} == kept(suite.get("/api/v1/retention"))
        refused = suite.http.post("/api/v1/retention", json={"changes": [{"kind": "logs", "days": 0}]})
        assert refused.status_code == httpx.codes.BAD_REQUEST
        assert "changes[0].days" in refused.text
    finally:
        suite.post("/api/v1/retention", {"changes": [{"kind": "logs", "days": before["logs"]}]})
