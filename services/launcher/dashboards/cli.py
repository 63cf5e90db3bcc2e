"""The command `binnacle dashboards`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from services.launcher.administering.suite_client import Access, SuiteClient, suite_options

DASHBOARDS = "/api/v1/dashboards"
_files = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
_tenant = click.option("--tenant", default="default", show_default=True, help="Whose dashboards.")


def _options(command: Callable[..., None]) -> Callable[..., None]:
    return _tenant(suite_options(command))


@click.group()
def command() -> None:
    """Apply, compare and export dashboards.

    A file of dashboards is YAML or JSON with a list `dashboards`; of a folder all files that end with .yaml, .yml or
    .json are read.
    """


@command.command()
@_files
@click.option("--overwrite", is_flag=True, help="Also where edits that were made on the page would be lost.")
@_options
def apply(files: tuple[Path, ...], overwrite: bool, tenant: str, access: Access) -> None:
    """Make the dashboards that came from files those of FILES.

    Dashboards that came from files before and are in none of FILES are deleted. All of it happens, or nothing: nothing
    where one was edited on the page since, and its edits are in no file.
    """
    from services.launcher.differences import summary

    answer = _apply(SuiteClient(access, tenant), files, {"overwrite": overwrite})
    for difference in answer["differences"]:
        click.echo(difference["dashboard_id"])
    click.echo(f"Dashboards: {summary(answer['differences'], answer['unchanged'])}.", err=True)


@command.command()
@_files
@_options
def diff(files: tuple[Path, ...], tenant: str, access: Access) -> None:
    """Show what `apply` would do. Exit status: 0 nothing, 1 something."""
    from services.launcher.dashboards.files import dashboard_text
    from services.launcher.differences import difference_lines, summary

    answer = _apply(SuiteClient(access, tenant), files, {"dry_run": True})
    for line in difference_lines(answer["differences"], "dashboard_id", dashboard_text):
        click.echo(line)
    click.echo(f"Dashboards: {summary(answer['differences'], answer['unchanged'])}.", err=True)
    raise SystemExit(1 if answer["differences"] else 0)


@command.command()
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Those that came with Binnacle and from calls, too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, which the page imports.")
@_options
def export(names: tuple[str, ...], everything: bool, as_json: bool, tenant: str, access: Access) -> None:
    """Print the dashboards of these NAMES as one file; without any, those that came from files, as they stand now."""
    import json

    from services.launcher.dashboards.files import dashboard_of
    from services.runtime.dashboard_files import dashboards_text
    from services.runtime.yaml_files import load

    client = SuiteClient(access, tenant)
    origin = "ORIGIN_UNSPECIFIED" if everything else "ORIGIN_FILE"
    wanted = names or tuple(one["id"] for one in client.pages(DASHBOARDS, "dashboards", origin=origin))
    held = [client.ask("GET", f"{DASHBOARDS}/{quote(name, safe='')}")["dashboard"] for name in wanted]
    text = dashboards_text(map(dashboard_of, held))
    click.echo(json.dumps(load(text), ensure_ascii=False, indent=2) + "\n" if as_json else text, nl=False)


def _apply(client: SuiteClient, files: tuple[Path, ...], how: dict[str, bool]) -> dict[str, Any]:
    from services.launcher.dashboards.files import read_dashboards

    return read_dashboards(files).applied(client, how)
