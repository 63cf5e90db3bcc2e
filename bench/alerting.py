"""Alerting: what a rule costs, how soon a crossing is told, how long a hundred thousand alerts take to list.

`alerting.rule.cpu.1k`, `alerting.rule.cpu` (10,000), `alerting.rule.cpu.average` (10,000): CPU of all processes of the
suite for one judgement of one rule. Each of the 1,000 series of workload W1 has a new sample every second; a rule
compares the newest sample of one of them, or its average over 10 seconds, with a threshold that it never crosses, every
second. What the same processes take for the same samples without these rules is taken off, the mean of a span before
and one after; of several rounds the median is the figure, and least and greatest are told beside it. A median that is
not above zero is no figure. Beside it Prometheus, with the same rules and samples; what it judged it counts itself.

`alerting.transition.p50`, `.p99`: from just before a sample that crosses is sent until a reader of WatchAlerts is told
that the alert fires, both through the edge. Beside it Prometheus with an interval of a second: until its list of
alerts, asked every 5 ms, says so.

`alerting.latency.p50`, `.p99`: the same until a webhook has the notification; beside it Prometheus with Alertmanager
tuned tight, and with the defaults (`alerting_latency`).

`alerting.list.100k`: with so many active alerts the slowest of several questions: pages, filters, searches; the median.

BINNACLE_BENCH_ONLY (`rules`, `transition`, `latency`, `list`, with commas between) chooses; BINNACLE_BENCH_SECONDS
(4) is how long a span is, BINNACLE_BENCH_ROUNDS (3), BINNACLE_BENCH_CROSSINGS (200), BINNACLE_BENCH_DEFAULT (1;
crossings of the defaults, of a minute each), BINNACLE_BENCH_ALERTS (100000).
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any, TypeVar

import grpc
import httpx
import numpy as np

from bench import alerting_latency, processor, w1
from bench.alerting_rules import (
    PREFIX,
    Rules,
    Sender,
    apply,
    batch_at,
    push,
    pushing,
    ruled_prometheus,
    sending,
    tell_prometheus,
    threshold_rule,
)
from bench.report import Result, note, tell
from bench.rivals import DROPPED_BY, Missing, Rival
from bench.suite_load import target, wait_rest
from binnacle.alerting.v1.alert_service_pb2 import ListAlertsRequest, WatchAlertsRequest
from binnacle.alerting.v1.alert_service_pb2_grpc import AlertServiceStub
from binnacle.alerting.v1.rule_service_pb2 import ListRulesRequest
from binnacle.alerting.v1.rule_service_pb2_grpc import RuleServiceStub
from binnacle.alerts.v1.alerts_pb2 import ALERT_STATE_FIRING, ALERT_STATE_RESOLVED, SEVERITY_WARNING, AlertState
from binnacle.metrics.v1.metrics_pb2 import MetricKind, SeriesDefinition
from binnacle.rules.v1.rules_pb2 import RuleStatus
from binnacle_client import Client
from tests.support.suite import Suite, running_suite

RULES: Mapping[str, Rules] = {
    "alerting.rule.cpu.1k": Rules(1_000),
    "alerting.rule.cpu": Rules(10_000),
    "alerting.rule.cpu.average": Rules(10_000, averages=True),
}
RULE_GOAL, TRANSITION_GOALS, LIST_GOAL = 24.0, {50: 50.0, 99: 250.0}, 50.0
JUDGED_SECONDS = 60.0
SETTLE_SECONDS, RESENT_SECONDS = 2.0, 5.0
# How old the newest judgement of a rule may be that is judged every second.
LATE_SECONDS = 5.0
CROSSING = f"{PREFIX}crossing"
HIGH, LOW, LIMIT = 200.0, 0.0, 100.0
RIVAL_CROSSINGS = 20
LOOK_SECONDS = 0.005
MANY = f"{PREFIX}many"
FIRED_SECONDS = 300.0
ROWS_AT_ONCE = 10_000
ASKED = 20
WALKED = 50

Answer = TypeVar("Answer")


class NotJudged(Exception):
    """A rule was not judged in time, or an alert did not fire."""


def run() -> None:
    """Measure and tell. Raises NotJudged."""
    chosen = os.environ.get("BINNACLE_BENCH_ONLY", "rules,transition,latency,list").split(",")
    seconds = float(os.environ.get("BINNACLE_BENCH_SECONDS", "4"))
    with running_suite(environment=alerting_latency.ENVIRONMENT) as suite:
        if "rules" in chosen:
            _tell_rules(suite, seconds, int(os.environ.get("BINNACLE_BENCH_ROUNDS", "3")))
        if "transition" in chosen:
            _tell_transitions(suite, int(os.environ.get("BINNACLE_BENCH_CROSSINGS", "200")))
        if "latency" in chosen:
            _tell_latencies(suite, int(os.environ.get("BINNACLE_BENCH_CROSSINGS", "200")))
        if "list" in chosen:
            count = int(os.environ.get("BINNACLE_BENCH_ALERTS", "100000"))
            asyncio.run(_fire(target(suite), count))
            # Each has to be kept and recorded, too.
            wait_rest(suite)
            asyncio.run(_tell_list(target(suite), count))


def _tell_rules(suite: Suite, seconds: float, rounds: int) -> None:
    rival = _beside(lambda rival: _rival_costs(rival, seconds)) or {}
    ours = target(suite)
    with sending(ours):
        idle, spent = [_without_rules(suite, ours, seconds)], dict[str, list[dict[str, float]]]()
        for _round in range(rounds):
            for name, rules in RULES.items():
                spent.setdefault(name, []).append(_with_rules(suite, ours, rules, seconds))
            idle.append(_without_rules(suite, ours, seconds))
    for name, rules in RULES.items():
        # What the processes do without rules varies from minute to minute: each span is compared with those around it.
        more = [_more(one, *around) for one, around in zip(spent[name], pairwise(idle), strict=True)]
        note(f"{name}: CPU s of {seconds:.0f} more than without, in each round: {more}")
        costs = sorted(sum(one.values()) / rules.count / seconds * 1e6 for one in more)
        cost, spread = float(np.median(costs)), f"{costs[0]:.1f} to {costs[-1]:.1f} µs in {rounds} rounds"
        if cost <= 0:
            note(f"{name}: not told: what the rules cost is lost in what else varies: {spread}")
            continue
        note(f"{name}: {spread}")
        beside = rival.get(name)
        tell(Result(name, cost, "µs of CPU a rule", beside, beside and cost / beside, RULE_GOAL))


def _without_rules(suite: Suite, ours: str, seconds: float) -> dict[str, float]:
    asyncio.run(apply(ours, []))
    time.sleep(SETTLE_SECONDS)
    return _spent(suite, seconds)


def _with_rules(suite: Suite, ours: str, rules: Rules, seconds: float) -> dict[str, float]:
    """Raises NotJudged."""
    asyncio.run(apply(ours, rules.ours()))
    asyncio.run(_judged(ours, rules.count))
    time.sleep(SETTLE_SECONDS)
    spent = _spent(suite, seconds)
    asyncio.run(_none_late(ours, rules.count))
    return spent


def _more(spent: dict[str, float], before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What was used beyond the mean of two spans without rules."""
    return {name: round(spent[name] - (before[name] + after[name]) / 2, 3) for name in spent}


def _spent(suite: Suite, seconds: float) -> dict[str, float]:
    """CPU seconds of each process within so many seconds."""
    processes = {name: child.pid for name, child in suite.children().items()}
    before = processor.spent_by(processes)
    time.sleep(seconds)
    return processor.difference(processor.spent_by(processes), before)


async def _judged(ours: str, count: int) -> None:
    """Return once all rules are judged. Raises NotJudged."""
    async with grpc.aio.insecure_channel(ours) as channel:
        rules, deadline = RuleServiceStub(channel), time.monotonic() + JUDGED_SECONDS
        asked = ListRulesRequest(text=PREFIX, health=RuleStatus.HEALTH_GOOD, page_size=1)
        while (told := await _total(rules.ListRules, asked)) != count:
            if time.monotonic() > deadline:
                raise NotJudged(f"{told} of {count} rules are judged")
            await asyncio.sleep(0.5)


async def _none_late(ours: str, count: int) -> None:
    """Raises NotJudged when a rule was not judged within the last seconds."""
    async with grpc.aio.insecure_channel(ours) as channel:
        rules, asked, judged = RuleServiceStub(channel), ListRulesRequest(text=PREFIX, page_size=1_000), 0
        while True:
            told = await rules.ListRules(asked, timeout=20)
            judged += sum(time.time() - status.judged_time.seconds < LATE_SECONDS for status in told.statuses)
            asked.page_token = told.next_page_token
            if not asked.page_token:
                break
    if judged != count:
        raise NotJudged(f"{judged} of {count} rules were judged within {LATE_SECONDS:.0f} s")


def _beside(measure: Callable[[Rival], Answer]) -> Answer | None:
    """What Prometheus comes to; None where there is none."""
    try:
        with ruled_prometheus() as rival:
            return measure(rival)
    except Missing as missing:
        note(f"{DROPPED_BY}{missing}")
        return None


def _rival_costs(rival: Rival, seconds: float) -> dict[str, float]:
    """Microseconds of CPU a judgement, by name."""
    found = {}
    with pushing(rival.url):
        time.sleep(SETTLE_SECONDS)
        idle, _none = _rival_spent(rival, seconds)
        for name, rules in RULES.items():
            tell_prometheus(rival, rules.theirs())
            time.sleep(SETTLE_SECONDS)
            spent, judged = _rival_spent(rival, seconds)
            note(f"{name}: Prometheus judged {judged / seconds:.0f} rules a second")
            found[name] = (spent - idle) / judged * 1e6
    return found


def _rival_spent(rival: Rival, seconds: float) -> tuple[float, float]:
    """CPU seconds within so many seconds, and judgements."""
    before, judged = processor.spent(rival.pid), _evaluations(rival)
    time.sleep(seconds)
    return processor.spent(rival.pid) - before, _evaluations(rival) - judged


def _evaluations(rival: Rival) -> float:
    lines = httpx.get(f"{rival.url}/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("prometheus_rule_evaluations_total"))


def _tell_transitions(suite: Suite, crossings: int) -> None:
    rival = _beside(lambda rival: asyncio.run(_rival_crossings(rival)))
    took = asyncio.run(_crossings(target(suite), crossings))
    for share, goal in TRANSITION_GOALS.items():
        value = float(np.percentile(took, share))
        beside = float(np.percentile(rival, share)) if rival else None
        tell(Result(f"alerting.transition.p{share}", value, "ms", beside, beside and value / beside, goal))


def _tell_latencies(suite: Suite, crossings: int) -> None:
    rival = _told_by_rival(alerting_latency.TIGHT, RIVAL_CROSSINGS)
    usual = _told_by_rival(alerting_latency.DEFAULT, int(os.environ.get("BINNACLE_BENCH_DEFAULT", "1")))
    took = asyncio.run(alerting_latency.ours(suite, crossings))
    for share, goal in TRANSITION_GOALS.items():
        value = float(np.percentile(took, share))
        beside = float(np.percentile(rival, share)) if rival else None
        if usual:
            note(f"alerting.latency.p{share}: Prometheus by default {np.percentile(usual, share):.0f} ms")
        tell(Result(f"alerting.latency.p{share}", value, "ms", beside, beside and value / beside, goal))


def _told_by_rival(profile: alerting_latency.Profile, crossings: int) -> list[float]:
    if not crossings:
        return []
    try:
        return asyncio.run(alerting_latency.theirs(profile, crossings))
    except Missing as missing:
        note(f"{DROPPED_BY}{missing}")
        return []


async def _crossings(ours: str, count: int) -> list[float]:
    """Milliseconds from just before each crossing is sent until it is told."""
    await apply(ours, [threshold_rule(CROSSING, w1.name_of(0), LIMIT)])
    took = []
    async with Client(ours) as client, _told_states(ours) as states:
        sender = await Sender.of(client, w1.definitions()[:1])
        await _until_crossed(sender, states)
        for _number in range(count):
            await sender.send(batch_at(time.time(), np.array([LOW])))
            await _state(states, ALERT_STATE_RESOLVED)
            await asyncio.sleep(random.uniform(0.05, 0.2))
            began = time.perf_counter()
            await sender.send(batch_at(time.time(), np.array([HIGH])))
            await _state(states, ALERT_STATE_FIRING)
            took.append((time.perf_counter() - began) * 1e3)
    await apply(ours, [])
    return took


async def _until_crossed(sender: Sender, states: "asyncio.Queue[AlertState.ValueType]") -> None:
    """The rule is known within seconds: cross until that is told."""
    deadline = time.monotonic() + JUDGED_SECONDS
    while states.empty() and time.monotonic() < deadline:
        await sender.send(batch_at(time.time(), np.array([HIGH])))
        await asyncio.sleep(0.5)
    await _state(states, ALERT_STATE_FIRING)


async def _state(states: "asyncio.Queue[AlertState.ValueType]", wanted: "AlertState.ValueType") -> None:
    """Return once the alert is told to be in a state. Raises TimeoutError."""
    async with asyncio.timeout(JUDGED_SECONDS):
        while await states.get() != wanted:
            pass


@asynccontextmanager
async def _told_states(ours: str) -> AsyncIterator["asyncio.Queue[AlertState.ValueType]"]:
    """States of the alert of the crossing rule as a reader of WatchAlerts is told them."""
    states: asyncio.Queue[AlertState.ValueType] = asyncio.Queue()

    async def watch(channel: grpc.aio.Channel) -> None:
        async for told in AlertServiceStub(channel).WatchAlerts(WatchAlertsRequest()):
            if told.alert.rule_id == CROSSING:
                states.put_nowait(told.alert.state)

    async with grpc.aio.insecure_channel(ours) as channel, asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch(channel))
        yield states
        watching.cancel()


async def _rival_crossings(rival: Rival) -> list[float]:
    rule = {"alert": "crossing", "expr": f"{w1.name_of(0)} > {LIMIT}"}
    tell_prometheus(rival, f'groups: [{{"name": "bench", "interval": "1s", "rules": [{rule}]}}]')
    took = []
    async with httpx.AsyncClient(base_url=rival.url) as http:
        for _number in range(RIVAL_CROSSINGS):
            await push(http, batch_at(time.time(), np.array([LOW])))
            await _rival_fires(http, fires=False)
            await asyncio.sleep(random.random())
            began = time.perf_counter()
            await push(http, batch_at(time.time(), np.array([HIGH])))
            await _rival_fires(http, fires=True)
            took.append((time.perf_counter() - began) * 1e3)
    return took


async def _rival_fires(http: httpx.AsyncClient, *, fires: bool) -> None:
    while True:
        told = (await http.get("/api/v1/alerts")).raise_for_status().json()
        if bool(told["data"]["alerts"]) is fires:
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _tell_list(ours: str, count: int) -> None:
    async with grpc.aio.insecure_channel(ours) as channel:
        alerts = AlertServiceStub(channel)
        if (known := await _total(alerts.ListAlerts, ListAlertsRequest(active=True, page_size=1))) != count:
            raise NotJudged(f"{known} of {count} alerts are left")
        questions = await _questions(alerts)
        slowest = 0.0
        for name, asked in questions.items():
            took = []
            for _time in range(ASKED):
                began = time.perf_counter()
                told = await alerts.ListAlerts(asked, timeout=20)
                took.append((time.perf_counter() - began) * 1e3)
            note(f"{name}: {np.median(took):.1f} ms, {len(told.alerts)} of {told.total}")
            slowest = max(slowest, float(np.median(took)))
    tell(Result("alerting.list.100k", slowest, "ms", goal=LIST_GOAL))


async def _fire(ours: str, count: int) -> None:
    """Have so many alerts that fire. Raises NotJudged."""
    await apply(ours, [threshold_rule(MANY, "bench.many", LIMIT)])
    definitions = [
        SeriesDefinition(
            name="bench.many",
            labels={"service": f"service-{number % 20:02d}", "host": f"host-{number:06d}"},
            kind=MetricKind.METRIC_KIND_GAUGE,
        )
        for number in range(count)
    ]
    async with Client(ours) as client, grpc.aio.insecure_channel(ours) as channel:
        sender, alerts = await Sender.of(client, definitions), AlertServiceStub(channel)
        began, asked = time.monotonic(), ListAlertsRequest(rule_id=MANY, state=ALERT_STATE_FIRING, page_size=1)
        while (told := await _total(alerts.ListAlerts, asked)) != count:
            if time.monotonic() > began + FIRED_SECONDS:
                raise NotJudged(f"{told} of {count} alerts fire after {FIRED_SECONDS:.0f} s")
            now = time.time()
            for first in range(0, count, ROWS_AT_ONCE):
                places = np.arange(first, min(first + ROWS_AT_ONCE, count))
                await sender.send(w1.Batch(places, np.full(len(places), int(now * 1e3)), np.full(len(places), HIGH)))
            await asyncio.sleep(RESENT_SECONDS)
    note(f"{count} alerts fire after {time.monotonic() - began:.0f} s")


async def _total(list_: Any, asked: ListAlertsRequest | ListRulesRequest) -> int:
    """How many there are; none where alerting is too busy to say."""
    try:
        return int((await list_(asked, timeout=60)).total)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise
        return 0


async def _questions(alerts: Any) -> dict[str, ListAlertsRequest]:
    """What is asked of the list; a page in its midst is found by walking there."""
    page = ListAlertsRequest(page_size=1_000)
    for _page in range(WALKED):
        page.page_token = (await alerts.ListAlerts(page, timeout=20)).next_page_token or page.page_token
    return {
        "first page": ListAlertsRequest(page_size=100),
        "a page in the midst": ListAlertsRequest(page_size=1_000, page_token=page.page_token),
        "by state and severity": ListAlertsRequest(state=ALERT_STATE_FIRING, severity=SEVERITY_WARNING),
        "by service": ListAlertsRequest(service="service-07"),
        "by label": ListAlertsRequest(match=["host=~host-00.*"]),
        "by text": ListAlertsRequest(text="HOST-0421"),
    }
