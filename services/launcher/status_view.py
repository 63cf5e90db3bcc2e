"""A report on a suite, for a person to read."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.launcher.status import DOWN, HEALTHY, Part, Report

MEBIBYTE = 1024 * 1024


def show(report: Report, console: Console) -> None:
    """Print a report, and what to do where nothing runs."""
    if report.status == DOWN:
        console.print(f"No suite runs at {report.url}: {report.problem}.", highlight=False)
        console.print("Start one with `binnacle up` (`--demo` shows something at once), or name it with --url.")
        return
    if report.problem:
        console.print(report.problem, style="yellow")
    console.print(_parts(report))
    for part in report.parts:
        if part.problem:
            console.print(f"{part.name}: {part.problem}", style="red", highlight=False)
    if report.stored:
        console.print(_stored(report))


def _parts(report: Report) -> Table:
    table = Table(title=f"{report.url}: {report.status}", title_justify="left")
    for name in ("part", "state"):
        table.add_column(name)
    for name in ("answered in", "up for", "processor", "memory"):
        table.add_column(name, justify="right")
    for part in report.parts:
        table.add_row(part.name, _state(part), *_figures(part))
    return table


def _state(part: Part) -> Text:
    return Text(part.status, style="green" if part.status == HEALTHY else "red")


def _figures(part: Part) -> tuple[str, str, str, str]:
    return (
        "" if part.response_ms is None else f"{part.response_ms:.1f} ms",
        "" if part.uptime_seconds is None else _duration(part.uptime_seconds),
        "" if part.cpu_seconds is None else f"{part.cpu_seconds:,.1f} s",
        "" if part.memory_bytes is None else f"{part.memory_bytes / MEBIBYTE:,.0f} MiB",
    )


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _stored(report: Report) -> Table:
    table = Table(title="taken in", title_justify="left")
    table.add_column("what")
    table.add_column("number", justify="right")
    for name, value in report.stored.items():
        table.add_row(name.replace("_", " "), f"{value:,.0f}")
    for kind, rate in report.rows_per_second.items():
        table.add_row(f"{kind} a second, last minute", f"{rate:,.1f}")
    return table
