"""Lets Envoy finish what it has before it is told to end: SIGTERM alone would cut every stream at once.

Kubernetes runs it in the edge's container before it sends SIGTERM.
"""

import time
import urllib.request

ADMIN = "http://127.0.0.1:9901"
DRAIN_SECONDS = 12


def main() -> None:
    """Refuse nothing, ask clients to go elsewhere, and wait until they had the time to."""
    request = urllib.request.Request(f"{ADMIN}/drain_listeners?graceful", method="POST")
    with urllib.request.urlopen(request, timeout=5):
        time.sleep(DRAIN_SECONDS)


if __name__ == "__main__":
    main()
