"""The REST face as its description tells it: every operation, and a request of each that works as it is."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from tests.support.remote_write import series, write_v1
from tests.support.waiting import eventually_sync

Document = Mapping[str, Any]
JSON = "application/json"
LINES = "application/x-ndjson"
# Where an answer can be a file, that is one of its forms.
FILE = "text/csv"
BINARY = "application/x-protobuf"
BODY = "$response.body#"
# The demonstration input takes a while to have made one of everything.
FOUND_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb at one path."""

    verb: str
    path: str
    told: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Verb and path."""
        return f"{self.verb.upper()} {self.path}"

    @property
    def identity(self) -> str:
        """Its name among all operations."""
        return str(self.told["operationId"])

    @property
    def is_endless(self) -> bool:
        """Whether its answer goes on for as long as somebody listens."""
        content = self.told["responses"]["200"].get("content", ())
        return LINES in content and FILE not in content

    @property
    def wanted(self) -> list[str]:
        """The names of its path's parameters."""
        return re.findall(r"{(\w+)}", self.path)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that can be sent as it is."""

    operation: Operation
    in_path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None

    @property
    def target(self) -> str:
        """Its path and query."""
        path = self.operation.path.format(**{name: quote(value, safe="") for name, value in self.in_path.items()})
        return str(httpx.URL(path, params=self.query))

    def send(self, http: httpx.Client) -> httpx.Response:
        """Send it."""
        content = {"content": self.body} if isinstance(self.body, bytes) else {"json": self.body} if self.body else {}
        headers = {"content-type": BINARY} if isinstance(self.body, bytes) else {}
        with http.stream(self.operation.verb, self.target, headers=headers, **content) as answer:
            if self.operation.is_endless and answer.is_success:
                next(answer.iter_lines())
            else:
                answer.read()
        return answer


def failing_requests(service: str) -> list[Document]:
    """Events by which the ready-made rule of error rates has an alert about a service within seconds."""
    data = {"endpoint": "/x", "status_code": 500, "latency_ms": 1}
    return [{"type": "request", "service": service, "data": data}] * 30


def operations(document: Document) -> list[Operation]:
    """Every operation that is described."""
    return [Operation(verb, path, told) for path, verbs in document["paths"].items() for verb, told in verbs.items()]


def links(document: Document) -> Iterator[tuple[Operation, str, str, str]]:
    """Where an answer holds what another operation wants: source, identity of the target, its parameter, pointer."""
    for source in operations(document):
        for link in source.told["responses"]["200"].get("links", {}).values():
            for parameter, place in link["parameters"].items():
                yield source, link["operationId"], parameter, place.removeprefix(BODY)


class Requests:
    """Makes requests of a running suite from the examples of its description, and from what its answers link to."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.document: Document = http.get("/openapi.json").raise_for_status().json()
        self._links = list(links(self.document))
        # Of everything else that paths name the demonstration input makes one; each way to resolve an alert ends one.
        events = [event for number in range(3) for event in failing_requests(f"failing-{number}")]
        http.post("/events", json=events).raise_for_status()
        [silence] = [each for each in self.operations() if each.label == "POST /api/v1/silences"]
        self.of(silence).send(http).raise_for_status()

    def operations(self) -> list[Operation]:
        """Every operation of the suite."""
        return operations(self.document)

    def all(self) -> Iterator[Request]:
        """One of every operation."""
        return map(self.of, self.operations())

    def of(self, operation: Operation) -> Request:
        """One of this operation. Fails when what its path wants is not found within `FOUND_SECONDS`."""
        told = {
            (each["in"], each["name"]): each["example"]
            for each in operation.told.get("parameters", ())
            if "example" in each
        }
        in_path = {name: told[("path", name)] for name in operation.wanted if ("path", name) in told}
        linked = {name: self._found(operation, name) for name in operation.wanted if name not in in_path}
        query = {name: value for (place, name), value in told.items() if place == "query"}
        return Request(operation, in_path | linked, query, _body(operation))

    def _found(self, operation: Operation, name: str) -> str:
        sources = [
            (source, pointer)
            for source, target, parameter, pointer in self._links
            if (target, parameter) == (operation.identity, name)
        ]
        found: list[str] = []

        def is_found() -> bool:
            found.extend(value for source, pointer in sources if (value := self._linked(source, pointer)))
            return bool(found)

        eventually_sync(is_found, f"an example of {name} for {operation.label}", FOUND_SECONDS)
        return found[0]

    def _linked(self, source: Operation, pointer: str) -> str:
        answer = self.of(source).send(self._http)
        return str(at(answer.json(), pointer) or "") if answer.is_success else ""


def at(value: Any, pointer: str) -> Any:
    """What lies at a JSON pointer; None where nothing does."""
    for name in pointer.split("/")[1:]:
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError):
            return None
    return value


def _body(operation: Operation) -> Any:
    content = operation.told.get("requestBody", {}).get("content", {})
    return content.get(JSON, {}).get("example") or (_BODIES[operation.label]() if BINARY in content else None)


# What no example can hold.
_BODIES: Mapping[str, Callable[[], bytes]] = {
    "POST /api/v1/write": lambda: write_v1(
        series({"__name__": "up", "instance": "web-1"}, (int(time.time() * 1e3), 1.0))
    )
}
