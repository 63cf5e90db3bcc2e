"""`binnacle tenant`: tenants of a running suite."""

import json
from typing import Any

import click

from services.core.tenants import DEFAULT_TENANT
from services.launcher.administering.listing import table
from services.launcher.administering.suite_client import Access, SuiteClient, suite_options
from services.launcher.failures import LauncherError

TENANTS = "/api/v1/tenants"
LIMITS = (
    "points_per_second", "events_per_second", "requests_per_second", "bytes_per_second", "active_series", "streams",
    "body_bytes",
)  # fmt: skip
_limits = click.option(
    "--limit", "limits", multiple=True, metavar="NAME=VALUE",
    help=f"What it may take, 0: as all; may be repeated. Names: {', '.join(LIMITS)}.",
)  # fmt: skip
_name = click.option("--display-name", help="What people read.")
_zone = click.option("--time-zone", help="Zone that its people live by, such as Europe/Berlin.")


@click.group()
def command() -> None:
    """Create, list, show and change tenants of a running suite."""


@command.command()
@click.argument("identity", metavar="ID")
@_name
@_zone
@_limits
@suite_options
def create(identity: str, limits: tuple[str, ...], access: Access, **told: Any) -> None:
    """Create a tenant."""
    body = {"id": identity, **_given(told), "limits": _numbers(limits)}
    _client(access).ask("POST", TENANTS, body)
    click.echo(f"Tenant {identity} is created.")


@command.command("list")
@suite_options
def list_tenants(access: Access) -> None:
    """Show all tenants."""
    tenants = _client(access).pages(TENANTS, "tenants")
    rows = [
        (
            each["id"],
            each["display_name"],
            (each.get("created_time") or "")[:10],
            "disabled" if each["disabled"] else "",
        )
        for each in tenants
    ]
    table(("id", "name", "created", "state"), rows)


@command.command()
@click.argument("identity", metavar="ID")
@suite_options
def show(identity: str, access: Access) -> None:
    """Print a tenant as JSON."""
    click.echo(json.dumps(_client(access).ask("GET", f"{TENANTS}/{identity}")["tenant"], indent=2))


@command.command()
@click.argument("identity", metavar="ID")
@_name
@_zone
@_limits
@click.option("--disable/--enable", "disabled", default=None, help="Whether all its tokens are refused.")
@suite_options
def update(identity: str, limits: tuple[str, ...], access: Access, **told: Any) -> None:
    """Change what is given of a tenant; limits that are not named stay."""
    client = _client(access)
    body = _given(told)
    if limits:
        former = client.ask("GET", f"{TENANTS}/{identity}")["tenant"]
        body |= {"limits": (former.get("limits") or {}) | _numbers(limits), "revision": former["revision"]}
    if not body:
        raise LauncherError("There is nothing to change. See `binnacle tenant update --help`.")
    client.ask("PATCH", f"{TENANTS}/{identity}", body)
    click.echo(f"Tenant {identity} is changed.")


def _client(access: Access) -> SuiteClient:
    return SuiteClient(access, DEFAULT_TENANT)


def _given(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def _numbers(limits: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for limit in limits:
        name, equals, value = limit.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            equals = ""
        if not equals or name not in LIMITS:
            raise LauncherError(f"--limit {limit} is none: write NAME=VALUE, with one of {', '.join(LIMITS)}.")
    return {name: int(value) if value.is_integer() else value for name, value in found.items()}
