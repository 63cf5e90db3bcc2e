"""Prometheus endpoints, asked as Prometheus would."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from services.core.clock import Clock
from services.launcher.agent.exposition import INSTANCE, readings
from services.launcher.agent.readings import Reading

UP = "up"
DURATION = "scrape_duration_seconds"
SAMPLES = "scrape_samples_scraped"

MAX_BYTES = 16 << 20
_ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.9"


class ScrapeError(Exception):
    """A target that gave no metrics; says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """One endpoint and the value of its label `instance`."""

    url: str
    instance: str

    @classmethod
    def of(cls, url: str) -> "Target":
        """From a URL as a person writes it: `host:port` and a missing path are completed."""
        whole = url if "://" in url else f"http://{url}"
        parts = urlsplit(whole)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no address of a Prometheus endpoint, such as http://127.0.0.1:9100/metrics")
        if parts.path in ("", "/"):
            whole = parts._replace(path="/metrics").geturl()
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return cls(whole, f"{parts.hostname}:{port}")


class Scraper:
    """Asks one target; a failure is a reading too (`up` 0)."""

    def __init__(self, target: Target, http: httpx.AsyncClient, clock: Clock, timeout: float) -> None:
        self.target, self._http, self._clock, self._timeout = target, http, clock, timeout
        self.failure: ScrapeError | None = None

    async def read(self) -> list[Reading]:
        """All samples of the target with `up`, the duration and the count of them."""
        began = self._clock.monotonic()
        found: list[Reading] = []
        self.failure = None
        try:
            async with asyncio.timeout(self._timeout):
                found = await self._ask()
        except TimeoutError:
            self.failure = ScrapeError(f"no answer within {self._timeout:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, ScrapeError, ValueError) as error:
            self.failure = ScrapeError(str(error) or type(error).__name__)
        labels = {INSTANCE: self.target.instance}
        return [
            *found,
            Reading(UP, 0.0 if self.failure else 1.0, labels),
            Reading(DURATION, self._clock.monotonic() - began, labels, unit="s"),
            Reading(SAMPLES, float(len(found)), labels),
        ]

    async def _ask(self) -> list[Reading]:
        body = bytearray()
        async with self._http.stream("GET", self.target.url, headers={"accept": _ACCEPT}) as answer:
            if answer.status_code != httpx.codes.OK:
                raise ScrapeError(f"HTTP {answer.status_code}")
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise ScrapeError(f"more than {MAX_BYTES >> 20} MiB")
        text = body.decode("utf-8", "replace")
        return readings(text, answer.headers.get("content-type", ""), self.target.instance)
