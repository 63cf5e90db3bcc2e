"""Renders Envoy's configuration for the cluster: `python -m tools.render_edge` writes deploy/k8s/base/envoy.yaml."""

from services.launcher.edge import DESCRIPTORS_IN_IMAGE, PROCESSES, ROOT, EdgeSettings, Target, render
from services.launcher.edge_limits import EdgeLimits
from services.launcher.issuers import own_issuer

TARGET = ROOT / "deploy" / "k8s" / "base" / "envoy.yaml"

# Where the manifest mounts the key set.
JWKS_IN_POD = "/etc/binnacle-jwt/jwks.json"

GRPC_PORT = 7000
HEADER = "# Rendered from deploy/envoy/envoy.yaml.j2 by `python -m tools.render_edge`; not edited by hand.\n"


def cluster_configuration() -> str:
    """The configuration as the manifests need it."""
    upstreams = {process: Target(host=process, port=GRPC_PORT) for process in PROCESSES}
    settings = EdgeSettings(
        listen=Target(host="0.0.0.0", port=8080),
        admin=Target(host="127.0.0.1", port=9901),
        upstreams=upstreams
        | {"intake": Target(host="collector", port=8082), "pages": Target(host="streamer", port=8081)},
        issuers=[own_issuer(JWKS_IN_POD)],
        descriptors_at=DESCRIPTORS_IN_IMAGE,
        access_log=True,
        # Below what the pod may take, which is more than the heap.
        memory_bytes=768 * 1024 * 1024,
        limits=EdgeLimits(shared=True),
    )
    return HEADER + render(settings)


if __name__ == "__main__":
    TARGET.write_text(cluster_configuration())
