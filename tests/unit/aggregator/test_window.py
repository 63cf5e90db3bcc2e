import numpy as np
import pytest

from services.aggregator.domain.live.window import MAX_KEYS, MAX_ROWS_AHEAD, MAX_SERVICES, OTHER, Traffic, TrafficWindow
from services.aggregator.ports.signals import SignalColumns

NOW = 1_000_000


def signals(*rows: tuple[int, str, str, float]) -> SignalColumns:
    """Requests by second, service, endpoint."""
    zeros = np.zeros(len(rows))
    return SignalColumns(
        np.array([row[0] for row in rows], np.int64),
        [row[1] for row in rows],
        [row[2] for row in rows],
        np.array([row[3] for row in rows]),
        zeros,
        zeros,
        zeros,
        np.zeros(len(rows) + 1, np.int64),
    )


def requests(window: TrafficWindow, seconds: int = 300) -> float:
    return sum((traffic for traffic in window.by_key(seconds).values()), Traffic()).requests


def test_late_points_land_in_their_own_second() -> None:
    window = TrafficWindow(NOW)
    window.add(signals((NOW - 299, "s", "/a", 2.0), (NOW - 300, "s", "/a", 4.0), (NOW, "s", "/a", 1.0)))
    assert requests(window) == 3.0
    assert [point.traffic.requests for point in window.points([NOW - 299, NOW])] == [2.0, 1.0]
    assert requests(window, 60) == 1.0


def test_what_falls_out_of_the_window_is_forgotten() -> None:
    window = TrafficWindow(NOW)
    window.add(signals((NOW, "s", "", 1.0)))
    window.advance(NOW + 299)
    assert requests(window) == 1.0
    window.advance(NOW + 300)
    assert requests(window) == 0.0
    window.advance(NOW + 10_000)
    assert requests(window) == 0.0


def test_points_ahead_wait_for_their_second() -> None:
    window = TrafficWindow(NOW)
    window.add(signals((NOW + 301, "s", "", 1.0), (NOW + 1, "s", "", 2.0), (NOW, "s", "", 4.0)))
    assert requests(window) == 4.0
    window.advance(NOW + 1)
    assert requests(window) == 6.0
    window.advance(NOW + 301)
    assert requests(window) == 1.0


def test_points_ahead_are_bounded() -> None:
    window = TrafficWindow(NOW)
    block = signals(*((NOW + 10, "s", "", 1.0) for _row in range(1_000)))
    for _block in range(2 * MAX_ROWS_AHEAD // 1_000):
        window.add(block)
    window.advance(NOW + 10)
    assert requests(window) == MAX_ROWS_AHEAD


def test_a_clock_that_goes_back_loses_nothing() -> None:
    window = TrafficWindow(NOW)
    window.add(signals((NOW, "s", "", 1.0)))
    window.advance(NOW - 100)
    assert requests(window) == 1.0


def test_a_clock_that_was_far_ahead_is_followed_back() -> None:
    window = TrafficWindow(NOW + 86_400)
    window.add(signals((NOW + 86_400, "s", "", 1.0)))
    window.advance(NOW)
    window.add(signals((NOW, "s", "", 2.0)))
    assert requests(window) == 2.0
    assert list(window.seconds())[-1] == NOW


def test_changed_seconds_are_told_once() -> None:
    window = TrafficWindow(NOW)
    window.add(signals((NOW - 5, "s", "", 1.0)))
    assert window.take_changed() == [NOW - 5]
    window.advance(NOW + 2)
    assert window.take_changed() == [NOW + 1, NOW + 2]
    assert window.take_changed() == []


@pytest.mark.parametrize("blocks", [1, 5_000])
def test_endpoints_without_bound_end_in_other(blocks: int) -> None:
    window = TrafficWindow(NOW)
    rows = [(NOW, "s", f"/{n}", 1.0) for n in range(5_000)]
    for part in range(blocks):
        window.add(signals(*rows[part::blocks]))
    assert requests(window) == 5_000.0
    assert len(window.by_key()) <= MAX_KEYS + MAX_SERVICES
    assert window.by_key()["s", OTHER].requests >= 3_999.0


def test_services_without_bound_end_in_other() -> None:
    window = TrafficWindow(NOW)
    window.add(signals(*((NOW, f"s{n}", "/", 1.0) for n in range(5_000))))
    assert requests(window) == 5_000.0
    assert len(window.by_key()) <= MAX_KEYS + MAX_SERVICES + 1


def test_places_of_idle_endpoints_are_given_to_new_ones() -> None:
    window = TrafficWindow(NOW)
    window.add(signals(*((NOW, "s", f"/{n}", 1.0) for n in range(2_000))))
    window.advance(NOW + 200)
    window.add(signals((NOW + 200, "s", "/kept", 1.0)))
    window.advance(NOW + 400)
    window.add(signals((NOW + 400, "s", "/new", 1.0)))
    assert window.by_key()["s", "/new"].requests == 1.0
