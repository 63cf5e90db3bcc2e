"""What rules would have done in the past of a running suite."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from services.core.figure_texts import figure_text
from services.launcher.administering.suite_client import SuiteClient
from services.launcher.failures import LauncherError
from services.launcher.rules.files import read_rules
from services.launcher.rules.judging import response_of
from services.launcher.rules.rule_tests import now
from services.runtime.spans import span_text

TRY = "/api/v1/rules:test"
FIRED = "firing"
MOST_TOLD = 20


def tried(client: SuiteClient, paths: Sequence[Path], since: float) -> Iterator[str]:
    """What each rule of files would have done since so many seconds ago, line by line."""
    end = now()
    begin = end - timedelta(seconds=since)
    for rule in read_rules(paths).things:
        asked = {
            "rule": json_format.MessageToDict(rule, preserving_proto_field_name=True),
            "start_time": begin.isoformat().replace("+00:00", "Z"),
            "end_time": end.isoformat().replace("+00:00", "Z"),
        }
        try:
            answer = client.ask("POST", TRY, asked)
        except LauncherError as refusal:
            yield f"{rule.id}: {refusal}"
        else:
            yield from _told(rule.id, answer)


def _told(rule_id: str, answer: dict[str, Any]) -> Iterator[str]:
    response = response_of(answer)
    yield (
        f"{rule_id}: would have fired {response.fired} times; judged {response.judgements} times, "
        f"{response.groups} groups"
    )
    for notice in response.notices:
        yield f"  note: {notice}"
    fired = [(step, tested.alert) for tested in response.alerts for step in tested.steps if step.what == FIRED]
    for step, alert in fired[:MOST_TOLD]:
        labels = ", ".join(f'{name}="{value}"' for name, value in sorted(alert.labels.items()))
        moment = step.time.ToDatetime().isoformat(timespec="seconds")
        lasted = ""
        if alert.HasField("resolved_at"):
            lasted = f", for {span_text(alert.resolved_at.seconds - step.time.seconds)}"
        yield f"  {moment}Z  {{{labels}}} at {figure_text(step.value)}{lasted}"
    if len(fired) > MOST_TOLD:
        yield f"  and {len(fired) - MOST_TOLD} times more"
