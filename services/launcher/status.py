"""`binnacle status`: how every process and subsystem of a running suite does."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any

import httpx

from services.launcher.failures import LauncherError

ASK_SECONDS = 10.0
HEALTHY, UNHEALTHY, DOWN = "healthy", "unhealthy", "down"
EXIT_STATUS = {HEALTHY: 0, UNHEALTHY: 1, DOWN: 2}
# The edge answers so when who is behind it does not.
NOBODY_BEHIND = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})

TRUST = "SSL_CERT_FILE names whom to trust: where a suite made its own, secrets/tls/edge.crt in its data folder."


@dataclass(frozen=True, slots=True)
class Part:
    """A process or subsystem: its state, why it is not healthy, how long it took to answer, what it uses."""

    name: str
    kind: str
    status: str
    problem: str = ""
    response_ms: float | None = None
    uptime_seconds: float | None = None
    cpu_seconds: float | None = None
    memory_bytes: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A suite at a glance; `status` is healthy, unhealthy, or down when nothing answers."""

    url: str
    status: str
    problem: str = ""
    parts: Sequence[Part] = ()
    stored: Mapping[str, float] = field(default_factory=dict)
    rows_per_second: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """All of it, ready to be written as JSON."""
        return asdict(self)


def report(url: str, token: str | None) -> Report:
    """Ask the suite at `url`. Raises LauncherError for what is no address, no suite, or wants a token."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=ASK_SECONDS) as client:
            return _asked(url, client)
    except httpx.InvalidURL as error:
        raise LauncherError(f"--url {url} is no address: {error}.") from error
    except httpx.UnsupportedProtocol as error:
        raise LauncherError(f"--url {url} is no address: it begins with neither http:// nor https://.") from error
    except httpx.TransportError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise LauncherError(f"The certificate of {url} is not trusted ({error}). {TRUST}") from error
        return Report(url, DOWN, f"nothing answers ({error})")
    except FileNotFoundError as error:
        raise LauncherError(f"SSL_CERT_FILE names no file: {os.environ.get('SSL_CERT_FILE')}. {TRUST}") from error


def _asked(url: str, client: httpx.Client) -> Report:
    answer = client.get("/api/system/components")
    edge = Part("edge", "process", HEALTHY)
    if answer.status_code in NOBODY_BEHIND:
        streamer = Part("streamer", "process", UNHEALTHY, _message(answer))
        return Report(url, UNHEALTHY, "the streamer, which knows the others, does not answer", [edge, streamer])
    components = _body(answer, url)["components"]
    parts = [edge, *map(_part, components), _web_app(client)]
    status = HEALTHY if all(part.status == HEALTHY for part in parts) else UNHEALTHY
    stored, flow = client.get("/stats"), client.get("/api/analytics/pipeline")
    return Report(
        url,
        status,
        parts=parts,
        stored=_numbers(stored.json()) if stored.is_success else {},
        rows_per_second=_rates(flow.json()) if flow.is_success else {},
    )


def _part(told: Mapping[str, Any]) -> Part:
    process = told.get("process") or {}
    return Part(
        told["name"],
        told["kind"],
        told["status"],
        told["problem"],
        told.get("response_ms"),
        process.get("uptime_seconds"),
        process.get("cpu_seconds"),
        process.get("memory_bytes"),
    )


def _web_app(client: httpx.Client) -> Part:
    began = time.perf_counter()
    answer = client.get("/app", headers={"accept": "text/html"})
    took = time.perf_counter() - began
    problem = "" if answer.is_success else "is not built: `make web` does it"
    return Part("web app", "files", UNHEALTHY if problem else HEALTHY, problem, took * 1000)


def _numbers(stats: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for name, value in stats.items() if isinstance(value, int | float) and name != "uptime_hours"}


def _rates(pipeline: Mapping[str, Any]) -> dict[str, float]:
    return {flow["kind"]: flow["rows_per_second_last_minute"] for flow in pipeline["flows"]}


def _body(answer: httpx.Response, url: str) -> Mapping[str, Any]:
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        raise LauncherError("The suite wants a token: --token $(binnacle token --tenant T --role R).")
    if answer.is_error and "application/json" in answer.headers.get("content-type", ""):
        raise LauncherError(f"The suite answers {answer.status_code}: {_message(answer)}.")
    try:
        body: Mapping[str, Any] = answer.json()
        body["components"]
    except (ValueError, KeyError, TypeError) as error:
        raise LauncherError(f"What answers at {url} is no Binnacle.") from error
    return body


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
