"""The rendered configuration is one that Envoy takes without a warning, wherever it is meant for."""

import subprocess
from pathlib import Path

import pytest
import yaml

from services.launcher.certificates import own_certificate
from services.launcher.edge import PROCESSES, EdgeSettings, Target, render
from services.launcher.edge_limits import EdgeLimits
from services.launcher.issuers import own_issuer
from services.launcher.programs import envoy_program
from services.launcher.transport import SignIn, Tls, affordable_connections, sign_in_told

pytestmark = pytest.mark.processes

NAMED = {"name": "idempotency-key", "present_match": True}
JWKS = '{"keys": [{"kty": "oct", "alg": "HS256", "kid": "a", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}'


STYLES = {"laptop": "unix:{folder}/{name}.sock", "cluster": "binnacle-{name}.monitoring.svc:7000"}
PROVIDER = {
    "CLIENT_ID": "binnacle",
    "CLIENT_SECRET_FILE": "secret",
    "AUTHORIZE_URL": "https://login.example/authorize",
    "TOKEN_URL": "https://login.example/token?v=2",
    "SIGN_OUT_URL": "https://login.example/sign-out",
}


def settings(folder: Path, style: str, auth: bool, tls: str = "", sign_in: bool = False) -> EdgeSettings:
    """As on a laptop (unix sockets, two collectors), or on a cluster (names and ports)."""
    jwks = folder / "jwks.json"
    jwks.write_text(JWKS)
    laptop = style == "laptop"
    targets = {
        name: Target.parse(STYLES[style].format(folder=folder, name=name)) for name in (*PROCESSES, "intake", "pages")
    }
    return EdgeSettings(
        listen=Target.parse("0.0.0.0:8080"),
        admin=Target.parse(f"unix:{folder}/admin.sock" if laptop else "127.0.0.1:9901", mode=0o600),
        upstreams=targets,
        issuers=[own_issuer(jwks)] if auth else (),
        access_log=not laptop,
        cors_origins=["https://shop.example"],
        otlp=[Target.parse("127.0.0.1:4317"), Target.parse("127.0.0.1:4318")] if laptop else [],
        collector_workers=2 if laptop else 1,
        tls=certificates(folder, tls) if tls else None,
        local=Target.parse(f"unix:{folder}/edge.sock", mode=0o600) if tls and laptop else None,
        sign_in=provider(folder) if sign_in else None,
        max_connections=affordable_connections(),
        limits=EdgeLimits(shared=not laptop),
    )


def certificates(folder: Path, kind: str) -> Tls:
    certificate, key = own_certificate(folder, "192.0.2.1")
    return Tls(str(certificate), str(key), str(certificate) if kind == "mutual" else None, lasting=kind == "given")


def provider(folder: Path) -> SignIn | None:
    (folder / "secret").write_text("shared")
    told = PROVIDER | {"CLIENT_SECRET_FILE": str(folder / "secret")}
    return sign_in_told(folder, {f"BINNACLE_OIDC_{name}": value for name, value in told.items()})


@pytest.mark.parametrize(("auth", "sign_in"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("tls", ["", "given", "mutual"])
@pytest.mark.parametrize("style", ["laptop", "cluster"])
def test_envoy_takes_it_without_a_warning(tmp_path: Path, style: str, tls: str, auth: bool, sign_in: bool) -> None:
    config = tmp_path / "envoy.yaml"
    config.write_text(render(settings(tmp_path, style, auth, tls, sign_in)))
    command = [str(envoy_program()), "--mode", "validate", "-c", str(config), "-l", "warn"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed[:2000]
    # A deprecated field, or one that there is none of, would be a warning.
    assert printed.strip() == f"configuration '{config}' OK"


def test_only_the_owner_reaches_the_admin_socket(tmp_path: Path) -> None:
    config = yaml.safe_load(render(settings(tmp_path, "laptop", auth=False)))
    assert config["admin"]["address"]["pipe"]["mode"] == 0o600


UNBEGUN = {"connect-failure", "refused-stream", "cancelled"}


def test_what_may_have_been_done_is_repeated_by_the_edge_only_when_it_is_named(tmp_path: Path) -> None:
    config = yaml.safe_load(render(settings(tmp_path, "laptop", auth=False)))
    manager = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    routes = manager["route_config"]["virtual_hosts"][0]["routes"]
    reasons = [set(route["route"].get("retry_policy", {}).get("retry_on", "").split(",")) - {""} for route in routes]
    calls = [those for route, those in zip(routes, reasons, strict=True) if route["route"]["cluster"] in PROCESSES]
    assert calls
    assert all(those >= UNBEGUN for those in calls)
    repeated = [route["match"] for route, those in zip(routes, reasons, strict=True) if those - UNBEGUN]
    assert [match["prefix"].split(".")[-1] for match in repeated if "prefix" in match] == [
        "IngestService/",
        "JsonIntakeService/",
        "OtlpHttpService/",
        "MetricsService/",
        "LogsService/",
        "TraceService/",
    ]
    assert all(match["headers"] == [NAMED] for match in repeated if "prefix" in match)
    posted = [route for route in routes if route["route"]["cluster"] == "intake"]
    assert {route["match"]["path"] for route in posted} == {"/events", "/metrics", "/heartbeat", "/logs"}
    assert all((NAMED in route["match"]["headers"]) == ("retry_policy" in route["route"]) for route in posted)


def test_calls_are_spread_over_all_workers(tmp_path: Path) -> None:
    config = yaml.safe_load(render(settings(tmp_path, "laptop", auth=False)))
    sockets = {
        cluster["name"]: [
            Path(endpoint["endpoint"]["address"]["pipe"]["path"]).name
            for endpoint in cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
        ]
        for cluster in config["static_resources"]["clusters"]
    }
    assert sockets["collector"] == ["collector.sock", "collector-1.sock"]
    assert sockets["intake"] == ["intake.sock", "intake-1.sock"]
    assert sockets["streamer"] == ["streamer.sock"]


def test_opentelemetrys_ports_lead_through_the_same_filters(tmp_path: Path) -> None:
    config = yaml.safe_load(render(settings(tmp_path, "laptop", auth=True)))
    edge, *others = [
        listener["filter_chains"][0]["filters"][0]["typed_config"]
        for listener in config["static_resources"]["listeners"]
    ]
    assert len(others) == 2
    for other in others:
        assert {**other, "stat_prefix": "edge"} == edge
