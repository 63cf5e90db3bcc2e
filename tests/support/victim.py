"""Somebody who has much that is nobody else's business, and the names of it."""

import time
from dataclasses import replace
from typing import Any, Final

import httpx

from services.launcher.keys import read_or_make_jwt_key
from tests.integration.edge.tokens import token
from tests.support.probes import Known
from tests.support.rest import failing_requests
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

LASTS_SECONDS: Final = 3_600.0
# In everything that the victim has.
SECRET: Final = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0"
ABSENT: Final = "ab5e27c0ffeeab5e27c0ffeeab5e27c0"
OWN: Final = "0b5c07c0ffee0b5c07c0ffee0b5c07c0"
VICTIM, OTHER = "victim", "attacker"
MALFORMED_TENANTS = (
    "../victim",
    "victim/",
    "victim other",
    "-victim",
    "v" * 65,
    "víctim",
    "victim,attacker",
    "[]",
)


def known(mark: str, tenant: str) -> Known:
    """What a tenant's things are called, all of them with a mark."""
    names = {
        "tenant": tenant,
        "trace": mark,
        "span": mark[:16],
        "fingerprint": mark,
        "user": f"user-{mark}",
        "session": f"session-{mark}",
        "service": f"shop-{mark}",
        "metric": f"metric_{mark}",
        "label": f"label_{mark}",
        "funnel": f"funnel-{mark}",
        "integration": f"provider-{mark}",
        "provider": f"provider-{mark}",
        "product": f"product-{mark}",
        "query": mark,
        "rule": f"metric_{mark}",
        "text": mark,
    }
    # As long as those that are given.
    ids = dict.fromkeys(("AlertService", "SilenceService", "DashboardBuilderService"), mark[:16])
    return Known(f"metric_{mark}", names, ids=ids)


class World:
    """A suite in which somebody has much that is nobody else's business."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.key = read_or_make_jwt_key(suite.data_dir).secret
        self.victim = known(SECRET, VICTIM)
        self._tokens: dict[tuple[str, str], str] = {}

    def token(self, role: str, tenant: str | None, number: int = 0) -> str:
        """A token; of a kind of tenants, or a tenant by name."""
        named = {"other": OTHER, "missing": None, "malformed": MALFORMED_TENANTS[number % len(MALFORMED_TENANTS)]}
        held = named.get(tenant or "", tenant)
        made = (role, str(held))
        if made not in self._tokens:
            identity = f"{role}-{len(self._tokens)}"
            claims = {
                "tenant": held,
                "roles": role,
                "sub": "somebody",
                "jti": identity,
                "exp": time.time() + LASTS_SECONDS,
            }
            self._tokens[made] = token(self.key, **claims)
        return self._tokens[made]

    def bearer(self, role: str, tenant: str) -> dict[str, str]:
        """Its header."""
        return {"authorization": f"Bearer {self.token(role, tenant)}"}

    def guard(self, http: httpx.Client) -> None:
        """A rule that fires, who is told of it, a silence, a dashboard, and their names. Expects what `feed` gives."""
        mine, headers = self.victim.by_name, self.bearer("admin", VICTIM)
        selection = {"metric": mine["metric"], "function": "FUNCTION_LAST"}
        rule = {
            "id": mine["rule"],
            "name": f"rule {SECRET}",
            "condition": {"threshold": {"expressions": [{"selection": selection}]}},
            "levels": [{"severity": "SEVERITY_WARNING", "threshold": 0}],
        }
        silence = {
            "matchers": [{"label": "service", "value": f"none-{SECRET}"}],
            "comment": SECRET,
            "recurrence": {"from": "03:00", "duration": "3600s"},
        }
        dashboard = {
            "id": SECRET[:16],
            "title": f"dashboard {SECRET}",
            "widgets": [{"line": {"question": {"figures": {"names": [mine["metric"]]}}}}],
        }
        # Alerting reads the state of a tenant when it is first heard of.
        eventually_sync(lambda: http.get("/api/v1/alerts", headers=headers).is_success, "alerting knows the victim", 60)
        made = {}
        for path, body in (("/api/v1/rules", rule), ("/api/v1/silences", silence), ("/api/v1/dashboards", dashboard)):
            made[path] = http.post(path, json=body, headers=headers)
            assert made[path].status_code == 200, (path, made[path].text)
        # To an address that is set aside for documents: attempts are made, and nothing is sent.
        hook = {"id": f"hook-{SECRET}", "webhook": {"url": f"https://192.0.2.10/{SECRET}", "secret": SECRET}}
        notifiers = {"receivers": [hook], "routes": [{"tell": [hook["id"]]}]}
        http.put("/api/v1/notifiers", json={"notifiers": notifiers}, headers=headers).raise_for_status()
        http.post("/events", json=failing_requests(mine["service"]), headers=headers)

        def alerts() -> list[dict[str, Any]]:
            told: list[dict[str, Any]] = http.get("/api/v1/alerts", headers=headers).json().get("alerts", [])
            return told

        # A list of two has a second page.
        eventually_sync(lambda: len(alerts()) > 1, "the victim has alerts", within=60)
        ids = {"AlertService": alerts()[0]["id"], "SilenceService": made["/api/v1/silences"].json()["silence"]["id"]}
        self.victim = replace(self.victim, ids={**self.victim.ids, **ids})

    def feed(self, http: httpx.Client) -> None:
        """Some of everything, of the victim."""
        mine, headers = self.victim.by_name, self.bearer("admin", VICTIM)
        about = {"session_id": mine["session"], "user_id": mine["user"], "trace_id": SECRET, "note": SECRET}
        events = [
            {"type": kind, "service": mine["service"], "user_id": mine["user"], "session_id": mine["session"],
             "data": {**about, **data}}
            for kind, data in (
                ("request", {"endpoint": f"/{SECRET}", "status_code": 500, "latency_ms": 5, "error": SECRET}),
                ("error", {"message": f"failed {SECRET}", "error_type": "Secret"}),
                ("purchase", {"total": 5, "currency": "EUR", "order_id": SECRET,
                              "items": [{"product_id": mine["product"], "quantity": 1}]}),
                ("page_view", {"page": f"/{SECRET}"}),
                ("product_view", {"product_id": mine["product"]}),
                ("feature_used", {"feature": f"feature-{SECRET}"}),
                ("integration_call", {"provider": mine["provider"], "endpoint": f"/{SECRET}", "success": False}),
                ("deploy", {"version": SECRET}),
                ("config_change", {"key": SECRET}),
                ("search", {"query": SECRET, "results_count": 0}),
                ("conversion", {"funnel": mine["funnel"], "value": 1, "currency": "EUR"}),
            )
        ]  # fmt: skip
        metrics = [{"name": mine["metric"], "value": 1, "tags": {mine["label"]: SECRET, "service": mine["service"]}}]
        lines = [{"level": "error", "service": mine["service"], "message": f"line {SECRET}", "attributes": about}]
        beat = {"service": mine["service"], "status": "healthy"}
        for path, body in (("/events", events), ("/metrics", metrics), ("/logs", lines), ("/heartbeat", beat)):
            answer = http.post(path, json=body, headers=headers)
            assert answer.status_code == 200, (path, answer.text)
            assert not answer.json().get("rejected"), (path, answer.text)
