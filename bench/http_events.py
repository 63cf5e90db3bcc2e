"""One JSON event a request over a few kept connections, each waiting for its answer."""

import asyncio
from urllib.parse import urlsplit

from bench.http_load import Refused

CONNECTIONS = 16
BODY = (
    b'{"type":"request","service":"shop","user_id":"user-1","session_id":"session-1",'
    b'"data":{"endpoint":"/products","status_code":200,"latency_ms":12.5}}'
)
END = b"\r\n\r\n"


async def post_events(url: str, count: int) -> None:
    """Post `count` events to `/events`. Raises Refused for any answer but 200."""
    parts = urlsplit(url)
    head = f"POST /events HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: "
    request = head.encode() + str(len(BODY)).encode() + END + BODY
    left = iter(range(count))

    async def client() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            for _number in left:
                writer.write(request)
                answer = await reader.readuntil(END)
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise Refused(answer.decode())
                await reader.readexactly(_length(answer))
        finally:
            writer.close()

    async with asyncio.TaskGroup() as tasks:
        for _connection in range(CONNECTIONS):
            tasks.create_task(client())


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise Refused(head.decode())
