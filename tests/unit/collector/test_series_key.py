"""The installation's secret."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.collector.adapters import series_key
from services.core.errors import Unavailable


def test_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "series.key"
    first = series_key.load(path)
    assert series_key.load(path) == first
    assert len(first) == 32
    assert path.stat().st_mode & 0o077 == 0
    assert [entry.name for entry in path.parent.iterdir()] == ["series.key"]


def test_of_several_that_start_at_once_all_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(series_key.load, [tmp_path / "series.key"] * 8))
    assert len(keys) == 1


def test_a_given_key_is_used_whatever_its_form(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("correct horse battery staple\n")
    (tmp_path / "b").write_text("correct horse battery staple")
    assert series_key.load(tmp_path / "a") == series_key.load(tmp_path / "b")


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("short")
    with pytest.raises(Unavailable, match="shorter than 16 bytes"):
        series_key.load(tmp_path / "key")
