"""What data there is, and files of it, through the edge."""

import csv
import hashlib
import io
import json
from typing import Any

import grpc

from binnacle.aggregator.v1 import export_service_pb2, export_service_pb2_grpc
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

TYPE = "exported"


def recorded(suite: Suite, user: str, count: int) -> None:
    """Events of a person, in the store when this returns."""
    events = [{"type": TYPE, "user_id": user, "data": {"formula": "=1+1", "place": n}} for n in range(count)]
    suite.post("/events", events)
    eventually_sync(lambda: lines(suite, user) == count, "the events are stored", within=20)


def lines(suite: Suite, user: str) -> int:
    """How many events of a person an export has."""
    answer = suite.http.get("/api/v1/export", params={"data": "events", "format": "ndjson", "user_ids": user})
    assert answer.status_code == 200, answer.text
    return len(answer.text.splitlines())


def test_a_download_is_a_file_with_a_name(suite: Suite) -> None:
    recorded(suite, "reader", 50)
    asked = {"data": "events", "types": TYPE, "user_ids": "reader", "end_line": "true"}
    answer = suite.http.get("/api/v1/export", params=asked)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith('attachment; filename="events-')
    *rows, end = csv.reader(io.StringIO(answer.text, newline=""))
    assert end == ["#end", "50"]
    assert len(rows) == 51
    refused = suite.http.get("/api/v1/export", params={"data": "nothing"})
    assert refused.status_code == 400
    assert "data" in refused.text
    body = {"format": "EXPORT_FORMAT_JSON", "events": {"types": [TYPE], "user_ids": ["reader"]}}
    assert len(json.loads(suite.http.post("/api/v1/export", json=body).content)) == 50


def test_a_file_comes_over_grpc_with_its_checksum(suite: Suite) -> None:
    recorded(suite, "listener", 20)
    with grpc.insecure_channel(f"127.0.0.1:{suite.port}") as channel:
        stub: Any = export_service_pb2_grpc.ExportServiceStub(channel)
        kind: Any = export_service_pb2.ExportDataRequest
        request = kind(format=export_service_pb2.EXPORT_FORMAT_NDJSON, events={"user_ids": ["listener"]})
        messages = list(stub.ExportData(request))
    data = b"".join(message.data for message in messages)
    assert len(data.splitlines()) == messages[-1].end.rows == 20
    assert messages[-1].end.sha256 == hashlib.sha256(data).hexdigest()


def test_the_catalog_knows_the_demo(suite: Suite) -> None:
    def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = suite.get("/api/v1/metrics", page_size=1)["metrics"]
        return found

    eventually_sync(lambda: bool(listed()), "there are metrics", within=60)
    name = listed()[0]["name"]
    matchers = [{"label": "__name__", "value": name}]

    def told() -> tuple[list[int], list[set[str]]]:
        """How many series the metric has, and which labels, as each list says it."""
        [metric] = suite.get("/api/v1/metrics", names=name)["metrics"]
        series = suite.get("/api/v1/series", match=f"__name__={name}")["series"]
        labels = suite.get("/api/v1/labels", match=f"__name__={name}")["labels"]
        values = suite.get("/api/v1/labels/__name__/values", search=name, search_mode="SEARCH_MODE_PREFIX")["values"]
        searched = suite.post("/api/v1/series/search", {"matchers": matchers})["series"]
        assert values[0]["value"] == name
        counts = [int(metric["series"]), len(series), int(values[0]["series"]), len(searched)]
        return counts, [{label["name"] for label in labels}, {"__name__", *metric["labels"]}]

    def all_say_the_same() -> bool:
        # The demonstration goes on, and each list is told again for a moment.
        counts, labels = told()
        return len(set(counts)) == 1 and labels[0] == labels[1]

    eventually_sync(all_say_the_same, "all lists say the same", within=30)
    eventually_sync(lambda: suite.get("/api/v1/cardinality")["series"] >= told()[0][0], "all series are counted")
