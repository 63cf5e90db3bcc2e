"""What children print, as a person reads it."""

import pytest

from services.launcher.lines import parse


def test_a_structured_line_becomes_short() -> None:
    raw = (
        '{"event": "segment written", "level": "info", "time": "2026-01-01T00:00:00Z", "process": "aggregator", '
        '"request_id": "a", "rows": 12, "table": "samples", "note": "two words"}'
    )
    line = parse(raw)
    assert (line.level, line.text) == ("info", 'segment written rows=12 table=samples note="two words"')


def test_a_traceback_follows_its_line() -> None:
    line = parse('{"event": "call failed", "level": "error", "exception": "Traceback\\nValueError: x"}')
    assert line.text == "call failed\nTraceback\nValueError: x"


@pytest.mark.parametrize(
    ("raw", "level", "text"),
    [
        ('{"level":"warning","event":"upstream \\"a\\" gone"}', "warning", 'upstream "a" gone'),
        ("12:M 20 Nov 2026 23:59:22.123 # Short read", "warning", "Short read"),
        ("12:M 20 Nov 2026 23:59:22.123 * Ready", "info", "Ready"),
        ("plain text", "info", "plain text"),
        ("{not json", "info", "{not json"),
        ('{"level": "trace", "event": "x"}', "debug", "x"),
        ('{"level": "strange", "event": "x"}', "info", "x"),
    ],
)
def test_every_dialect_is_read(raw: str, level: str, text: str) -> None:
    line = parse(raw)
    assert (line.level, line.text) == (level, text)


@pytest.mark.parametrize(
    ("raw", "noise"),
    [
        ('{"event": "ready", "level": "info"}', True),
        ('{"event": "ready", "level": "warning"}', False),
        ('{"event": "caught ENVOY_SIGTERM", "level": "warning"}', True),
        ("12:M 20 Nov 2026 23:59:22.123 # WARNING overcommit_memory is set to 0!", True),
        ('{"event": "journal full", "level": "error"}', False),
    ],
)
def test_noise_is_told_from_news(raw: str, noise: bool) -> None:
    assert parse(raw).is_noise is noise
