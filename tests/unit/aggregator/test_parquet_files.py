"""Files of an archive: who may read them, and that no tenant names another's."""

import os
import stat
from pathlib import Path

import pytest

from services.aggregator.adapters.parquet_files import ParquetFiles


def test_nobody_else_may_read_what_was_archived(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        files = ParquetFiles(tmp_path / "archive")
        made = files.place("acme", "events", "20260131") / "0001-0001.parquet"
        files.write(made, b"rows")
        files.write(made, b"fewer rows")
    finally:
        os.umask(former)
    assert made.read_bytes() == b"fewer rows"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "archive").rglob("*")}
    assert modes == {"acme": 0o700, "events": 0o700, "20260131": 0o700, "0001-0001.parquet": 0o600}
    assert stat.S_IMODE((tmp_path / "archive").stat().st_mode) == 0o700


@pytest.mark.parametrize("tenant", ["..", ".", "a/../b", "/etc", "", "%2E", "ü" * 300])
def test_no_tenant_names_a_folder_outside_or_of_another(tmp_path: Path, tenant: str) -> None:
    files = ParquetFiles(tmp_path)
    place = files.place(tenant, "events", "20260131")
    assert place.resolve() == place
    assert place.relative_to(tmp_path).parts[0] != "acme"
    assert len(place.relative_to(tmp_path).parts) == 3
