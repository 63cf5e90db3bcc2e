"""The command `binnacle notifiers`."""

import difflib
import os
import re
from pathlib import Path
from typing import Any

import click

from services.launcher.administering.suite_client import Access, SuiteClient, suite_options
from services.launcher.failures import LauncherError

NOTIFIERS = "/api/v1/notifiers"
_TOLD = ("version", "updated_time", "updated_by")
_OUTCOMES = ("delivered", "retrying", "given-up")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_file = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
_tenant = click.option("--tenant", default="default", show_default=True, help="Whose notifiers.")


@click.group()
def command() -> None:
    """Apply, compare, export and test who is told of incidents, and list what they were told.

    A file is YAML with the fields of `Notifiers`; `${NAME}` stands for a variable of the environment, so that no
    secret need stand in it. A secret that is left out stays what it was.
    """


@command.command()
@_file
@_tenant
@suite_options
def apply(file: Path, tenant: str, access: Access) -> None:
    """Make FILE what is set up, all of it or nothing."""
    answer = _set(SuiteClient(access, tenant), file, dry_run=False)
    click.echo("Notifiers: set up anew." if answer["changed"] else "Notifiers: as they were.", err=True)


@command.command()
@_file
@_tenant
@suite_options
def diff(file: Path, tenant: str, access: Access) -> None:
    """Show what `apply` would do. Exit status: 0 nothing, 1 something."""
    client = SuiteClient(access, tenant)
    before, then = client.ask("GET", NOTIFIERS)["notifiers"], _set(client, file, dry_run=True)
    now, after = _text(before).splitlines(), _text(then["notifiers"]).splitlines()
    for line in difflib.unified_diff(now, after, "now", "then", lineterm=""):
        click.echo(line)
    if then["changed"] and now == after:
        click.echo("A secret is another.")
    raise SystemExit(1 if then["changed"] else 0)


@command.command()
@_tenant
@suite_options
def export(tenant: str, access: Access) -> None:
    """Print what is set up, as a file, without its secrets."""
    click.echo(_text(SuiteClient(access, tenant).ask("GET", NOTIFIERS)["notifiers"]), nl=False)


@command.command()
@click.argument("receiver")
@_tenant
@suite_options
def test(receiver: str, tenant: str, access: Access) -> None:
    """Send a test to RECEIVER, and say what came of it. Exit status: 0 it arrived, 1 it did not."""
    delivery = SuiteClient(access, tenant).ask("POST", f"{NOTIFIERS}:test", {"receiver_id": receiver})["delivery"]
    arrived = delivery["outcome"] == "OUTCOME_DELIVERED"
    click.echo(
        f"{receiver}: {'it arrived' if arrived else 'it did not arrive'}: {delivery['detail'] or 'nothing said'}"
    )
    raise SystemExit(0 if arrived else 1)


@command.command()
@click.option("--receiver", default="", help="Of this one alone.")
@click.option("--incident", default="", help="About this one alone.")
@click.option("--outcome", type=click.Choice(_OUTCOMES), help="With this outcome alone.")
@click.option("--last", type=click.IntRange(1, 1_000), default=20, show_default=True, help="How many at most.")
@_tenant
@suite_options
def deliveries(receiver: str, incident: str, outcome: str | None, last: int, tenant: str, access: Access) -> None:
    """List attempts to tell somebody within 24 hours, the newest first."""
    wanted = {"receiver_id": receiver, "incident_id": incident, "page_size": str(last)}
    if outcome:
        wanted["outcome"] = f"OUTCOME_{outcome.replace('-', '_').upper()}"
    for one in SuiteClient(access, tenant).ask("GET", f"{NOTIFIERS}/deliveries", **wanted)["deliveries"]:
        click.echo(_line(one))


def _line(delivery: dict[str, Any]) -> str:
    outcome = delivery["outcome"].removeprefix("OUTCOME_").lower().replace("_", "-")
    again = f", again at {delivery['next_time']}" if "next_time" in delivery else ""
    said = delivery["detail"] or "nothing said"
    return f"{delivery['time']} {delivery['receiver_id']} {outcome}: {delivery['title']}: {said}{again}"


def _set(client: SuiteClient, file: Path, *, dry_run: bool) -> dict[str, Any]:
    from google.protobuf import json_format

    from binnacle.notifications.v1 import notifications_pb2
    from services.launcher.named_files import held_by
    from services.runtime.plain_messages import fill

    message = notifications_pb2.Notifiers()
    faults = fill(message, _filled(held_by(file), str(file)), "")
    if faults:
        raise LauncherError("\n".join(f"{file}: {each.field}: {each.description}" for each in faults))
    held = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return client.ask("PUT", NOTIFIERS, {"notifiers": held, "dry_run": dry_run})


def _filled(held: Any, file: str) -> Any:
    """What a file holds, with variables of the environment in their places."""
    if isinstance(held, dict):
        return {name: _filled(value, file) for name, value in held.items()}
    if isinstance(held, list):
        return [_filled(value, file) for value in held]
    if not isinstance(held, str):
        return held
    lacking = [name for name in _VARIABLE.findall(held) if name not in os.environ]
    if lacking:
        raise LauncherError(f"{file}: the environment has no {', '.join(lacking)}.")
    return _VARIABLE.sub(lambda place: os.environ[place[1]], held)


def _text(held: dict[str, Any]) -> str:
    from google.protobuf import json_format

    from binnacle.notifications.v1 import notifications_pb2
    from services.runtime.plain_messages import plain_of
    from services.runtime.yaml_files import dump

    message = json_format.ParseDict(held, notifications_pb2.Notifiers(), ignore_unknown_fields=True)
    for name in _TOLD:
        message.ClearField(name)  # type: ignore[arg-type]
    for receiver in message.receivers:
        receiver.ClearField("secrets")
    if message.HasField("smtp"):
        message.smtp.ClearField("has_password")
    return dump(plain_of(message))
