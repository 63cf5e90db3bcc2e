"""Identities of series, and who has registered which."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from services.collector.domain.columns import COUNTER, GAUGE, SeriesDefinition
from services.collector.domain.series import SeriesRegistry, series_id
from services.collector.ports import NewSeries
from services.core.errors import Overloaded

KEY = b"k" * 32
CPU = SeriesDefinition("cpu", (("core", "1"), ("host", "a")))
TEXTS = st.text(max_size=8)
LABELS = st.dictionaries(TEXTS, TEXTS, max_size=3).map(lambda labels: tuple(sorted(labels.items())))


def ids(*numbers: int) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    return np.array(numbers, dtype=np.uint64)


def test_identity_is_name_labels_tenant_and_key_but_not_kind_and_unit() -> None:
    base = series_id(KEY, "acme", CPU)
    assert base == series_id(KEY, "acme", SeriesDefinition(CPU.name, CPU.labels, COUNTER, "%"))
    others = [
        series_id(KEY, "other", CPU),
        series_id(b"x" * 32, "acme", CPU),
        series_id(KEY, "acme", SeriesDefinition("cpu2", CPU.labels)),
        series_id(KEY, "acme", SeriesDefinition("cpu", CPU.labels[:1])),
    ]
    assert len({base, *others}) == 5


@given(TEXTS, LABELS, TEXTS, LABELS)
def test_texts_never_run_together(
    name: str, labels: tuple[tuple[str, str], ...], other: str, others: tuple[tuple[str, str], ...]
) -> None:
    same = (name, labels) == (other, others)
    first = series_id(KEY, "t", SeriesDefinition(name, labels))
    assert (first == series_id(KEY, "t", SeriesDefinition(other, others))) is same


def test_a_tenant_may_use_what_it_registered_and_nothing_else() -> None:
    registry = SeriesRegistry(KEY, [NewSeries("acme", (1, 2))], 10)
    assert registry.missing("acme", ids(1, 2, 1)) is None
    assert registry.missing("acme", ids(1, 2, 1)) is None
    missing = registry.missing("acme", ids(1, 3))
    assert missing is not None
    assert missing.tolist() == [False, True]
    assert registry.missing("other", ids(1)) is not None
    registry.announce("other", [], NewSeries("other", (1,)))
    assert registry.missing("other", ids(1)) is None


@given(st.sets(st.integers(0, 2**64 - 1)), st.lists(st.integers(0, 2**64 - 1), min_size=1), st.data())
def test_the_check_of_a_column_agrees_with_a_set(known: set[int], asked: list[int], data: st.DataObject) -> None:
    column = asked + data.draw(st.lists(st.sampled_from(sorted(known)))) if known else asked
    registry = SeriesRegistry(KEY, [NewSeries("t", tuple(known))], 1_000)
    missing = registry.missing("t", ids(*column))
    found = [False] * len(column) if missing is None else missing.tolist()
    assert found == [number not in known for number in column]


def test_a_definition_is_announced_once_and_again_when_it_changes() -> None:
    registry = SeriesRegistry(KEY, [], 10)
    entries = [(7, CPU), (7, CPU)]
    assert registry.unannounced("t", entries) == [(7, CPU)]
    registry.announce("t", entries, None)
    assert registry.unannounced("t", entries) == []
    changed = SeriesDefinition(CPU.name, CPU.labels, GAUGE, "ms")
    assert registry.unannounced("t", [(7, changed)]) == [(7, changed)]
    assert registry.unannounced("u", entries) == [(7, CPU)]


def test_only_new_series_count_towards_the_limit() -> None:
    registry = SeriesRegistry(KEY, [NewSeries("t", (1, 2))], 3)
    assert registry.admit("t", [1, 2]) is None
    stored = registry.admit("t", [1, 2, 3])
    assert stored == NewSeries("t", (3,))
    for _twice in range(2):
        registry.announce("t", [], stored)
    assert registry.admit("t", [1, 2, 3]) is None
    with pytest.raises(Overloaded):
        registry.admit("t", [4])
