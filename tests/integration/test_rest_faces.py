"""Every path of docs/rest.md through the edge: its fields, their types, and that the demo makes them move.

The table itself is what is tested: a row that is added to it is asked for by itself.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorSet, MethodDescriptorProto

from tests.support.rest import failing_requests
from tests.support.rest_table import PAGE, Row, rows
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(600)]

ROWS = rows()
BETWEEN_SECONDS = 10.0
# A demo that has just begun, beside other tests.
BEGUN_SECONDS = 60.0
# What moves every few seconds may, by chance, not do so for ten.
MOVED_SECONDS = 90.0
# What happens rarely may not have happened yet.
WHOLE_SECONDS = 60.0
# What the page writes where a path takes an alert.
OF_AN_ALERT = "of-an-alert"
# The suite's own face: what the seeds do not have a path for is described by the reference.
OWN = re.compile(r"(GET|POST|PUT|PATCH|DELETE) /(api/v1/(?!dashboard/)|v1/)")


@dataclass(frozen=True, slots=True)
class Contract:
    """An RPC behind a path: its name, and the fields of its answer, none where that is a body of another kind."""

    rpc: str
    fields: frozenset[str]


def contracts() -> dict[str, Contract]:
    """Every path that is transcoded, by verb and path."""
    files = FileDescriptorSet.FromString((Path(__file__).parents[2] / "gen" / "binnacle.binpb").read_bytes()).file
    messages = {f".{file.package}.{message.name}": message for file in files for message in file.message_type}
    return {
        f"{verb} {path}": Contract(f"{service.name}.{method.name}", told)
        for file in files
        for service in file.service
        for method in service.method
        for verb, path, told in _bindings(method, messages)
    }


def _bindings(
    method: MethodDescriptorProto, messages: dict[str, DescriptorProto]
) -> Iterator[tuple[str, str, frozenset[str]]]:
    rule: http_pb2.HttpRule = method.options.Extensions[annotations_pb2.http]
    answer = messages.get(method.output_type, DescriptorProto())
    for each in (rule, *rule.additional_bindings):
        if verb := each.WhichOneof("pattern"):
            told = () if each.response_body else (one.name for one in answer.field)
            yield verb.upper(), getattr(each, verb), frozenset(told)


@dataclass(slots=True)
class Reading:
    """What every path answered at one time; answers that are no 200 are told as their status and text."""

    answers: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)


def asked(suite: Suite, row: Row) -> httpx.Response:
    return suite.http.request(row.verb, address(suite, row), json=row.body)


def address(suite: Suite, row: Row) -> str:
    """The path with its example in place: of an alert that has not ended where it takes one."""
    if OF_AN_ALERT not in row.address:
        return row.address
    alerts = suite.get("/api/v1/alerts", active=True)["alerts"]
    return row.address.replace(OF_AN_ALERT, alerts[0]["id"] if alerts else OF_AN_ALERT)


def read(suite: Suite, row: Row) -> tuple[Any, list[str]]:
    """The answer, and what is wrong with it."""
    answer = asked(suite, row)
    if answer.status_code != httpx.codes.OK:
        return None, [f"{answer.status_code}: {answer.text[:300]}"]
    media = answer.headers["content-type"].partition(";")[0]
    if media != (row.media or "application/json"):
        return None, [f"answers {media}"]
    if row.media:
        return answer.text, [] if answer.text else ["the answer is empty"]
    told = answer.json()
    return told, [fault for one in row.fields for fault in one.faults(told)]


def reading(suite: Suite, some: list[Row]) -> Reading:
    made = Reading()
    for row in some:
        made.answers[row.name], made.faults[row.name] = read(suite, row)
    return made


def still(row: Row, before: Any, after: Any) -> list[str]:
    """What should have moved between two answers and has not."""
    if row.media:
        return ["the text"] if row.moves and before == after else []
    return [one.path for one in row.fields if one.moves and one.values(before) == one.values(after)]


def whole(suite: Suite, row: Row, told: Reading) -> Any:
    """The answer of a reading; where something lacked in it, a later one in which nothing does."""
    answer, faults = told.answers[row.name], told.faults[row.name]
    if faults:
        later: list[Any] = []

        def is_whole() -> bool:
            read_now, lacks = read(suite, row)
            later.append(read_now)
            return not lacks

        eventually_sync(is_whole, f"{row.name}: {'; '.join(faults)}", within=WHOLE_SECONDS)
        answer = later[-1]
    return answer


@pytest.fixture(scope="module")
def readings(suite: Suite) -> tuple[Reading, Reading]:
    """Two readings of all paths, ten seconds apart, once the demo has told something of everything."""
    begun: dict[str, Any] = {}
    # Whenever an alert is resolved by hand, one of these has ended.
    suite.post("/events", [event for number in range(10) for event in failing_requests(f"faces-{number}")])

    def complete() -> bool:
        for row in ROWS:
            if row.name not in begun and not read(suite, row)[1]:
                begun[row.name] = True
        return len(begun) == len(ROWS)

    deadline = time.monotonic() + BEGUN_SECONDS
    while not complete() and time.monotonic() < deadline:
        time.sleep(0.5)
    first = reading(suite, ROWS)
    time.sleep(BETWEEN_SECONDS)
    return first, reading(suite, ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_answer_is_what_the_page_says(suite: Suite, readings: tuple[Reading, Reading], row: Row) -> None:
    before, after = (whole(suite, row, each) for each in readings)
    if still(row, before, after):
        what = f"{row.name} moves: {', '.join(still(row, before, after))}"
        eventually_sync(lambda: not still(row, before, read(suite, row)[0]), what, within=MOVED_SECONDS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_page_says_what_the_contract_says(row: Row) -> None:
    contract = contracts().get(row.name)
    if contract is None:
        assert row.rpc == "", f"there is no RPC behind {row.name}"
        return
    assert row.rpc == contract.rpc
    if not row.media:
        assert row.outermost == contract.fields


@pytest.mark.parametrize("row", [row for row in ROWS if row.rpc], ids=lambda row: row.name)
def test_what_a_path_does_not_know_is_refused(suite: Suite, row: Row) -> None:
    wrong = f"{row.address}{'&' if '?' in row.address else '?'}no_such_parameter=1"
    answer = suite.http.request(row.verb, wrong, json=row.body)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert "no_such_parameter" in answer.text


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/api/v1/dashboard/metrics?period=2h", 400, "period: must be one of 1h, 24h, 7d, 30d"),
        ("/api/v1/dashboard/metrics?tenant_id=somebody", 403, "tenant_id"),
        ("/metrics/revenue?period=1y", 400, "period"),
        ("/api/analytics/timeseries/mesages_sent", 404, "messages_sent"),
        ("/monitoring/api/integration/nobody", 404, "Stripe"),
        ("/monitoring/api/metrics?window_seconds=99999", 400, "window_seconds"),
        ("/monitoring/api/sessions?page_token=x", 400, "page_token"),
        ("/api/alerts/recent?limit=1001", 400, "limit"),
        ("/api/alerts/nobody", 404, "nobody"),
    ],
)
def test_a_bad_question_has_a_status_of_its_own(suite: Suite, path: str, status: int, told: str) -> None:
    answer = suite.http.get(path)
    assert (answer.status_code, told in answer.json()["message"]) == (status, True), answer.text


def test_every_path_is_on_the_page() -> None:
    named = {row.name for row in ROWS}
    missing = [name for name in contracts() if name not in named and not OWN.match(name)]
    assert missing == [], f"paths that {PAGE.name} does not name"
