"""The Kubernetes manifests: valid offline against strict schemas, restricted, and true to the services they run."""

import importlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from services.runtime.config import ServiceConfig
from tests.architecture.commands import ROOT
from tools.render_edge import TARGET, cluster_configuration

BASE = ROOT / "deploy" / "k8s" / "base"
SEVERAL = ROOT / "deploy" / "k8s" / "several-aggregators" / "kustomization.yaml"
NOT_MANIFESTS = {"kustomization.yaml", "envoy.yaml"}
SERVICES = ("aggregator", "alerting", "collector", "streamer")
SECRETS = {
    "binnacle-series-key": {"series.key"},
    "binnacle-jwt": {"jwks.json"},
    "binnacle-callers": {"edge", "peer", "sealing"},
    "binnacle-redis": {"password", "url"},
    "binnacle-clickhouse": {"password", "dsn"},
}
SECRET_VALUES = {
    "url": "redis://:secret@redis:6379/0",
    "dsn": "clickhouse://binnacle:secret@clickhouse:8123/default",
    "edge": "e" * 64,
    "peer": "p" * 64,
    "sealing": "s" * 64,
}

Manifest = dict[str, Any]


def documents(path: Path) -> list[Manifest]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


FILES = sorted(path for path in BASE.glob("*.yaml") if path.name not in NOT_MANIFESTS)
MANIFESTS: list[Manifest] = [document for path in FILES for document in documents(path)]
WORKLOADS = {m["metadata"]["name"]: m for m in MANIFESTS if m["kind"] in {"Deployment", "StatefulSet"}}


def of_kind(kind: str) -> dict[str, Manifest]:
    return {m["metadata"]["name"]: m for m in MANIFESTS if m["kind"] == kind}


def pod(workload: str) -> Manifest:
    spec: Manifest = WORKLOADS[workload]["spec"]["template"]["spec"]
    return spec


def containers(workload: str) -> list[Manifest]:
    return [*pod(workload).get("initContainers", []), *pod(workload)["containers"]]


def labels(workload: str) -> dict[str, str]:
    found: dict[str, str] = WORKLOADS[workload]["spec"]["template"]["metadata"]["labels"]
    return found


def chosen_by(selector: dict[str, str]) -> set[str]:
    return {name for name in WORKLOADS if selector.items() <= labels(name).items()}


def port_numbers(workload: str) -> set[int]:
    return {port["containerPort"] for container in containers(workload) for port in container["ports"]}


def test_every_workload_is_there() -> None:
    assert set(WORKLOADS) == {*SERVICES, "edge", "redis", "clickhouse"}


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda m: f"{m['kind']}-{m['metadata']['name']}")
def test_a_manifest_fits_its_schema(manifest: Manifest) -> None:
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_the_kustomization_names_every_file() -> None:
    (kustomization,) = documents(BASE / "kustomization.yaml")
    assert sorted(kustomization["resources"]) == [path.name for path in FILES]
    assert kustomization["configMapGenerator"] == [{"name": "envoy", "files": [TARGET.name]}]


def test_envoys_configuration_is_current() -> None:
    assert TARGET.read_text() == cluster_configuration(), "run: python -m tools.render_edge"


@pytest.mark.parametrize("workload", WORKLOADS)
def test_images_are_pinned(workload: str) -> None:
    for container in containers(workload):
        name, colon, tag = container["image"].rpartition(":")
        assert name
        assert colon
        assert tag != "latest"
        assert re.match(r"\d+\.\d+", tag)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_pods_and_containers_are_restricted(workload: str) -> None:
    spec = pod(workload)
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(workload):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@pytest.mark.parametrize("workload", WORKLOADS)
def test_containers_have_probes_and_resources(workload: str) -> None:
    for container in containers(workload):
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("service", SERVICES)
def test_services_are_probed_by_grpc_alive_and_ready_apart(service: str) -> None:
    (container,) = containers(service)
    assert container["args"] == [f"services.{service}"]
    asked = {probe: container[probe]["grpc"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert asked == {
        "startupProbe": {"port": 7000, "service": "live"},
        "livenessProbe": {"port": 7000, "service": "live"},
        "readinessProbe": {"port": 7000, "service": ""},
    }


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_workload_has_an_account_without_token_and_a_disruption_budget(workload: str) -> None:
    assert pod(workload)["serviceAccountName"] == workload
    assert of_kind("ServiceAccount")[workload]["automountServiceAccountToken"] is False
    budget = of_kind("PodDisruptionBudget")[workload]["spec"]
    assert chosen_by(budget["selector"]["matchLabels"]) == {workload}


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_workload_selects_its_own_pods_and_mounts_what_it_has(workload: str) -> None:
    spec = WORKLOADS[workload]["spec"]
    assert chosen_by(spec["selector"]["matchLabels"]) == {workload}
    volumes = {volume["name"] for volume in pod(workload).get("volumes", [])}
    volumes |= {claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])}
    mounted = {mount["name"] for container in containers(workload) for mount in container["volumeMounts"]}
    assert mounted == volumes


@pytest.mark.parametrize("name", of_kind("Service"))
def test_a_service_leads_to_a_port_of_its_workload(name: str) -> None:
    service = of_kind("Service")[name]["spec"]
    assert chosen_by(service["selector"]) == {name}
    named = {port["name"] for container in containers(name) for port in container["ports"]}
    assert {port["targetPort"] for port in service["ports"]} <= named


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_policy_admits_to_every_port_and_to_no_other(workload: str) -> None:
    policy = of_kind("NetworkPolicy")[workload]["spec"]
    assert chosen_by(policy["podSelector"]["matchLabels"]) == {workload}
    assert {port["port"] for rule in policy["ingress"] for port in rule["ports"]} == port_numbers(workload)
    callers = [source["podSelector"]["matchLabels"] for rule in policy["ingress"] for source in rule.get("from", [])]
    assert all(chosen_by(caller) for caller in callers)
    assert bool(callers) == (workload != "edge"), "the edge alone is open to the outside"


def test_everything_not_allowed_is_denied() -> None:
    assert of_kind("NetworkPolicy")["deny-all"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def secret_keys(workload: str) -> Iterator[tuple[str, str]]:
    for container in containers(workload):
        for variable in container.get("env", []):
            if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                yield reference["name"], reference["key"]


@pytest.mark.parametrize("workload", WORKLOADS)
def test_secrets_referred_to_are_those_described(workload: str) -> None:
    described = (BASE / "kustomization.yaml").read_text()
    assert all(name in described for name in SECRETS)
    assert all(key in SECRETS.get(name, set()) for name, key in secret_keys(workload))
    mounted = {volume["secret"]["secretName"] for volume in pod(workload).get("volumes", []) if "secret" in volume}
    assert mounted <= SECRETS.keys()


def test_the_guide_makes_every_secret() -> None:
    guide = (ROOT / "docs" / "operating.md").read_text().replace("\\\n", " ")
    made = {
        name: {key.rpartition("/")[2] for key in re.findall(r"--from-(?:literal|file)=([\w./]+)", given)}
        for name, given in re.findall(r"^\$create (\S+) (.*)$", guide, re.MULTILINE)
    }
    assert made == SECRETS | {"binnacle-jwt": {"jwks.json", "jwt.key"}}


def environment(workload: str) -> dict[str, str]:
    """What a container finds in its environment, with stand-ins for secrets."""
    (container,) = containers(workload)
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= of_kind("ConfigMap")[source["configMapRef"]["name"]]["data"]
    for variable in container.get("env", []):
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        found[variable["name"]] = SECRET_VALUES[reference["key"]] if reference else variable["value"]
    return found


def configured(service: str, told: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> ServiceConfig:
    """As the service reads it, from this environment alone."""
    for name in [name for name in os.environ if name.startswith("BINNACLE_")]:
        monkeypatch.delenv(name)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    module = importlib.import_module(f"services.{service}.config")
    (config_type,) = (
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, ServiceConfig) and kind is not ServiceConfig
    )
    config: ServiceConfig = config_type()
    return config


@pytest.mark.parametrize("service", ["streamer", "alerting"])
def test_with_several_aggregators_each_is_listened_to(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (overlay,) = documents(SEVERAL)
    assert overlay["resources"] == ["../base"]
    (patch,) = (yaml.safe_load(patch["patch"]) for patch in overlay["patches"])
    (replicas,) = overlay["replicas"]
    workload = WORKLOADS[replicas["name"]]
    assert (workload["metadata"]["name"], workload["kind"]) == ("aggregator", "StatefulSet")
    assert of_kind("ConfigMap")[patch["metadata"]["name"]]["kind"] == patch["kind"]
    name = workload["spec"]["serviceName"]
    config: Any = configured(service, environment(service) | patch["data"], monkeypatch)
    assert config.further_aggregators == tuple(f"aggregator-{n}.{name}:7000" for n in range(replicas["count"]))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_accepts_its_configuration(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(service, environment(service), monkeypatch)
    assert config.auth == "jwt"
    known = {f"BINNACLE_{field.upper()}" for field in type(config).model_fields}
    (container,) = containers(service)
    assert {variable["name"] for variable in container.get("env", [])} <= known
