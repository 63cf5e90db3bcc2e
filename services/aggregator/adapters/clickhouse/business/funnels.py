"""What funnels are made of, as columns of fixed width."""

from collections.abc import Mapping, Sequence

import numpy as np

from services.aggregator.adapters.clickhouse.business.event_fields import MICROS, Bindings, all_of, text_of, within
from services.aggregator.adapters.clickhouse.engine.reader import Bounds, Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.funnels import FunnelColumns, FunnelQuestion

MOST_ROWS = 20_000_000
_BOUNDS = Bounds(result_rows=MOST_ROWS)
# A row of ClickHouse's RowBinary.
_ROW = np.dtype([("actor", "<u8"), ("time", "<i8"), ("matches", "<u2"), ("group", "<u8")])


class ClickHouseFunnels:
    """Asks for what funnels are made of. See ports/funnels.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def steps_taken(self, tenant: str, question: FunnelQuestion) -> FunnelColumns:
        bound = Bindings()
        group = f"cityHash64({text_of(question.breakdown)})" if question.breakdown else "toUInt64(0)"
        query = TenantQuery(
            tenant,
            "events",
            (
                f"cityHash64({question.actor}) AS actor",
                f"{MICROS} AS at",
                f"{_matches(question, bound)} AS matches",
                group,
            ),
            (
                *within(bound, question.from_us, question.to_us),
                f"has({bound.texts(sorted({step.type for step in question.steps}))}, type)",
                f"{question.actor} != ''",
                "matches > 0",
            ),
            bound.values,
            order_by="actor, at, journal_id, offset, row",
        )
        rows = np.frombuffer(await self._reader.body(query, "RowBinary", _BOUNDS), _ROW)
        actors, times, matches, groups = (np.ascontiguousarray(rows[name]) for name in _ROW.names or ())
        return FunnelColumns(actors, times, matches, groups)

    async def group_values(self, tenant: str, question: FunnelQuestion, groups: Sequence[int]) -> Mapping[int, str]:
        bound = Bindings()
        value = text_of(question.breakdown)
        query = TenantQuery(
            tenant,
            "events",
            (f"cityHash64({value}) AS hash", f"any({value})"),
            (
                *within(bound, question.from_us, question.to_us),
                f"type = {bound.text(question.steps[0].type)}",
                f"hash IN ({', '.join(str(int(group)) for group in groups)})",
            ),
            bound.values,
            group_by="hash",
        )
        return {int(hashed): text for hashed, text in await self._reader.rows(query)} if groups else {}


def _matches(question: FunnelQuestion, bound: Bindings) -> str:
    """The steps that an event matches, a bit for each."""
    parts = [
        f"toUInt16((type = {bound.text(step.type)} AND {all_of(step.conditions, bound)}) * {1 << number})"
        for number, step in enumerate(question.steps)
    ]
    return f"toUInt16({' + '.join(parts)})"
