"""A real Prometheus, unpacked from Debian's package into `.rivals/`, and a target for it to scrape."""

import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.rivals import Missing, unpacked
from tests.support.suite import free_port

STOP_SECONDS = 60.0

CONFIG = """
global:
  scrape_interval: 1s
  external_labels: {{cluster: test}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["127.0.0.1:{target}"]}}]
remote_write:
  - url: {url}
    queue_config: {{batch_send_deadline: 200ms, min_backoff: 100ms, max_shards: 1}}
    metadata_config: {{send: true, send_interval: 1s}}
"""


def prometheus_program() -> Path:
    """The program; skips the test where it cannot be had."""
    try:
        return unpacked("prometheus", "usr/bin/prometheus")
    except Missing as missing:
        pytest.skip(f"Debian's package of Prometheus cannot be had here: {missing}")


class Target:
    """Something to scrape; remembers what it showed, scrape by scrape."""

    def __init__(self) -> None:
        self.shown: list[Mapping[str, float]] = []
        self._lock = threading.Lock()

    def text(self) -> bytes:
        """What the next scrape sees."""
        with self._lock:
            number = float(len(self.shown) + 1)
            values = {"shop_depth": number / 8, "shop_orders_total": number * 3, "shop_idle": 0.0}
            self.shown.append(values)
        return (
            "# TYPE shop_depth gauge\n# UNIT shop_depth metres\n"
            f'shop_depth{{lane="a"}} {values["shop_depth"]}\n'
            "# TYPE shop_orders_total counter\n"
            f'shop_orders_total{{lane="a"}} {values["shop_orders_total"]}\n'
            "# TYPE shop_idle gauge\n"
            f'shop_idle{{lane="a"}} {values["shop_idle"]}\n'
            "# TYPE shop_wait summary\n"
            'shop_wait{quantile="0.5"} NaN\nshop_wait_sum 0\nshop_wait_count 0\n'
        ).encode()


@contextmanager
def shown_on_a_port(target: Target) -> Iterator[int]:
    """Serve a target; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = target.text()
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="target")
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def running_prometheus(program: Path, target_port: int, write_url: str) -> Iterator[str]:
    """A Prometheus that scrapes a port each second and writes to a URL; its own URL."""
    with tempfile.TemporaryDirectory(prefix="prometheus-") as folder:
        config, port = Path(folder) / "prometheus.yml", free_port()
        config.write_text(CONFIG.format(target=target_port, url=write_url))
        command = [
            str(program),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
