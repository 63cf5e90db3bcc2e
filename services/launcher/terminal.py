"""The one log of a suite. A reader that stops reading never stops the suite: lines are left out, and counted."""

import json
import queue
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Literal, Self, TextIO

from services.launcher.lines import Line, parse

Format = Literal["console", "json"]
QUEUED_LINES = 10_000
CLOSE_SECONDS = 2.0
LAUNCHER = "binnacle"
_COLOURS: Mapping[str, int] = {
    LAUNCHER: 97,
    "envoy": 35,
    "redis": 31,
    "collector": 32,
    "aggregator": 33,
    "streamer": 36,
    "alerting": 34,
    "agent": 92,
    "demo": 95,
}
_LEVEL_COLOURS: Mapping[str, int] = {"warning": 33, "error": 31, "critical": 31}
_WIDTH = max(len(name) for name in _COLOURS)


class Terminal:
    """Writes lines of all processes to one stream, from a thread of its own."""

    def __init__(self, stream: TextIO, form: Format = "console", colour: bool = False) -> None:
        self._stream = stream
        self._form = form
        self._colour = colour
        self._queue: queue.Queue[str | None] = queue.Queue(QUEUED_LINES)
        self._left_out = 0
        # A daemon: a stream that is blocked for ever must not hold the exit.
        self._thread = threading.Thread(target=self._write, name="terminal", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._queue.put(None, timeout=CLOSE_SECONDS)
        except queue.Full:
            return
        self._thread.join(CLOSE_SECONDS)

    def say(self, event: str, process: str = LAUNCHER, level: str = "info") -> None:
        """A line of the launcher's own, about a process or the whole."""
        if self._form == "json":
            self._put(_json_line(process, Line(level, event)))
        else:
            self._put(self._rendered(process, Line(level, event)))

    def relay(self, process: str, raw: str) -> None:
        """A line that a child printed."""
        if self._form == "json":
            self._put(raw if raw.startswith("{") else _json_line(process, parse(raw)))
            return
        line = parse(raw)
        if line.event and not line.is_noise:
            self._put(self._rendered(process, line))

    def banner(self, text: str) -> None:
        """A paragraph that stands out; in JSON nobody reads it."""
        if self._form == "console":
            self._put(f"\n{self._painted(text, 1)}\n")

    def _rendered(self, process: str, line: Line) -> str:
        head = self._painted(f"{time.strftime('%H:%M:%S')} {process:<{_WIDTH}} |", _COLOURS.get(process, 37))
        level = "" if line.level in ("info", "debug") else f"{line.level}: "
        body = self._painted(level + line.text, _LEVEL_COLOURS.get(line.level, 0))
        return "\n".join(f"{head} {part}" for part in body.splitlines())

    def _painted(self, text: str, colour: int) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colour and colour else text

    def _put(self, text: str) -> None:
        try:
            if self._left_out:
                self._queue.put_nowait(f"({self._left_out} lines were left out: the log was not read)")
                self._left_out = 0
            self._queue.put_nowait(text)
        except queue.Full:
            self._left_out += 1

    def _write(self) -> None:
        while (text := self._queue.get()) is not None:
            try:
                self._stream.write(text + "\n")
                if self._queue.empty():
                    self._stream.flush()
            except (OSError, ValueError):
                # Nobody reads any more; the suite goes on.
                return


def _json_line(process: str, line: Line) -> str:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps({"time": stamp, "level": line.level, "process": process, "event": line.event, **line.values})
