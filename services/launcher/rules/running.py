"""Runs tests of rules: writes what they say to a suite of their own, and asks it what the rules would have done."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from google.protobuf import json_format

from binnacle.rules.v1 import rules_pb2
from binnacle_client import Client, Options
from services.launcher.administering.suite_client import Access, SuiteClient
from services.launcher.failures import LauncherError, NotNow
from services.launcher.keys import issue_token
from services.launcher.rules.judging import fault, response_of, standing_at
from services.launcher.rules.rule_tests import RuleTest, now, read_tests
from services.launcher.rules.scratch import Scratch, scratch_suite

RULES = "/api/v1/rules"
QUERY = "/api/v1/query"
LAST = "binnacle_rules_test_end"
"""A sample that is written last: where it is seen, so is what came before it."""
TOKEN_SECONDS = 600.0
SEEN_SECONDS, LOOK_SECONDS = 30.0, 0.1
MOST_WAITING = 1_000_000
Say = Callable[[str], object]


def run_tests(paths: Sequence[Path], say: Say) -> bool:
    """Run the tests of files; whether all went well. Raises LauncherError for what cannot be run."""
    tests = list(read_tests(paths))
    if not tests:
        raise LauncherError("There are no tests in these files: a test file has a list `tests`.")
    failed = 0
    # One event loop for all: gRPC minds another.
    with scratch_suite() as suite, asyncio.Runner() as runner:
        for number, test in enumerate(tests):
            faults = runner.run(_run(test, suite, f"test-{number}"))
            failed += bool(faults)
            say(f"{'FAILED' if faults else 'ok':6}  {test.name}")
            for each in faults:
                say(f"        {each}")
    say(f"{len(tests) - failed} of {len(tests)} tests went well.")
    return not failed


async def _run(test: RuleTest, suite: Scratch, tenant: str) -> Sequence[str]:
    """What is not as a test expects."""
    client = SuiteClient(Access(suite.url, None, suite.data_dir), tenant)
    begin = test.begin(now())
    try:
        _ask(client, f"{RULES}:apply", {"rules": list(map(_plain, test.rules.things))})
    except LauncherError as refusal:
        raise LauncherError(test.rules.explained(str(refusal))) from refusal
    await _write(test, begin, suite, tenant)
    _wait_until_seen(client)
    faults: list[str] = []
    for rule_id in dict.fromkeys(each.rule_id for each in test.expectations):
        rule = next(rule for rule in test.rules.things if rule.id == rule_id)
        asked = {"rule": _plain(rule), **_range(begin, test.length + 1.0)}
        response = response_of(_ask(client, f"{RULES}:test", asked))
        for expected in (each for each in test.expectations if each.rule_id == rule_id):
            found = list(standing_at(response, begin.timestamp() + expected.at))
            faults += filter(None, [fault(expected, found)])
    return faults


async def _write(test: RuleTest, begin: datetime, suite: Scratch, tenant: str) -> None:
    """Write all that a test says has happened. Raises LauncherError for what the suite refuses."""
    token = issue_token(suite.data_dir, tenant, ["ingester"], TOKEN_SECONDS)
    start = begin.timestamp()
    async with Client(urlsplit(suite.url).netloc, token, options=Options(capacity=MOST_WAITING)) as writer:
        for series in test.series:
            for number, value in enumerate(series.values):
                if value is not None:
                    at = start + number * test.interval
                    writer.metrics.write(series.metric, value, series.labels, time=at, kind=series.kind)  # type: ignore[arg-type]
        for event in test.events:
            writer.events.write(time=start + event.at, **event.told)
        for beat in test.heartbeats:
            writer.heartbeats.write(time=start + beat.at, **beat.told)
        await _require_taken(writer)
        writer.metrics.write(LAST, 1.0)
        await _require_taken(writer)


async def _require_taken(writer: Client) -> None:
    delivery = await writer.flush(SEEN_SECONDS)
    if delivery.rejected or delivery.dropped:
        reasons = "; ".join(f"{one.field}: {one.description}" for one in delivery.rejections)
        raise LauncherError(f"The suite does not take what the test says: {reasons or delivery.last_error}.")


def _wait_until_seen(client: SuiteClient) -> None:
    question = {"expressions": [{"selection": {"metric": LAST, "function": "FUNCTION_LAST"}}], "instant": True}
    ends = time.monotonic() + SEEN_SECONDS
    while not _ask(client, QUERY, {"query": question})["answer"]["results"][0]["series"]:
        if time.monotonic() > ends:
            raise LauncherError("The suite for the tests does not show what was written to it.")
        time.sleep(LOOK_SECONDS)


def _ask(client: SuiteClient, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a suite that may have just started, on a machine that may be busy."""
    ends = time.monotonic() + SEEN_SECONDS
    while True:
        try:
            return client.ask("POST", path, body)
        except NotNow:
            if time.monotonic() > ends:
                raise
            time.sleep(LOOK_SECONDS)


def _plain(rule: rules_pb2.Rule) -> Mapping[str, Any]:
    return json_format.MessageToDict(rule, preserving_proto_field_name=True)


def _range(begin: datetime, seconds: float) -> Mapping[str, str]:
    end = begin + timedelta(seconds=seconds)
    return {"start_time": _told(begin), "end_time": _told(end)}


def _told(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
