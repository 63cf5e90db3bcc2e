"""`binnacle signing-key`: what this installation's tokens are signed with."""

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from services.launcher.cli import data_dir_option
from services.launcher.credentials import LOOK_SECONDS
from services.launcher.keys import held_keys, read_or_make_jwt_key, remove_jwt_key, rotate_jwt_key

# Until every part of a running suite on this machine has heard of a key.
HEARD_SECONDS = 3 * LOOK_SECONDS


@click.group()
def command() -> None:
    """Renew the key that tokens are signed with, while the suite runs."""


@command.command()
@data_dir_option
def create(data_dir: Path) -> None:
    """Make the key for a cluster, unless there is one: a suite on this machine makes its own."""
    key = read_or_make_jwt_key(data_dir)
    click.echo(f"{key.key_id} signs: {key.file}, known by {key.jwks}")


@command.command()
@data_dir_option
def rotate(data_dir: Path) -> None:
    """Make a new key, which signs from now on. Tokens of former ones hold until those are removed."""
    click.echo(f"{rotate_jwt_key(data_dir, lambda: time.sleep(HEARD_SECONDS))} signs from now on")


@command.command("list")
@data_dir_option
def list_(data_dir: Path) -> None:
    """Show the keys whose tokens hold, the newest first."""
    for key in held_keys(data_dir):
        made = datetime.fromtimestamp(key.made, UTC).isoformat(timespec="seconds")
        click.echo(f"{key.key_id}  made {made}  {'signs' if key.signs else 'former'}")


@command.command()
@click.argument("key_id")
@data_dir_option
def remove(key_id: str, data_dir: Path) -> None:
    """Remove a former key: within seconds none of the tokens it signed holds."""
    remove_jwt_key(data_dir, key_id)
    click.echo(f"{key_id} is removed")
