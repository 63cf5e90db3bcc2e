"""The one log of a suite."""

import io
import json
import os
import re
import threading

from services.launcher.terminal import QUEUED_LINES, Terminal
from tests.support.waiting import eventually_sync


def test_lines_carry_the_time_and_the_process() -> None:
    stream = io.StringIO()
    with Terminal(stream) as terminal:
        terminal.say("ready after 0.1 s", "collector")
        terminal.relay("envoy", '{"level":"warning","event":"hot"}')
        terminal.relay("collector", '{"level":"info","event":"listening"}')
    first, second = stream.getvalue().splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d collector  \| ready after 0.1 s", first)
    assert re.fullmatch(r"\d\d:\d\d:\d\d envoy      \| warning: hot", second)


def test_each_line_of_a_traceback_carries_the_process() -> None:
    stream = io.StringIO()
    with Terminal(stream) as terminal:
        terminal.relay("streamer", '{"level":"error","event":"failed","exception":"Traceback\\nValueError"}')
    assert [line.split("|")[1] for line in stream.getvalue().splitlines()] == [
        " error: failed",
        " Traceback",
        " ValueError",
    ]


def test_colours_only_where_they_are_wanted() -> None:
    plain, coloured = io.StringIO(), io.StringIO()
    for stream, colour in ((plain, False), (coloured, True)):
        with Terminal(stream, colour=colour) as terminal:
            terminal.say("x", "redis")
    assert "\033" not in plain.getvalue()
    assert "\033[31m" in coloured.getvalue()


def test_json_passes_through_and_everything_else_becomes_json() -> None:
    stream = io.StringIO()
    with Terminal(stream, "json") as terminal:
        terminal.relay("collector", '{"event": "listening", "process": "collector"}')
        terminal.relay("redis", "12:M 20 Nov 2026 23:59:22.123 # Short read")
        terminal.say("stopping")
        terminal.banner("Welcome")
    first, second, third = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert first == {"event": "listening", "process": "collector"}
    assert (second["process"], second["level"], second["event"]) == ("redis", "warning", "Short read")
    assert third["event"] == "stopping"


def test_a_reader_that_does_not_read_never_blocks_the_suite() -> None:
    reading, writing = os.pipe()
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.extend(iter(lambda: os.read(reading, 65536), b"")))
    with os.fdopen(writing, "w") as stream, Terminal(stream) as terminal:
        for number in range(QUEUED_LINES + 5000):
            terminal.say(f"line {number} {'x' * 100}")
        reader.start()

        def counted() -> bool:
            terminal.say("more")
            return any(re.search(rb"\(\d+ lines were left out", part) for part in read)

        eventually_sync(counted, "what was left out is counted once the pipe is read again")
    reader.join()
    os.close(reading)


def test_a_reader_that_went_away_is_no_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w")
    with Terminal(stream) as terminal:
        terminal.say("nobody hears")
        terminal.say("nobody hears")
    with open(os.devnull, "w") as nowhere:
        # What is still in the stream's buffer must go somewhere when it is closed.
        os.dup2(nowhere.fileno(), stream.fileno())
        stream.close()
