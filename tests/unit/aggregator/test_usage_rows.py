"""What a segment counts for: every kind once, by tenant and day of acceptance."""

import numpy as np
from hypothesis import given, strategies as st

from binnacle.journal.v1 import journal_pb2
from services.aggregator.adapters.clickhouse.storing import usage_rows
from services.aggregator.adapters.clickhouse.storing.usage_rows import COLUMNS, usage_columns
from services.aggregator.convert.journal import record_from
from services.aggregator.ports.records import Record
from services.aggregator.ports.store import Segment
from tests.support.intake_warnings import Refusals, warning_record
from tests.support.journals import JOURNAL, NOW, record

DAY = 86_400


def rows(*records: Record) -> dict[tuple[str, int], dict[str, int]]:
    """Figures by tenant and day."""
    columns, count = usage_columns(Segment(JOURNAL, 0, len(records), records, {}))
    assert [column.name for column in columns] == ["tenant", "day", *COLUMNS]
    figures = [np.frombuffer(column.body, np.uint64) for column in columns[2:]]
    days = np.frombuffer(columns[1].body, np.uint16).tolist()
    told = dict.fromkeys((each.tenant, each.accepted_us // usage_rows.DAY_US) for each in records)
    names = [key for key in told if key[1] in days][:count]
    return {
        key: {name: int(figures[place][row]) for place, name in enumerate(COLUMNS)} for row, key in enumerate(names)
    }


def decoded(made: journal_pb2.Record, offset: int = 0) -> Record:
    return record_from(offset, made.SerializeToString())


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.integers(0, 5), st.integers(0, 5)), min_size=1))
def test_everything_is_counted_once(sent: list[tuple[str, int, int, int]]) -> None:
    made = [
        decoded(
            record(
                tenant=tenant,
                accepted=NOW + day * DAY,
                events=[{"type": "a"}] * events,
                samples=[(1, NOW, 1.0)] * samples,
            )
        )
        for tenant, day, events, samples in sent
    ]
    found = rows(*made)
    assert sum(each["events"] for each in found.values()) == sum(one[2] for one in sent)
    assert sum(each["points"] for each in found.values()) == sum(one[3] for one in sent)
    assert sum(each["requests"] for each in found.values()) == len(sent)
    assert sum(each["bytes"] for each in found.values()) == sum(each.bytes for each in made)
    assert found.keys() == {(tenant, int(NOW // DAY) + day) for tenant, day, _events, _samples in sent}


def test_what_was_refused_is_counted_and_what_was_only_told_is_not() -> None:
    told = [Refusals(points=4), Refusals(reason="redacted", points=9), Refusals(kind="logs", points=2)]
    [found] = rows(decoded(warning_record(told))).values()
    assert found == {**dict.fromkeys(COLUMNS, 0), "refused": 6}


def test_repetitions_count_for_nothing() -> None:
    repeated = decoded(record(events=[{"type": "a"}], batch="once")).without_rows()
    assert rows(repeated) == {}
