"""What children print, read for a person: short lines, noise left out."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

LEVELS = ("debug", "info", "warning", "error", "critical")
# Told by the launcher itself, or of no use to a reader of the whole suite.
_HIDDEN_KEYS = frozenset({"event", "level", "time", "timestamp", "process", "logger", "request_id", "exception"})
_LAUNCHER_SAYS_IT = frozenset({"listening", "listening for pages", "ready", "stopping", "stopped"})
_EXPECTED = (
    "caught ENVOY_SIGTERM",
    "shutting down admin due to child startup",
    "terminating parent process",
    "Redis is starting",
    "Redis version=",
    "Configuration loaded",
    "Server initialized",
    "Received SIGTERM",
    "overcommit_memory",
    "Transparent Huge Pages",
    "User requested shutdown",
    "Redis is now ready to exit",
)
_REDIS = re.compile(r"^\d+:\w \d+ \w+ \d{4} [\d:.]+ (?P<mark>[.\-*#]) (?P<text>.*)$")
_REDIS_LEVELS = {".": "debug", "-": "debug", "*": "info", "#": "warning"}
_LEVEL_NAMES = {"warn": "warning", "trace": "debug", "err": "error"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a child: how grave, what, with which values, and a traceback where there is one."""

    level: str
    event: str
    values: Mapping[str, str] = field(default_factory=dict)
    exception: str = ""

    @property
    def is_noise(self) -> bool:
        """Whether a person reading the whole suite's log can do without it."""
        if self.level in ("debug", "info") and self.event in _LAUNCHER_SAYS_IT:
            return True
        return any(text in self.event for text in _EXPECTED)

    @property
    def text(self) -> str:
        """The line without its level, the traceback below it."""
        values = "".join(f" {name}={value}" for name, value in self.values.items())
        return f"{self.event}{values}" + (f"\n{self.exception}" if self.exception else "")


def parse(raw: str) -> Line:
    """Read a line: a JSON object of structlog's or Envoy's, a line of Redis', or plain text."""
    if raw.startswith("{"):
        try:
            found = json.loads(raw)
        except ValueError:
            return Line("info", raw)
        return _from_json(found)
    redis = _REDIS.match(raw)
    if redis:
        return Line(_REDIS_LEVELS[redis["mark"]], redis["text"])
    return Line("info", raw)


def _from_json(found: Mapping[str, object]) -> Line:
    level = str(found.get("level", "info")).lower()
    level = _LEVEL_NAMES.get(level, level)
    return Line(
        level=level if level in LEVELS else "info",
        event=str(found.get("event", "")),
        values={name: _short(value) for name, value in found.items() if name not in _HIDDEN_KEYS},
        exception=str(found.get("exception", "")),
    )


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text) if " " in text or not text else text
