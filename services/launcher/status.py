"""`binnacle status`: a running suite at a glance."""

from collections.abc import Mapping
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from services.launcher.failures import LauncherError

ASK_SECONDS = 5.0
_GOOD = frozenset({"healthy", "serving", "ready", "ok", "up"})


def show(url: str, token: str | None) -> None:
    """Print health and figures of the suite at `url`. Raises LauncherError when it cannot be asked."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=url, headers=headers, timeout=ASK_SECONDS) as client:
        health = _ask(client, "/health")
        stats = _ask(client, "/stats")
    console = Console()
    console.print(_health_table(url, health))
    console.print(_stats_table(stats))


def _ask(client: httpx.Client, path: str) -> Mapping[str, Any]:
    try:
        answer = client.get(path)
    except httpx.InvalidURL as error:
        raise LauncherError(f"--url {client.base_url} is no address: {error}.") from error
    except httpx.TransportError as error:
        raise LauncherError(
            f"No suite answers at {client.base_url} ({error}). Start one with `binnacle up`, or name it with --url."
        ) from error
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise LauncherError("The suite wants a token: --token $(binnacle token --tenant T --role R).")
    if answer.is_error:
        raise LauncherError(f"The suite answers {answer.status_code} to GET {path}: {_message(answer)}.")
    try:
        body: Mapping[str, Any] = answer.json()
    except ValueError as error:
        raise LauncherError(f"What answers at {client.base_url} is no Binnacle.") from error
    return body


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase


def _health_table(url: str, health: Mapping[str, Any]) -> Table:
    table = Table(title=f"{url}: {health.get('status', '?')}", title_justify="left")
    table.add_column("part")
    table.add_column("state")
    for part, state in sorted(health.get("components", {}).items()):
        colour = "green" if str(state).lower() in _GOOD else "yellow"
        table.add_row(part, f"[{colour}]{state}[/]")
    table.add_row("up for", f"{float(health.get('uptime_hours', 0)):.1f} hours")
    return table


def _stats_table(stats: Mapping[str, Any]) -> Table:
    table = Table(title="taken in", title_justify="left")
    table.add_column("what")
    table.add_column("number", justify="right")
    for name, value in stats.items():
        if isinstance(value, int | float) and name != "uptime_hours":
            table.add_row(name.replace("_", " "), f"{value:,.0f}")
    for name, value in sorted(stats.get("events_by_type", {}).items(), key=lambda item: -item[1])[:10]:
        table.add_row(f"  events of type {name}", f"{value:,.0f}")
    return table
