"""Prepared bodies to one address over a few connections, as fast as they are answered."""

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from urllib.parse import urlsplit


class Refused(Exception):
    """A server did not take a body."""


def post_all(url: str, bodies: Sequence[bytes], headers: Mapping[str, str], connections: int = 2) -> float:
    """Post every body once, in order; seconds taken. Raises Refused when one is not answered with success."""
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for body in bodies:
        waiting.put(body)
    faults: list[str] = []
    threads = [
        threading.Thread(target=_post, args=(url, waiting, dict(headers), faults)) for _number in range(connections)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise Refused(faults[0])
    return time.monotonic() - began


def _post(url: str, waiting: "queue.SimpleQueue[bytes]", headers: dict[str, str], faults: list[str]) -> None:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        while not faults:
            try:
                body = waiting.get_nowait()
            except queue.Empty:
                return
            connection.request("POST", parts.path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status >= 300:
                faults.append(f"{url}: {answer.status} {said[:200]!r}")
    except OSError as error:
        faults.append(f"{url}: {error}")
    finally:
        connection.close()
