"""The series of a tenant, as they come."""

from services.aggregator.domain.series.question import Matching
from services.aggregator.domain.series.series_index import TenantSeries
from services.aggregator.ports.records import Series
from services.runtime.regular_expressions import matches


def test_new_series_are_among_the_ids_and_are_found() -> None:
    known = TenantSeries(matches)
    assert known.ids.tolist() == []
    known.add([Series(3, "heat", {"host": "a"}), Series(1, "heat", {"host": "b"})])
    assert known.ids.tolist() == [1, 3]
    everything = (Matching("__name__", "=", "heat"),)
    assert known.find(everything).ids.tolist() == [3, 1]
    known.add([Series(2, "heat", {}), Series(4, "cold", {"host": "c"})])
    assert known.ids.tolist() == [1, 2, 3, 4]
    assert sorted(known.find(everything).ids.tolist()) == [1, 2, 3]


def test_a_label_that_is_lacking_is_empty() -> None:
    known = TenantSeries(matches)
    known.add([Series(1, "heat", {"host": "a"}), Series(2, "heat", {}), Series(3, "cold", {"host": "a"})])

    def found(*conditions: Matching) -> list[int]:
        return sorted(known.find(conditions).ids.tolist())

    name = Matching("__name__", "=~", "heat|cold")
    assert found(name, Matching("host", "=", "")) == [2]
    assert found(name, Matching("host", "!=", "")) == [1, 3]
    assert found(name, Matching("host", "=~", ".*")) == [1, 2, 3]
    assert found(name, Matching("host", "!~", "a")) == [2]
    assert found(Matching("__name__", "!=", "heat")) == [3]
