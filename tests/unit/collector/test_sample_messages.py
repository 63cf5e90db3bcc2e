"""Sample messages from their bytes, in every form the wire allows."""

import lz4.block
import numpy as np
import pytest
from hypothesis import given, strategies as st

from binnacle.collector.v1 import ingest_service_pb2 as pb
from binnacle.metrics.v1 import metrics_pb2
from services.collector.convert import sample_messages
from services.core.errors import InvalidInput

ROWS = st.lists(
    st.tuples(st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False)),
    min_size=1,
    max_size=50,
)


def request(rows: list[tuple[int, int, float]], sequence: int = 1) -> pb.WriteSamplesRequest:
    ids, times, values = zip(*rows, strict=True)
    samples = metrics_pb2.SampleColumns(series_ids=ids, times_unix_ms=times, values=values)
    return pb.WriteSamplesRequest(sequence=sequence, samples=samples)


def rows_of(message: sample_messages.SampleMessage) -> list[tuple[int, int, float]]:
    columns = message.samples
    return list(zip(columns.series_ids.tolist(), columns.times_ms.tolist(), columns.values.tolist(), strict=True))


@given(ROWS, st.integers(0, 2**64 - 1))
def test_columns_arrive_as_they_were_sent(rows: list[tuple[int, int, float]], sequence: int) -> None:
    message = sample_messages.read(request(rows, sequence).SerializeToString())
    assert message.sequence == sequence
    assert rows_of(message) == rows


def packed(rows: list[tuple[int, int, float]]) -> metrics_pb2.SampleColumns:
    forms = ("<u8", "<i8", "<f8")
    plain = b"".join(
        np.array(column, form).tobytes() for column, form in zip(zip(*rows, strict=True), forms, strict=True)
    )
    return metrics_pb2.SampleColumns(lz4=lz4.block.compress(plain, store_size=False), rows=len(rows))


@given(ROWS)
def test_a_compressed_message_is_read_and_kept_as_it_came(rows: list[tuple[int, int, float]]) -> None:
    samples = packed(rows)
    message = sample_messages.read(pb.WriteSamplesRequest(sequence=3, samples=samples).SerializeToString())
    assert (message.sequence, rows_of(message)) == (3, rows)
    assert message.samples.packed == samples.lz4
    alone = sample_messages.read_columns(pb.WriteSampleColumnsRequest(samples=samples).SerializeToString())
    assert alone.samples.values.tolist() == message.samples.values.tolist()


@pytest.mark.parametrize("name", ["", "b-1", "x" * 64])
def test_the_name_of_a_message_is_read_with_its_columns(name: str) -> None:
    samples = packed([(1, 1, 1.0)])
    message = sample_messages.read(
        pb.WriteSamplesRequest(sequence=3, samples=samples, batch_id=name).SerializeToString()
    )
    alone = sample_messages.read_columns(
        pb.WriteSampleColumnsRequest(samples=samples, batch_id=name).SerializeToString()
    )
    assert (message.batch_id, alone.batch_id) == (name, name)


@pytest.mark.parametrize("rows", [1, 3, 100_001, 2**32 - 1])
def test_a_compressed_message_must_hold_its_rows(rows: int) -> None:
    samples = packed([(1, 1, 1.0), (2, 2, 2.0)])
    samples.rows = rows
    with pytest.raises(InvalidInput):
        sample_messages.read_columns(pb.WriteSampleColumnsRequest(samples=samples).SerializeToString())


def test_columns_beside_a_compressed_block_are_refused() -> None:
    samples = packed([(1, 1, 1.0)])
    samples.values.append(1.0)
    with pytest.raises(InvalidInput, match="beside"):
        sample_messages.read_columns(pb.WriteSampleColumnsRequest(samples=samples).SerializeToString())


def test_rows_left_out_are_not_carried_compressed() -> None:
    message = sample_messages.read_columns(
        pb.WriteSampleColumnsRequest(samples=packed([(1, 1, 1.0), (2, 2, 2.0)])).SerializeToString()
    )
    assert not message.samples.take(np.array([True, False])).packed


@given(ROWS, ROWS)
def test_columns_sent_in_parts_are_joined(
    first: list[tuple[int, int, float]], second: list[tuple[int, int, float]]
) -> None:
    raw = request(first).SerializeToString() + request(second).SerializeToString()
    assert rows_of(sample_messages.read(raw)) == first + second


def test_unpacked_columns_are_read_too() -> None:
    block = b"\x09" + b"\x07" + bytes(7) + b"\x11" + b"\x05" + bytes(7) + b"\x19" + np.float64(2.5).tobytes()
    raw = b"\x08\x01\x12" + bytes([len(block)]) + block
    assert rows_of(sample_messages.read(raw)) == [(7, 5, 2.5)]


@pytest.mark.parametrize("column", ["series_ids", "times_unix_ms", "values"])
def test_columns_of_differing_length_are_refused(column: str) -> None:
    broken = request([(1, 1, 1.0), (2, 2, 2.0)])
    del getattr(broken.samples, column)[1]
    with pytest.raises(InvalidInput, match="differ in length"):
        sample_messages.read(broken.SerializeToString())


@pytest.mark.parametrize("count", [0, sample_messages.MAX_SAMPLES + 1])
def test_too_few_or_too_many_rows_are_refused(count: int) -> None:
    samples = metrics_pb2.SampleColumns(series_ids=[1] * count, times_unix_ms=[1] * count, values=[1.0] * count)
    with pytest.raises(InvalidInput, match="must hold 1 to 100,000 samples"):
        sample_messages.read(pb.WriteSamplesRequest(sequence=1, samples=samples).SerializeToString())


@given(st.binary(max_size=200))
def test_any_bytes_are_columns_or_a_fault_of_the_sender(raw: bytes) -> None:
    try:
        message = sample_messages.read(raw)
    except InvalidInput:
        return
    assert len(message.samples) >= 1
