"""The command `binnacle rules`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from services.launcher.administering.suite_client import Access, SuiteClient, suite_options
from services.launcher.durations import Duration

RULES = "/api/v1/rules"
_FILES = click.Path(path_type=Path, exists=True)
_files = click.argument("files", nargs=-1, required=True, type=_FILES)
_tenant = click.option("--tenant", default="default", show_default=True, help="Whose rules.")


def _options(command: Callable[..., None]) -> Callable[..., None]:
    return _tenant(suite_options(command))


@click.group()
def command() -> None:
    """Apply, compare, export, test and import alerting rules.

    A rule file is YAML with a list `rules`; of a folder all files that end with .yaml or .yml are read.
    """


@command.command()
@_files
@_options
def apply(files: tuple[Path, ...], tenant: str, access: Access) -> None:
    """Make the rules that came from files those of FILES.

    Rules that came from files before and are in none of FILES are deleted. All of it happens, or nothing.
    """
    from services.launcher.differences import summary

    answer = _apply(SuiteClient(access, tenant), files, dry_run=False)
    for difference in answer["differences"]:
        click.echo(difference["rule_id"])
    click.echo(f"Rules: {summary(answer['differences'], answer['unchanged'])}.", err=True)


@command.command()
@_files
@_options
def diff(files: tuple[Path, ...], tenant: str, access: Access) -> None:
    """Show what `apply` would do. Exit status: 0 nothing, 1 something."""
    from services.launcher.differences import difference_lines, summary
    from services.launcher.rules.files import rule_text

    answer = _apply(SuiteClient(access, tenant), files, dry_run=True)
    for line in difference_lines(answer["differences"], "rule_id", rule_text):
        click.echo(line)
    click.echo(f"Rules: {summary(answer['differences'], answer['unchanged'])}.", err=True)
    raise SystemExit(1 if answer["differences"] else 0)


@command.command()
@click.option("--all", "everything", is_flag=True, help="Those that came with Binnacle and from calls, too.")
@_options
def export(everything: bool, tenant: str, access: Access) -> None:
    """Print the rules that came from files, as one file."""
    from services.launcher.rules.files import rule_of
    from services.runtime.rule_files import rules_text

    client = SuiteClient(access, tenant)
    origin = "ORIGIN_UNSPECIFIED" if everything else "ORIGIN_FILE"
    click.echo(rules_text(map(rule_of, client.pages(RULES, "rules", origin=origin))), nl=False)


@command.command()
@_files
@click.option("--since", type=Duration(1.0), metavar="SPAN",
              help="Try the rules on the last 24h, 7d and so on of a running suite instead.")  # fmt: skip
@_options
def test(files: tuple[Path, ...], since: float | None, tenant: str, access: Access) -> None:
    """Run the tests of FILES, each in a suite of its own that is gone afterwards; with --since, try rules on history.

    Exit status: 0 all is as expected, 1 something is not.
    """
    if since is not None:
        from services.launcher.rules.history import tried

        client = SuiteClient(access, tenant)
        for line in tried(client, files, since):
            click.echo(line)
        return
    from services.launcher.rules.running import run_tests

    raise SystemExit(0 if run_tests(files, click.echo) else 1)


@command.command("import")
@_files
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="File to write.  [default: -]")
def import_rules(files: tuple[Path, ...], output: Path | None) -> None:
    """Print the alerting rules of Prometheus' rule FILES as ours.

    Standard error has what could not be converted, and what is not quite the same.
    """
    from services.launcher.named_files import files_named, held_by
    from services.launcher.rules.files import ENDINGS
    from services.launcher.rules.prometheus import Imported, import_groups
    from services.runtime.rule_files import rules_text

    imported = Imported()
    for path in files_named(files, ENDINGS):
        import_groups(held_by(path), str(path), imported)
    imported.finish()
    text = rules_text(imported.rules)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
    for place, note in imported.notes:
        click.echo(f"{place}: note: {note}", err=True)
    for place, reason in imported.refused:
        click.echo(f"{place}: not converted: {reason}", err=True)
    click.echo(f"Rules: {len(imported.rules)} converted, {len(imported.refused)} not.", err=True)


def _apply(client: SuiteClient, files: tuple[Path, ...], *, dry_run: bool) -> dict[str, Any]:
    from services.launcher.rules.files import read_rules

    return read_rules(files).applied(client, {"dry_run": dry_run})
