"""`binnacle key`: API keys of a running suite."""

from typing import Any

import click

from services.launcher.administering.listing import table
from services.launcher.administering.suite_client import Access, SuiteClient, suite_options
from services.launcher.keys import seconds_of

_tenant = click.option("--tenant", default="default", show_default=True, help="Whose keys.")
KEYS = "/api/v1/keys"


@click.group()
def command() -> None:
    """Create, list and revoke API keys of a running suite.

    An API key is a long-lived token that can be revoked. It is sent as `Authorization: Bearer …`.
    """


@command.command()
@_tenant
@click.option("--role", "roles", multiple=True, required=True,
              help="What its bearer may do: viewer, responder, editor, admin, ingester; may be repeated.")  # fmt: skip
@click.option("--name", required=True, help="What people know it by.")
@click.option("--ttl", default="365d", show_default=True, help="How long it is good for: 15m, 12h, 30d.")
@suite_options
def create(tenant: str, roles: tuple[str, ...], name: str, ttl: str, access: Access) -> None:
    """Print a new key, once. What is said about it goes to standard error."""
    body = {"name": name, "roles": list(roles), "ttl": f"{seconds_of(ttl):.0f}s"}
    made = SuiteClient(access, tenant).ask("POST", KEYS, body)
    key = made["key"]
    click.echo(
        f"Key {key['id']} of tenant {tenant}, good until {key['expires_time']}. It is not shown again.", err=True
    )
    click.echo(made["token"])


@command.command("list")
@_tenant
@suite_options
def list_keys(tenant: str, access: Access) -> None:
    """Show all keys of a tenant, the newest first."""
    keys = SuiteClient(access, tenant).pages(KEYS, "keys")
    table(
        ("id", "name", "roles", "created", "expires", "last used", "state"),
        [
            (
                key["id"],
                key["name"],
                ",".join(key["roles"]),
                _day(key["created_time"]),
                _day(key["expires_time"]),
                key["last_used_day"] or "never",
                f"revoked {_day(key['revoked_time'])}" if key.get("revoked_time") else "holds",
            )
            for key in keys
        ],
    )


@command.command()
@click.argument("identity", metavar="ID")
@_tenant
@suite_options
def revoke(identity: str, tenant: str, access: Access) -> None:
    """Revoke a key: within a minute nobody takes it."""
    client = SuiteClient(access, tenant)
    revoked: dict[str, Any] = client.ask("POST", f"{KEYS}/{identity}/revoke", {})["key"]
    click.echo(f"Key {revoked['id']} ({revoked['name']}) is revoked.")


def _day(time: str) -> str:
    return time[:10]
