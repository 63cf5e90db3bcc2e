"""Errors in groups through the wired aggregator."""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import error_service_pb2 as pb
from binnacle.query.v1.filters_pb2 import ErrorFilter
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import record
from tests.support.span_trees import SERVER, MadeSpan, telemetry
from tests.support.telemetry import filled

pytestmark = pytest.mark.store
NOW = float(int(time.time()))
START = NOW - 7_200
RANGE: dict[str, Any] = {"start_time": Timestamp(seconds=int(START)), "end_time": Timestamp(seconds=int(NOW))}
Groups = pb.ListErrorGroupsRequest
# Deploys of a service: time and version.
DEPLOYS = ((START - 3_600, "1.0"), (START + 2_400, "1.1"), (START + 4_800, "2.0"))


@dataclass(slots=True)
class Kind:
    """One kind of error, and what was told of it."""

    service: str
    type: str
    message: str
    template: str
    stack: str = ""
    place: str = ""
    sources: Counter[str] = field(default_factory=Counter)
    users: set[str] = field(default_factory=set)
    times: list[float] = field(default_factory=list)
    releases: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


PYTHON = (
    'Traceback (most recent call last):\n  File "a.py", line {n}, in outer\n  File "b.py", line {n}, in inner\nE: x'
)
SCRIPT = "TypeError: x\n    at pay (app.js:{n}:17)\n    at run (app.js:1:{n})"
OTHER = "panic: x\nmain.go:{n} +0x1d"


def kinds() -> list[Kind]:
    return [
        Kind("shop", "TimeoutError", "no answer within {n} ms", "no answer within <*> ms"),
        Kind("cart", "TimeoutError", "no answer within {n} ms", "no answer within <*> ms"),
        Kind("shop", "ValueError", "no answer within {n} ms", "no answer within <*> ms"),
        Kind("shop", "", "card {n} declined by 'bank {n}'", "card <*> declined by <*>"),
        Kind("shop", "KeyError", "key {n}", "key <*>", PYTHON, 'File "b.py", in inner'),
        Kind("shop", "KeyError", "key {n}", "key <*>", PYTHON.replace("inner", "other"), 'File "b.py", in other'),
        Kind("web", "TypeError", "x is undefined", "x is undefined", SCRIPT, "pay (app.js)"),
        Kind("web", "panic", "x", "x", OTHER, "main.go"),
    ]


class Told:
    """Errors of several kinds, told by events, log lines and spans in turn."""

    def __init__(self, rng: random.Random, count: int) -> None:
        self.kinds = kinds()
        self.events: list[dict[str, Any]] = [
            {"type": "deploy", "service": "shop", "time": at, "data": {"version": version}} for at, version in DEPLOYS
        ]
        self.logs: list[dict[str, Any]] = []
        self.spans: list[MadeSpan] = []
        for number in range(count):
            self._tell(rng, rng.choice(self.kinds), number)

    def _tell(self, rng: random.Random, kind: Kind, number: int) -> None:
        at, user = START + number * 7_200 / 900, f"u{rng.randrange(12)}"
        source = rng.choice(("event", "log", "span"))
        message, stack = kind.message.format(n=number), kind.stack.format(n=number)
        known = {"exception.type": kind.type, "exception.message": message, "exception.stacktrace": stack}
        known = {key: text for key, text in known.items() if text}
        if source == "event":
            data = {"error_type": kind.type, "message": message, "stack": stack}
            self.events.append({"type": "error", "service": kind.service, "user": user, "time": at, "data": data})
        elif source == "log":
            line = {"message": "it failed", "level": 4 + number % 2, "service": kind.service, "time": at}
            self.logs.append({**line, "attributes": {**known, "user.id": user}})
        else:
            span = MadeSpan("ab" * 16, f"{number:016x}", "", kind.service, "work", SERVER, round(at * 1e9), 1, True)
            span.attributes = {"enduser.id": user, "service.version": f"v{number % 2}"}
            span.events = [{"name": "other"}, {"name": "exception", "attributes": known}]
            self.spans.append(span)
        kind.sources[source] += 1
        kind.users.add(user)
        kind.times.append(at)
        version = f"v{number % 2}" if source == "span" else self._deployed(kind, at)
        if version:
            kind.releases[version].append(at)

    def _deployed(self, kind: Kind, at: float) -> str:
        return "" if kind.service != "shop" else [version for since, version in DEPLOYS if since <= at][-1]

    async def store(self, aggregator: Aggregator) -> None:
        innocent = [{"message": "fine", "service": "shop", "time": START + 1}, {"message": "ok", "level": 3}]
        innocent_events = [{"type": "request", "service": "shop", "data": {"error": "x"}}]
        whole = record(accepted=NOW, events=[*self.events, *innocent_events], logs=[*self.logs, *innocent])
        await aggregator.store(filled(whole, telemetry(self.spans)))


@pytest.fixture
async def told(aggregator: Aggregator) -> Told:
    made = Told(random.Random(11), 900)
    await made.store(aggregator)
    return made


async def test_groups_are_what_was_told(aggregator: Aggregator, told: Told) -> None:
    answer = await aggregator.errors.ListErrorGroups(Groups(filter=ErrorFilter(**RANGE)))
    assert not answer.next_page_token
    found = {(group.service, group.type, group.message, group.place): group for group in answer.groups}
    assert len(found) == len(answer.groups)
    assert set(found) == {(kind.service, kind.type, kind.template, kind.place) for kind in told.kinds}
    for kind in told.kinds:
        group = found[kind.service, kind.type, kind.template, kind.place]
        assert group.count == len(kind.times)
        told_by = {"event": group.event_count, "log": group.log_count, "span": group.span_count}
        assert told_by == kind.sources
        assert group.users == len(kind.users)
        assert (group.first_time.ToSeconds(), group.last_time.ToSeconds()) == (
            int(min(kind.times)),
            int(max(kind.times)),
        )
        assert list(group.trend) == [sum(int((at - START) / 300) == step for at in kind.times) for step in range(24)]
        releases = {release.version: (release.count, release.first_time.ToSeconds()) for release in group.releases}
        assert releases == {version: (len(times), int(min(times))) for version, times in kind.releases.items()}
        assert group.sample.time == group.last_time
        [same] = [
            await aggregator.errors.GetErrorGroup(pb.GetErrorGroupRequest(fingerprint=group.fingerprint, **RANGE))
        ]
        assert same.group == group
    other = await aggregator.errors.ListErrorGroups(Groups(), metadata=as_tenant("other"))
    assert not other.groups


async def test_groups_are_listed_in_any_order_page_by_page(aggregator: Aggregator, told: Told) -> None:
    keys: dict[Any, Callable[[Any], float]] = {
        pb.ERROR_ORDER_LAST_SEEN: lambda group: group.last_time.ToNanoseconds(),
        pb.ERROR_ORDER_FIRST_SEEN: lambda group: group.first_time.ToNanoseconds(),
        pb.ERROR_ORDER_COUNT: lambda group: group.count,
        pb.ERROR_ORDER_USERS: lambda group: group.users,
    }
    for order, key in keys.items():
        groups: list[pb.ErrorGroup] = []
        request = Groups(order=order, page_size=3)
        while True:
            page = await aggregator.errors.ListErrorGroups(request)
            groups += page.groups
            request.page_token = page.next_page_token
            if not request.page_token:
                break
        assert [key(group) for group in groups] == sorted(map(key, groups), reverse=True)
        assert len({group.fingerprint for group in groups}) == len(told.kinds) == len(groups)


async def test_groups_are_found_by_service_source_and_text(aggregator: Aggregator, told: Told) -> None:
    async def found(**conditions: Any) -> set[tuple[str, str, float]]:
        answer = await aggregator.errors.ListErrorGroups(Groups(filter=ErrorFilter(**conditions)))
        return {(group.service, group.message, group.count) for group in answer.groups}

    web = {(kind.service, kind.template, float(len(kind.times))) for kind in told.kinds if kind.service == "web"}
    assert await found(services=["web"]) == web
    assert {one[1] for one in await found(text='"declined by"')} == {"card <*> declined by <*>"}
    logs = await found(sources=[ErrorFilter.SOURCE_LOG], services=["cart"])
    assert logs == {("cart", "no answer within <*> ms", float(told.kinds[1].sources["log"]))}


async def test_a_group_has_its_errors_one_by_one(aggregator: Aggregator, told: Told) -> None:
    [group] = (await aggregator.errors.ListErrorGroups(Groups(filter=ErrorFilter(services=["cart"])))).groups
    request = pb.ListErrorOccurrencesRequest(fingerprint=group.fingerprint, page_size=20)
    errors: list[pb.ErrorOccurrence] = []
    while True:
        page = await aggregator.errors.ListErrorOccurrences(request)
        errors += page.occurrences
        request.page_token = page.next_page_token
        if not request.page_token:
            break
    assert errors[0] == group.sample
    times = sorted(told.kinds[1].times, reverse=True)
    assert [error.time.ToMicroseconds() for error in errors] == [round(at * 1e6) for at in times]
    assert {error.user_id for error in errors} == told.kinds[1].users
    assert all(error.message.startswith("no answer within ") for error in errors)


async def test_plain_errors_are_grouped_by_their_message(aggregator: Aggregator) -> None:
    events = [{"type": "error", "data": {"error": f"bad order {n}"}, "time": NOW - 60} for n in range(3)] + [
        {
            "type": "error",
            "data": {"error": {"type": "E", "message": "m", "stack": "at f (x.js:1:2)"}},
            "time": NOW - 50,
        }
    ]
    logs = [{"message": f"bad order {n}\nmore {n}", "level": 4, "time": NOW - 60} for n in range(2)]
    span = MadeSpan("ab" * 16, "1" * 16, "", "", "GET /", SERVER, round((NOW - 60) * 1e9), 1, True)
    await aggregator.store(filled(record(accepted=NOW, events=events, logs=logs), telemetry([span])))
    answer = await aggregator.errors.ListErrorGroups(Groups(order=pb.ERROR_ORDER_COUNT))
    assert [(group.type, group.message, group.place, group.count) for group in answer.groups] == [
        ("", "bad order <*>", "", 5),
        *sorted(
            [("E", "m", "f (x.js)", 1), ("", "GET /", "", 1)], key=lambda one: fingerprint(answer, one), reverse=True
        ),
    ]


def fingerprint(answer: pb.ListErrorGroupsResponse, one: tuple[str, str, str, int]) -> str:
    return next(group.fingerprint for group in answer.groups if (group.type, group.message) == one[:2])


async def test_bad_questions_are_refused(aggregator: Aggregator) -> None:
    errors = aggregator.errors
    calls = (
        (
            errors.ListErrorGroups,
            Groups(filter=ErrorFilter(sources=[ErrorFilter.SOURCE_UNSPECIFIED])),
            "INVALID_ARGUMENT",
            "filter.sources",
        ),
        (errors.ListErrorGroups, Groups(page_token="x"), "INVALID_ARGUMENT", "page_token"),
        (errors.ListErrorGroups, Groups(page_size=1_001), "INVALID_ARGUMENT", "page_size"),
        (errors.GetErrorGroup, pb.GetErrorGroupRequest(fingerprint="xyz"), "INVALID_ARGUMENT", "fingerprint"),
        (errors.GetErrorGroup, pb.GetErrorGroupRequest(fingerprint="0" * 16), "NOT_FOUND", "there is no error"),
        (errors.ListErrorOccurrences, pb.ListErrorOccurrencesRequest(), "INVALID_ARGUMENT", "fingerprint"),
    )
    for call, request, code, begins in calls:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call(request)
        assert error.value.code().name == code
        assert str(error.value.details()).startswith(begins)
