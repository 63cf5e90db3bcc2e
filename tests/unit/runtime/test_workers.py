"""Names and addresses of workers."""

import pytest

from services.runtime.workers import service_of, worker_name, worker_target


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("unix:/run/x.y/collector.sock", "unix:/run/x.y/collector-1.sock"),
        ("unix:/run/x.y/collector", "unix:/run/x.y/collector-1"),
        ("127.0.0.1:7000", "127.0.0.1:7001"),
        ("[::1]:7000", "[::1]:7001"),
    ],
)
def test_they_listen_beside_the_first(first: str, second: str) -> None:
    assert worker_target(first, 0) == first
    assert worker_target(first, 1) == second


def test_their_names_tell_the_service() -> None:
    assert [worker_name("collector", number) for number in range(2)] == ["collector", "collector-1"]
    assert [service_of(name) for name in ("collector", "collector-1", "agent")] == ["collector", "collector", "agent"]
