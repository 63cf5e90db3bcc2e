"""OpenTelemetry's own exporters write to a whole suite, and the store holds what they sent, exactly."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.rpc import status_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from tests.integration.otlp.exporters import run_node, run_python, why_no_node
from tests.integration.otlp.posts import posts
from tests.support import otlp
from tests.support.suite import BINNACLE, Suite, free_port
from tests.support.waiting import eventually_sync

pytestmark = [
    pytest.mark.network, pytest.mark.processes, pytest.mark.slow, pytest.mark.store, pytest.mark.timeout(300)
]  # fmt: skip

Rows = list[list[Any]]
Ask = Callable[[str], Rows]
PYTHON = ("grpc", "http/protobuf")
NODE = ("grpc", "http/protobuf", "http/json")
BOUNDS, BUCKETS = [0.1, 0.5, 1], [1, 2, 0, 1]


class Sent:
    """What was sent by whom, and what was complained of."""

    def __init__(self) -> None:
        self.services: list[str] = []
        self.python: list[str] = []
        self.complaints: dict[str, str] = {}
        self.no_node = ""
        self.curl = ""
        self.listed = ""
        self.answers: dict[str, httpx.Response] = {}
        self.requests: dict[str, float] = {}


def send_all(suite: Suite, own: tuple[int, int]) -> Sent:
    """Every exporter, some through the edge's port and some through OpenTelemetry's own."""
    sent = Sent()
    grpc, http = (f"http://127.0.0.1:{port}" for port in own)
    places = {"grpc": (suite.url, grpc), "http/protobuf": (suite.url, http), "http/json": (suite.url, http)}
    for protocol in PYTHON:
        for where in places[protocol]:
            service = f"python-{protocol}-{where.rpartition(':')[2]}"
            sent.complaints[service] = run_python(protocol, where, service)
            sent.python.append(service)
    sent.no_node = why_no_node()
    for number, protocol in enumerate(() if sent.no_node else NODE):
        where = places[protocol][number % 2]
        service = f"node-{protocol}"
        sent.complaints[service] = run_node(protocol, where, service)
    sent.services = list(sent.complaints)
    return sent


def contract_file(folder: Path) -> Path:
    """OpenTelemetry's contract of metrics, as buf takes it."""
    found: dict[str, FileDescriptorProto] = {}

    def add(file: Any) -> None:
        if file.name not in found:
            for needed in file.dependencies:
                add(needed)
            found[file.name] = FileDescriptorProto.FromString(file.serialized_pb)

    add(metrics_service_pb2.DESCRIPTOR)
    path = folder / "otlp.binpb"
    path.write_bytes(FileDescriptorSet(file=found.values()).SerializeToString())
    return path


def curl(suite: Suite, folder: Path) -> str:
    """`buf curl` with a schema, as a person at a terminal."""
    point = {"timeUnixNano": str(otlp.now_ns()), "asDouble": 1.5}
    metric = {"name": "curled", "gauge": {"dataPoints": [point]}}
    request = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    url = f"{suite.url}/{metrics_service_pb2.DESCRIPTOR.package}.MetricsService/Export"
    command = [str(BINNACLE.with_name("buf")), "curl", "--protocol", "grpc", "--http2-prior-knowledge"]
    done = subprocess.run(
        [*command, "--schema", str(contract_file(folder)), "-d", json.dumps(request), url],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr


def listed(suite: Suite) -> str:
    """What reflection says there is."""
    command = [str(BINNACLE.with_name("buf")), "curl", "--protocol", "grpc", "--http2-prior-knowledge"]
    done = subprocess.run(
        [*command, "--list-methods", suite.url], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


def _requests(suite: Suite) -> dict[str, float]:
    """Requests and average latency of each service on the dashboard."""
    shown = suite.get("/dashboard")["services"].values()
    return {service["name"]: service["avg_latency_ms"] for service in shown if service["request_count"] >= 4}


@pytest.fixture(scope="module")
def story() -> Iterator[tuple[Sent, Ask]]:
    """A suite to which everybody wrote, and its store once it has stopped."""
    own = (free_port(), free_port())
    with tempfile.TemporaryDirectory(prefix="binnacle-test-") as folder:
        data = Path(folder) / "data"
        with Suite(data, ("--no-agent", f"--otlp-ports={own[0]},{own[1]}")) as suite:
            sent = send_all(suite, own)
            sent.curl, sent.listed = curl(suite, Path(folder)), listed(suite)
            sent.answers = posts(suite)
            eventually_sync(lambda: len(_requests(suite)) == len(sent.services), "all services are on the page", 60)
            sent.requests = _requests(suite)
            # Records of a journal are stored in order: when this one is there, all are.
            suite.post("/events", {"type": "last"})
            eventually_sync(lambda: bool(suite.get("/events", type="last")["events"]), "everything is stored", 60)
        engine = ChdbEngine(data / "aggregator" / "chdb")
        try:
            yield sent, lambda sql: [list(row) for row in engine.query(Statement(sql))]
        finally:
            engine.close()


def test_no_exporter_complains(story: tuple[Sent, Ask]) -> None:
    sent, _ask = story
    assert {service: said for service, said in sent.complaints.items() if said} == {}


def test_nodes_exporters_were_there(story: tuple[Sent, Ask]) -> None:
    sent, _ask = story
    if sent.no_node:
        pytest.skip(sent.no_node)


def test_duration_histograms_are_traffic_on_the_dashboard(story: tuple[Sent, Ask]) -> None:
    sent, ask = story
    assert set(sent.requests) == set(sent.services)
    # A server span that came before the histogram is counted beside it, and as an error.
    rows = ask("SELECT service, sum(requests), sum(errors), sum(latency_sum_ms) FROM signals GROUP BY service")
    for _service, requests, errors, total_ms in rows:
        assert requests - errors == 4
        assert 2_550 <= total_ms < 2_550 + 1_000 * errors + 1e-6


def test_buf_curl_speaks_to_opentelemetrys_service(story: tuple[Sent, Ask]) -> None:
    sent, ask = story
    assert json.loads(sent.curl) == {}
    assert "opentelemetry.proto.collector.metrics.v1.MetricsService/Export" in sent.listed
    assert ask("SELECT count() FROM series WHERE name = 'curled'") == [[1]]


@pytest.mark.parametrize("form", ["protobuf", "protobuf, gzip", "JSON", "JSON, gzip"])
def test_http_answers_in_the_form_of_the_request(story: tuple[Sent, Ask], form: str) -> None:
    answer = story[0].answers[form]
    assert answer.status_code == httpx.codes.OK
    told = metrics_service_pb2.ExportMetricsServiceResponse()
    if form.startswith("JSON"):
        assert answer.headers["content-type"] == "application/json"
        json_format.Parse(answer.content, told)
    else:
        assert answer.headers["content-type"] == "application/x-protobuf"
        told.ParseFromString(answer.content)
    assert told.partial_success.rejected_data_points == 1
    assert "endless.value: must be finite" in told.partial_success.error_message


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("broken protobuf", 400, "no valid ExportTraceServiceRequest"),
        ("no gzip", 400, "no valid gzip"),
        ("bomb", 400, "larger than"),
        ("too large", 413, "larger than"),
        ("brotli", 415, "must be gzip or none"),
    ],
)
def test_errors_of_protobuf_are_protobuf(story: tuple[Sent, Ask], body: str, code: int, said: str) -> None:
    answer = story[0].answers[body]
    assert (answer.status_code, answer.headers["content-type"]) == (code, "application/x-protobuf")
    status = status_pb2.Status.FromString(answer.content)
    assert (status.code, said in status.message) == (3, True), status


@pytest.mark.parametrize(("body", "code"), [("broken JSON", 400), ("text", 415)])
def test_other_errors_are_json(story: tuple[Sent, Ask], body: str, code: int) -> None:
    answer = story[0].answers[body]
    assert (answer.status_code, answer.json()["code"]) == (code, 3)


def test_counters_and_gauges_are_there(story: tuple[Sent, Ask]) -> None:
    sent, ask = story
    rows = ask(
        "SELECT labels['service'], name, value, unit, kind FROM samples_values AS s INNER JOIN "
        "(SELECT id, any(name) AS name, any(labels) AS labels, any(unit) AS unit, any(kind) AS kind FROM series "
        "GROUP BY id) AS d ON s.series_id = d.id WHERE name IN ('orders', 'queue', 'temperature')"
    )
    for service in sent.services:
        assert [service, "orders", 3, "{order}", 2] in rows
        other = ["queue", -2, "", 1] if service in sent.python else ["temperature", 21.5, "", 1]
        assert [service, *other] in rows


def test_histograms_are_there_to_the_last_bucket(story: tuple[Sent, Ask]) -> None:
    sent, ask = story
    rows = ask(
        "SELECT labels['service'], bounds, bucket_counts, count, sum, min, max, temporality FROM histograms AS h "
        "INNER JOIN (SELECT id, any(labels) AS labels FROM series WHERE name = 'http.server.request.duration' "
        "GROUP BY id) AS d ON h.series_id = d.id"
    )
    assert {row[0] for row in rows} == set(sent.services)
    for _service, bounds, buckets, count, total, low, high, temporality in rows:
        assert (bounds, [int(each) for each in buckets], int(count), temporality) == (BOUNDS, BUCKETS, 4, 2)
        assert (total, low, high) == (0.05 + 0.2 + 0.3 + 2, 0.05, 2)


def test_exponential_histograms_are_there(story: tuple[Sent, Ask]) -> None:
    sent, ask = story
    rows = ask(
        "SELECT labels['service'], scale, arraySum(positive_counts), count, sum FROM exponential_histograms AS h "
        "INNER JOIN (SELECT id, any(labels) AS labels FROM series GROUP BY id) AS d ON h.series_id = d.id"
    )
    assert {row[0] for row in rows} == set(sent.python)
    assert all((int(held), int(count), total) == (3, 3, 10_101) for _service, _scale, held, count, total in rows)


def test_exemplars_lead_to_their_spans(story: tuple[Sent, Ask]) -> None:
    sent, ask = story
    [[found]] = ask(
        "SELECT uniqExact(s.service) FROM exemplars AS e INNER JOIN spans AS s "
        "ON e.trace_id = s.trace_id AND e.span_id = s.span_id"
    )
    assert found == len(sent.python)


def test_spans_are_there_with_their_events(story: tuple[Sent, Ask]) -> None:
    sent, ask = story
    rows = ask("SELECT service, name, status, status_message, attributes, events, duration_ns FROM spans")
    assert sorted(row[0] for row in rows) == sorted(sent.services)
    for _service, name, status, message, attributes, events, duration in rows:
        assert (name, status, message) == ("checkout", 2, "declined")
        assert json.loads(attributes)["cart.items"] == 2
        assert [(event["name"], event["attributes"]) for event in json.loads(events)] == [("paid", {"method": "card"})]
        assert int(duration) > 0


def test_log_records_are_there(story: tuple[Sent, Ask]) -> None:
    sent, ask = story
    rows = ask("SELECT service, level, message, attributes, trace_id, span_id FROM logs")
    assert sorted(row[0] for row in rows) == sorted(sent.services)
    for service, level, message, attributes, trace_id, span_id in rows:
        assert (level, message, json.loads(attributes)["item"]) == (3, "low stock", 7)
        assert (bool(trace_id), bool(span_id)) == (service in sent.python, service in sent.python)
