"""Variables that others' dashboards are set by: what `binnacle up` takes of them, and what stands in for the rest.

They come after the command line and after `BINNACLE_…`. docs/environment.md lists them all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.launcher.failures import LauncherError

_LEVELS = {
    "trace": "debug",
    "debug": "debug",
    "info": "info",
    "warn": "warning",
    "warning": "warning",
    "error": "error",
    "critical": "error",
    "fatal": "error",
}
_REDIS_PORT = "6379"
# What each is replaced by.
REPLACED: Mapping[str, str] = {
    "DATABASE_URL": "BINNACLE_CLICKHOUSE_DSN, or the built-in ClickHouse",
    "DATABASE_HOST": "BINNACLE_CLICKHOUSE_DSN, or the built-in ClickHouse",
    "DATABASE_PORT": "BINNACLE_CLICKHOUSE_DSN, or the built-in ClickHouse",
    "RUST_LOG": "BINNACLE_LOG_LEVEL",
    "DEBUG": "BINNACLE_LOG_LEVEL=debug",
    "HOST": "BINNACLE_HOST",
    "LOG_GENERATOR_URL": "POST /api/logs/generate and --demo",
    "KAFKA_USERNAME": "the collector's journal, which needs no account",
    "KAFKA_PASSWORD": "the collector's journal, which needs no account",
    "METRICS_HISTORY_MINUTES": "POST /api/v1/retention",
    "MAX_RECENT_LOGS": "the retention of logs, and page_size or limit of a request",
    "MAX_RECENT_ALERTS": "the retention of events, and page_size of a request",
    "RAG_SERVER_URL": "nothing yet: suggestions of remedies are to come",
    "DEEPSEEK_URL": "nothing yet: suggestions of remedies are to come",
}
TAKEN = ("LOG_LEVEL", "PORT", "REDIS_HOST", "REDIS_PORT", "REDIS_URL", "SERVICE_PORT")


@dataclass(frozen=True, slots=True)
class Foreign:
    """The variables of one environment; `say` tells a person."""

    environment: Mapping[str, str]
    say: Callable[[str], None]

    def options(self) -> dict[str, Callable[[], str]]:
        """By option of `up`, what it is where nothing else says so.

        Raises LauncherError, when one is asked for, for what contradicts itself or cannot be used.
        """
        known = {
            "port": (self._port, ("PORT", "SERVICE_PORT")),
            "redis_url": (self._redis_url, ("REDIS_URL", "REDIS_HOST", "REDIS_PORT")),
            "log_level": (self._log_level, ("LOG_LEVEL",)),
        }
        return {option: value for option, (value, names) in known.items() if any(map(self._of, names))}

    def tell_replaced(self) -> None:
        """Say of each that is set and not used what stands in for it."""
        for name, instead in REPLACED.items():
            if self._of(name):
                self.say(f"{name} is not used; in its place: {instead}.")

    def _of(self, name: str) -> str:
        return self.environment.get(name, "").strip()

    def _port(self) -> str:
        port = self._one({name: self._of(name) for name in ("SERVICE_PORT", "PORT")}, "--port")
        if not port.isdecimal() or int(port) > 65535:
            raise LauncherError(f"SERVICE_PORT or PORT is {port!r}, which is no port. Unset it, or use --port.")
        return port

    def _redis_url(self) -> str:
        host, port = self._of("REDIS_HOST"), self._of("REDIS_PORT")
        made = ""
        if host or port:
            shown = f"[{host}]" if ":" in host else host or "localhost"
            made = f"redis://{shown}:{port or _REDIS_PORT}"
        return self._one({"REDIS_URL": self._of("REDIS_URL"), "REDIS_HOST, REDIS_PORT": made}, "--redis-url")

    def _log_level(self) -> str:
        given = self._of("LOG_LEVEL")
        if given.lower() not in _LEVELS:
            levels = ", ".join(sorted(set(_LEVELS.values())))
            raise LauncherError(f"LOG_LEVEL is {given!r}, which is none of {levels}. Change it, or use --log-level.")
        return self._one({"LOG_LEVEL": _LEVELS[given.lower()]}, "--log-level")

    def _one(self, given: Mapping[str, str], option: str) -> str:
        """The one value of all that is given. Never told itself: it may hold a password."""
        told = {name: value.rstrip("/") for name, value in given.items() if value}
        if len(set(told.values())) > 1:
            names = " and ".join(told)
            raise LauncherError(f"{names} contradict each other. Unset what does not hold, or use {option}.")
        self.say(f"{' and '.join(told)} taken for {option}.")
        return next(iter(told.values()))
