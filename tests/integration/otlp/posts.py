"""OTLP/HTTP by hand: bodies good and bad, and what came back."""

import gzip

import httpx
from google.protobuf import json_format

from tests.support import otlp
from tests.support.suite import Suite

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


def posts(suite: Suite) -> dict[str, httpx.Response]:
    """Answers by what was sent."""
    sound = otlp.metrics(otlp.gauge("posted", 1.0), otlp.gauge("endless", float("inf")))
    raw, text = sound.SerializeToString(), json_format.MessageToJson(sound).encode()
    bodies: dict[str, tuple[str, bytes, dict[str, str]]] = {
        "protobuf": ("/v1/metrics", raw, PROTOBUF),
        "protobuf, gzip": ("/v1/metrics", gzip.compress(raw), PROTOBUF | {"content-encoding": "gzip"}),
        "JSON": ("/v1/metrics", text, JSON),
        "JSON, gzip": ("/v1/metrics", gzip.compress(text), JSON | {"content-encoding": "gzip"}),
        "broken protobuf": ("/v1/traces", b"\xff\xff\xff", PROTOBUF),
        "broken JSON": ("/v1/logs", b"{", JSON),
        "no gzip": ("/v1/metrics", raw, PROTOBUF | {"content-encoding": "gzip"}),
        "bomb": ("/v1/metrics", gzip.compress(bytes(2**26)), PROTOBUF | {"content-encoding": "gzip"}),
        "too large": ("/v1/metrics", bytes(5 * 2**20), PROTOBUF),
        "brotli": ("/v1/metrics", raw, PROTOBUF | {"content-encoding": "br"}),
        "text": ("/v1/metrics", b"hello", {"content-type": "text/plain"}),
    }
    return {
        name: suite.http.post(path, content=body, headers=headers) for name, (path, body, headers) in bodies.items()
    }
