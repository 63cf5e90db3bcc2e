"""What somebody who runs the demonstration might have set up: so that pictures show what is there to be seen."""

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

PAGES = {
    "id": "pages-slow",
    "name": "Pages load slowly",
    "condition": {
        "threshold": {"expressions": [{"selection": {"metric": "page_load_time", "function": "FUNCTION_AVERAGE"}}]}
    },
    "levels": [
        {"severity": "SEVERITY_CRITICAL", "threshold": 1400, "recovery_threshold": 1200},
        {"severity": "SEVERITY_WARNING", "threshold": 800, "recovery_threshold": 700},
    ],
    "annotations": {"summary": "{{labels.page}} takes {{value}} ms to load"},
    "runbook_url": "https://example.com/pages-slow",
    "owner": "web",
}
NEWSLETTER = {"matchers": [{"label": "service", "value": "campaigns"}], "comment": "Newsletter goes out"}
ERP = {
    "matchers": [{"label": "provider", "value": "erp"}],
    "comment": "Weekly update of the ERP",
    "maintenance": True,
    "recurrence": {"weekdays": [7], "from": "02:00", "duration": "7200s", "time_zone": "Europe/Berlin"},
}
ROTATION = {
    "id": "weekly",
    "people": [{"name": "Ada", "receivers": ["ada"]}, {"name": "Ben", "receivers": ["ben"]}],
    "first_day": "2026-01-05",
    "hand_over": "09:00",
    "time_zone": "Europe/Berlin",
}
CRITICAL = [{"label": "__severity__", "value": "critical"}]
DAY_SECONDS = 86_400


class _Taker(BaseHTTPRequestHandler):
    """Takes whatever it is told."""

    def do_POST(self) -> None:
        """Say that it arrived."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of it."""


@contextmanager
def receivers() -> Iterator[str]:
    """The address of somebody who takes notifications."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Taker) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def set_up(address: str, receiver: str) -> None:
    """Set all of it up in a suite at an address; notifications go to a receiver."""
    ends = datetime.fromtimestamp(time.time() + DAY_SECONDS, UTC).isoformat()
    people = [{"id": name, "webhook": {"url": f"{receiver}/{name}"}} for name in ("ada", "ben", "team")]
    routes = [{"matchers": CRITICAL, "tell": ["weekly"], "escalation": "nobody-yet"}, {"tell": ["team"]}]
    steps = [{"after": "900s", "tell": ["team"]}]
    notifiers = {
        "receivers": people,
        "rotations": [ROTATION],
        "escalations": [{"id": "nobody-yet", "steps": steps}],
        "routes": routes,
    }
    _send(address, "POST", "/api/v1/rules", PAGES)
    _send(address, "POST", "/api/v1/silences", {**NEWSLETTER, "end_time": ends})
    _send(address, "POST", "/api/v1/silences", ERP)
    _send(address, "PUT", "/api/v1/notifiers", {"notifiers": notifiers})


def _send(address: str, verb: str, path: str, body: Any) -> None:
    asked = urllib.request.Request(
        address + path, json.dumps(body).encode(), {"content-type": "application/json"}, method=verb
    )
    with urllib.request.urlopen(asked, timeout=20):
        pass
