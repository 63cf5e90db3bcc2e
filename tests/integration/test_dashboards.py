"""Dashboards as people build them: by REST and gRPC, as files, asked for in words."""

import json
import math
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from binnacle.live.v1 import live_pb2
from binnacle.streamer.v1 import (
    dashboard_builder_service_pb2 as pb,
    dashboard_builder_service_pb2_grpc as pb_grpc,
    live_service_pb2,
    live_service_pb2_grpc,
)
from services.runtime.yaml_files import load
from services.streamer.domain.dashboards.figures import FIGURES
from tests.support.outages import patience
from tests.support.rest import failing_requests
from tests.support.suite import BINNACLE, Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.timeout(300)]
DASHBOARDS, RULES = "/api/v1/dashboards", "/api/v1/rules"
KINDS: dict[str, dict[str, Any]] = {"line": {}, "area": {}, "bar": {}, "stacked": {}, "number": {}, "top_list": {}}
FIFTY = 50
MANY = 1_000_000
FILE = """
dashboards:
- id: of-a-file
  title: Of a file
  widgets:
  - id: line-1
    title: Requests
    position:
      width: 6
      height: 4
    line:
      question:
        query:
          expressions:
          - selection:
              metric: __requests__
              function: rate
              grouping:
                aggregation: sum
                by:
                - service
"""


def run(suite: Suite, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(BINNACLE), "dashboards", *arguments, "--url", suite.url]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def minutes_ago() -> str:
    return (datetime.now(UTC) - timedelta(minutes=10)).isoformat()


def created(suite: Suite, title: str, **told: Any) -> dict[str, Any]:
    made: dict[str, Any] = suite.post(DASHBOARDS, {"title": title, **told})["dashboard"]
    return made


def test_of_six_widgets_one_is_built_opened_elsewhere_changed_and_undone(suite: Suite) -> None:
    question = {"figures": {"names": ["requests"]}}
    widgets = [{kind: {**told, "question": question}} for kind, told in KINDS.items()]
    made = created(suite, "Six widgets", widgets=widgets)
    path = f"{DASHBOARDS}/{made['id']}"
    with grpc.insecure_channel(suite.url.removeprefix("http://")) as channel:
        stub = pb_grpc.DashboardBuilderServiceStub(channel)
        followed = stub.FollowDashboard(pb.FollowDashboardRequest(id=made["id"]), timeout=patience(60))
        assert len(next(followed).dashboard.widgets) == len(KINDS)
        made["title"] = "Renamed"
        changed = suite.http.put(path, json=made).raise_for_status().json()["dashboard"]
        assert next(followed).dashboard.title == "Renamed"
        # Who still has the former version is refused, and told.
        late = suite.http.put(path, json={**made, "title": "Too late"})
        assert (late.status_code, "was changed meanwhile, by" in late.text) == (httpx.codes.CONFLICT, True), late.text
        assert changed["former_version"] == made["version"]

        def is_undone() -> bool:
            return suite.http.post(f"{path}/restore", json={}).status_code == httpx.codes.OK

        eventually_sync(is_undone, "the former version is stored", patience(20))
        assert next(followed).dashboard.title == "Six widgets"
        suite.http.delete(path).raise_for_status()
        assert not next(followed).HasField("dashboard")
        followed.cancel()
    assert suite.http.get(path).status_code == httpx.codes.NOT_FOUND
    eventually_sync(is_undone, "the deletion is stored", patience(20))
    assert suite.get(path)["dashboard"]["title"] == "Six widgets"

    def actions() -> list[str]:
        return [one["action"] for one in suite.get(f"{path}/versions")["versions"]]

    eventually_sync(lambda: actions() == ["restore", "delete", "restore", "update", "create"], "all", patience(20))
    first = suite.get(f"{path}/versions")["versions"][-1]["version"]
    assert suite.get(path, version=first)["dashboard"]["title"] == "Six widgets"
    listed = suite.get(DASHBOARDS, text="six WIDGETS")
    assert [(one["id"], one["widgets"]) for one in listed["dashboards"]] == [(made["id"], len(KINDS))]


def test_all_of_fifty_widgets_are_answered_to_everybody_who_looks(suite: Suite) -> None:
    suite.post("/metrics", [{"name": "half_a_hundred", "value": n, "tags": {"part": str(n)}} for n in range(FIFTY)])
    questions = [
        {
            "query": {
                "expressions": [
                    {"selection": {"metric": "half_a_hundred", "matchers": [{"label": "part", "value": str(n)}]}}
                ]
            }
        }
        for n in range(FIFTY)
    ]
    made = created(suite, "Fifty", widgets=[{"number": {"question": question}} for question in questions])
    with grpc.insecure_channel(suite.url.removeprefix("http://")) as channel:
        stub = pb_grpc.DashboardBuilderServiceStub(channel)
        widgets = stub.OpenDashboard(pb.OpenDashboardRequest(id=made["id"])).dashboard.widgets
        asked = [
            live_pb2.Subscription(id=one.id, query=live_pb2.QuerySelection(query=one.number.question.query))
            for one in widgets
        ]
        live = live_service_pb2_grpc.LiveServiceStub(channel)
        viewers = [
            live.Subscribe(live_service_pb2.SubscribeRequest(subscriptions=asked), timeout=patience(60))
            for _viewer in range(2)
        ]
        for viewer in viewers:
            shown: dict[str, float] = {}
            while len(shown) < FIFTY:
                for update in next(viewer).frame.updates:
                    for series in (one for result in update.answer.results for one in result.series):
                        # Steps that have just begun hold nothing.
                        known = [value for value in series.values if not math.isnan(value)]
                        if known:
                            shown[update.subscription] = known[-1]
            assert [shown[one.id] for one in widgets] == [*map(float, range(FIFTY))]
            viewer.cancel()


def test_figures_by_name_are_told_live_to_everybody_who_looks(suite: Suite) -> None:
    asked = live_pb2.Subscription(id="all", figures=live_pb2.FigureSelection(names=["credits_used", "requests"]))
    asked.figures.interval.FromSeconds(1)

    def newest(frames: Iterator[live_service_pb2.SubscribeResponse]) -> float:
        told = [update.figures.figures for update in next(frames).frame.updates if update.HasField("figures")]
        return sum(one.value for one in told[-1][0].series) if told else math.nan

    with grpc.insecure_channel(suite.url.removeprefix("http://")) as channel:
        live = live_service_pb2_grpc.LiveServiceStub(channel)
        wanted = live_service_pb2.SubscribeRequest(subscriptions=[asked])
        viewers = [live.Subscribe(wanted, timeout=patience(60)) for _viewer in range(2)]
        before = max(first_of(newest(viewer) for _frame in count()) for viewer in viewers)
        # More than the demonstration could use meanwhile.
        suite.post("/events", {"type": "credits_used", "data": {"credits": MANY, "feature": "export"}})
        for viewer in viewers:
            assert any(newest(viewer) >= before + MANY for _frame in count())
            viewer.cancel()
        asked.figures.names.append("no such figure")
        refused = live.Subscribe(live_service_pb2.SubscribeRequest(subscriptions=[asked]), timeout=patience(60))
        errors = (update.error for _frame in count() for update in next(refused).frame.updates)
        assert "no such figure" in next(error.message for error in errors if error.reason)
        refused.cancel()


def first_of(values: Iterator[float]) -> float:
    return next(value for value in values if not math.isnan(value))


def test_a_widget_is_added_to_the_default_dashboard_in_few_words(suite: Suite) -> None:
    told = {
        "widget_type": "chart",
        "title": "Messages per Hour",
        "config": {"chart_type": "line", "metrics": ["messages_sent", "messages_received"]},
        "position": {"x": 0, "y": 0, "width": 6, "height": 4},
    }
    first, second = (suite.post("/api/v1/dashboard/widgets", told) for _time in range(2))
    assert (first["dashboard_id"], int(second["version"]) > int(first["version"])) == ("default", True)
    assert second["widget"]["position"]["y"] >= first["widget"]["position"]["y"] + 4
    shown = suite.get(f"{DASHBOARDS}/default")["dashboard"]
    assert {first["id"], second["id"]} <= {one["id"] for one in shown["widgets"]}
    wrong = suite.http.post("/api/v1/dashboard/widgets", json={**told, "config": {"chart_type": "pie"}})
    assert (wrong.status_code, "config.chart_type" in wrong.text) == (httpx.codes.BAD_REQUEST, True), wrong.text


def test_files_are_compared_applied_edited_and_exported(suite: Suite, tmp_path: Path) -> None:
    path, held = tmp_path / "ours.yaml", f"{DASHBOARDS}/of-a-file"
    path.write_text(FILE)
    differs = run(suite, "diff", str(tmp_path))
    assert (differs.returncode, "+- id: of-a-file" in differs.stdout) == (1, True), differs.stdout + differs.stderr
    applied = run(suite, "apply", str(tmp_path))
    assert (applied.returncode, applied.stdout.split()) == (0, ["of-a-file"]), applied.stderr
    assert run(suite, "diff", str(tmp_path)).returncode == 0
    assert load(run(suite, "export").stdout) == load(FILE)
    shown = suite.get(held)["dashboard"]
    suite.http.put(held, json={**shown, "title": "Edited"}).raise_for_status()
    refused = run(suite, "apply", str(tmp_path))
    assert (refused.returncode, "edits that are in no file would be lost: of-a-file" in refused.stderr) == (1, True)
    path.write_text(run(suite, "export").stdout)
    assert "title: Edited" in path.read_text()
    assert run(suite, "apply", str(tmp_path)).returncode == 0
    assert suite.get(held)["dashboard"]["edited"] is False
    path.write_text("dashboards: [{id: of-a-file, title: '', widgets: [{line: {}}]}]")
    wrong = run(suite, "apply", str(tmp_path))
    assert (wrong.returncode, f"{path}: of-a-file.title" in wrong.stderr) == (1, True), wrong.stderr
    text = run(suite, "export", "of-a-file", "--json").stdout
    [again] = suite.post(f"{DASHBOARDS}:import", {"text": text})["dashboards"]
    assert (again["id"], again["title"], again["origin"]) == ("of-a-file-2", "Edited", "ORIGIN_CALL")
    path.write_text("dashboards: []")
    assert run(suite, "apply", str(tmp_path)).returncode == 0
    assert suite.http.get(held).status_code == httpx.codes.NOT_FOUND
    tried = suite.post(f"{DASHBOARDS}:import", {"text": json.dumps([{"title": ""}, {"title": "b"}]), "dry_run": True})
    assert ([one["field"] for one in tried["faults"]], tried["fault_count"]) == (["dashboards[0].title"], 1)


def test_words_become_a_widget_and_a_widget_becomes_a_rule_that_fires(suite: Suite) -> None:
    suite.post("/events", failing_requests("asked-service"))

    def is_listed() -> bool:
        return "asked-service" in {one["service"] for one in suite.get("/api/v1/services")["services"]}

    # What is known is kept for some seconds once somebody has asked.
    eventually_sync(is_listed, "the service is listed", patience(20))

    def asked() -> dict[str, Any]:
        answer: dict[str, Any] = suite.get("/api/v1/ask", text="errors of asked-service last hour")
        return answer

    eventually_sync(lambda: not asked()["not_understood"], "the service is known", patience(30))
    answer = asked()
    assert answer["range"] == "3600s"
    query = {"query": {**answer["widget"]["line"]["question"]["query"], "pixels": 10}}

    def errors() -> float:
        series = suite.post("/api/v1/query", query)["answer"]["results"][0].get("series", [])
        return sum(value for one in series for value in one["values"] if isinstance(value, float | int))

    # Services are known from memory, before the store has what they sent.
    eventually_sync(lambda: errors() >= 1, "its errors are counted", patience(20))
    drafted = suite.post(f"{DASHBOARDS}:draft-rule", {"widget": answer["widget"], "threshold": 1})
    made = suite.post(RULES, drafted["rule"])["rule"]
    assert made["levels"][0]["threshold"] == 1
    tried = suite.post(f"{RULES}:test", {"rule": made, "start_time": minutes_ago()})
    assert tried["judgements"] > 0
    suite.http.delete(f"{RULES}/{made['id']}").raise_for_status()
    suggested = suite.post(f"{DASHBOARDS}:draft-rule", {"widget": answer["widget"]})
    assert suggested["rule"]["levels"][0]["threshold"] >= 1
    assert any("last 24 hours" in notice for notice in suggested["notices"])
    watched = {"event_feed": {"selection": {"types": ["deploy"]}}}
    drafted = suite.post(f"{DASHBOARDS}:draft-rule", {"widget": watched})
    suite.post(f"{RULES}:test", {"rule": drafted["rule"], "start_time": minutes_ago()})
    text = suite.http.post(f"{DASHBOARDS}:draft-rule", json={"widget": {"markdown": {"text": "x"}}})
    assert (text.status_code, "no rule can watch text" in text.text) == (httpx.codes.BAD_REQUEST, True)


def test_every_figure_that_is_known_can_be_asked_for_and_every_ready_made_dashboard_opened(suite: Suite) -> None:
    told = suite.get("/api/v1/dashboard/metrics", period="1h")["metrics"]
    assert set(FIGURES) == set(told)
    listed = suite.get(DASHBOARDS, origin="ORIGIN_READY_MADE")["dashboards"]
    assert {"shop", "services", "messaging", "integrations", "ai-usage", "business", "suite"} <= {
        one["id"] for one in listed
    }
    for one in listed:
        held = suite.http.get(f"{DASHBOARDS}/{one['id']}").raise_for_status().json()["dashboard"]
        for widget in held["widgets"]:
            content = next(value for name, value in widget.items() if isinstance(value, dict) and name != "position")
            if (query := content.get("question", {}).get("query")) is not None:
                suite.post("/api/v1/query:explain", {"query": query})
