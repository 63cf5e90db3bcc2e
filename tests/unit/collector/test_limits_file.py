"""Limits of single tenants from a file that changes while it is followed."""

import asyncio
import os
from pathlib import Path

import pytest

from services.collector.adapters.limits_file import LimitsFile, read
from services.collector.domain.limits import LimitBook, TenantLimits
from services.core.errors import InvalidInput
from services.runtime import logs
from tests.support.clock import ManualClock

DEFAULT = TenantLimits(points_per_second=7, active_series=100)


def test_what_is_not_given_comes_from_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    path.write_text('[tenants.acme]\npoints_per_second = 5_000\n[tenants."a b"]\nclock_skew_hours = 1.5\n')
    own = read(path, DEFAULT)
    assert own["acme"] == TenantLimits(points_per_second=5_000, active_series=100)
    assert own["a b"].clock_skew_hours == 1.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tenants.acme]\npoint_per_second = 1\n", ["tenants.acme.point_per_second"]),
        ('[tenants.acme]\nactive_series = "many"\nrequest_points = 0\n', ["active_series", "request_points"]),
        ("[tenants.acme\n", ["cannot be read"]),
        ("[tenant.acme]\nactive_series = 1\n", ["tenant"]),
        ("[tenants.acme]\npoints_per_second = nan\n", ["points_per_second"]),
    ],
)
def test_every_fault_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "limits.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput) as faults:
        read(path, DEFAULT)
    for word in [str(path), *words]:
        assert word in str(faults.value)


def test_a_file_that_is_not_there_at_the_start_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        LimitsFile(
            tmp_path / "none.toml", LimitBook(DEFAULT, float), ManualClock(), logs.configure("t", "error", "console")
        )


async def test_changes_are_taken_and_faults_leave_what_was_good(tmp_path: Path) -> None:
    path, clock = tmp_path / "limits.toml", ManualClock()
    path.write_text("[tenants.acme]\nactive_series = 1\n")
    book = LimitBook(DEFAULT, clock.monotonic)
    file = LimitsFile(path, book, clock, logs.configure("t", "error", "console"))
    following = asyncio.create_task(file.follow())
    try:
        assert book.of("acme").active_series == 1
        path.write_text("[tenants.acme]\nactive_series = 22\n")
        await clock.advance(1.0)
        assert book.of("acme").active_series == 22
        path.write_text("[tenants.acme]\nactive_series = -1\n")
        await clock.advance(1.0)
        assert book.of("acme").active_series == 22
        path.unlink()
        await clock.advance(1.0)
        assert book.of("acme").active_series == 22
        fresh = tmp_path / "fresh.toml"
        fresh.write_text("")
        os.replace(fresh, path)
        await clock.advance(1.0)
        assert book.of("acme") == DEFAULT
    finally:
        following.cancel()
