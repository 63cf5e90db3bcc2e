"""The list of series that workers share: what one adds the others hear, whatever happened to the file."""

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from services.collector.adapters.series_list import SeriesListFile
from services.collector.ports import NewSeries

FIRST, SECOND = NewSeries("acme", (1, 2**64 - 1)), NewSeries("böse tenant\n%", (3,))


async def test_each_hears_what_any_added(tmp_path: Path) -> None:
    one, other = SeriesListFile(tmp_path / "known"), SeriesListFile(tmp_path / "known")
    await one.add(FIRST)
    assert list(other.news()) == [FIRST]
    await other.add(SECOND)
    assert list(other.news()) == [SECOND]
    assert list(one.news()) == [FIRST, SECOND]
    assert list(one.news()) == []
    one.close()
    other.close()


async def test_a_torn_line_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "known"
    one = SeriesListFile(path)
    await one.add(FIRST)
    with path.open("ab") as file:
        file.write(b"0000")
    await one.add(SECOND)
    assert list(one.news()) == [FIRST, SECOND]
    assert one.damaged == 1
    one.close()


@settings(max_examples=60)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
@pytest.mark.filterwarnings("ignore")
def test_a_flipped_bit_never_makes_up_a_series(tmp_path_factory: pytest.TempPathFactory, place: int, bit: int) -> None:
    import asyncio

    path = tmp_path_factory.mktemp("series") / "known"
    written = [NewSeries("acme", tuple(range(n, n + 3))) for n in range(10)]

    async def write() -> None:
        file = SeriesListFile(path)
        for entry in written:
            await file.add(entry)
        file.close()

    asyncio.run(write())
    raw = bytearray(path.read_bytes())
    raw[place % len(raw)] ^= 1 << bit
    path.write_bytes(raw)
    again = SeriesListFile(path)
    found = list(again.news())
    again.close()
    assert all(entry in written for entry in found)
    # A lost end of line takes the neighbour along.
    assert len(found) >= len(written) - 2
