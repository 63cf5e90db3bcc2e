"""The command `binnacle import`."""

from pathlib import Path
from typing import Any

import click

from services.launcher.durations import Duration


def _resume_dir(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path:
    from services.launcher.places import default_data_dir

    return (value or default_data_dir().with_name("binnacle-imports")).expanduser().absolute()


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "form", type=click.Choice(["csv", "ndjson", "parquet", "openmetrics"]),
              help="Format of the files.  [default: by their names]")  # fmt: skip
@click.option("--time-column", metavar="NAME", help="Column of the time, in CSV and Parquet.")
@click.option(
    "--metric-column", metavar="NAME", help="Column of the metric's name; without one each column is a metric."
)
@click.option("--value-column", metavar="NAME", help="Column of the value.")
@click.option("--label-column", "labels", metavar="NAME", multiple=True, help="Column of a label; may be repeated.")
@click.option("--kind", type=click.Choice(["gauge", "counter", "delta"]), default="gauge", show_default=True,
              help="What the values mean where the file does not say.")  # fmt: skip
@click.option("--unit", default="", help="Unit of the values where the file does not say.")
@click.option("--target", default="127.0.0.1:8080", show_default=True, envvar="BINNACLE_EDGE", help="The edge.")
@click.option("--token", envvar="BINNACLE_TOKEN", help="Where the suite wants one.")
@click.option("--rate", type=click.FloatRange(1), default=100_000.0, show_default=True, help="Points a second at most.")
@click.option("--patience", type=Duration(0.1), default="5m", show_default=True,
              help="How long to go on when the suite takes nothing.")  # fmt: skip
@click.option("--resume-dir", type=click.Path(path_type=Path, file_okay=False), callback=_resume_dir,
              envvar="BINNACLE_RESUME_DIR",
              help="Where it is kept how far files are.  [default: beside the suite's data]")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Read the files to their ends, and send nothing.")
@click.option("--again", is_flag=True, help="Send what was sent before, too.")
def command(files: tuple[Path, ...], form: str | None, labels: tuple[str, ...], **options: Any) -> None:
    """Import history from FILES: CSV, NDJSON, Parquet, OpenMetrics.

    It may be stopped at any time: the same command goes on where it stopped, and nothing is there twice.
    """
    from rich.console import Console

    from services.core.clock import SystemClock
    from services.launcher.importing.run import Settings, import_files
    from services.launcher.importing.sending import Pace
    from services.launcher.importing.tables import Columns

    columns = Columns(
        options["time_column"],
        options["metric_column"],
        options["value_column"],
        labels,
        options["kind"],
        options["unit"],
    )
    settings = Settings(
        files, form, columns, options["target"], options["token"], Pace(options["rate"], options["patience"]),
        options["resume_dir"], options["dry_run"], options["again"],
    )  # fmt: skip
    account = import_files(settings, Console(stderr=True), SystemClock())
    if account.rejected:
        raise SystemExit(1)
