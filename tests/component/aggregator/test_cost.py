"""What a question costs is bounded by what it asks about: rows of other days are not read.

Not a matter of time, which says more of the machine than of the question: counted are the rows that the store reads.
"""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from google.protobuf.message import Message

from services.aggregator.adapters.clickhouse.engine.engines import DATABASE, Engine, open_engine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from tests.component.aggregator.aggregators import Aggregator
from tests.component.aggregator.conftest import Start
from tests.component.aggregator.test_promises import NAMED, OWNER, SECRET, words, world
from tests.support.questions import Question, ask, questions, requests

pytestmark = [pytest.mark.store, pytest.mark.timeout(300)]

# By table of rows that stay for days: the time of a row, and what tells a copy apart beside it.
TABLES = {
    "events": ("time", ""),
    "logs": ("time", ""),
    "spans": ("time", ", leftPad(lower(hex(rand64())), 32, 'a') AS trace_id"),
    "heartbeats": ("time", ""),
    "signals": ("second", ""),
}
# Rare among many events; where one is looked for, an index by type leaves out the others.
RARE = "type != 'deploy'"
COPIES_TODAY = 1_000
HISTORY_DAYS = 20
# Ask about weeks where no range is told; and for all spans of a page's traces, whenever they were: by an index, which
# leaves out most of the rest.
OF_WEEKS = {"GetPeakHours", "GetUserRetention", "ListTraces"}
# Of 80,000 rows, those that a bloom filter lets pass at three days, and that the store may read for itself beside an
# answer. Where it reads more, it is asked again until it is done.
MEANWHILE = 13_000
FEW = 3_000
COUNTED = "GetIntakeStats"
AGAIN_SECONDS, PAUSE_SECONDS = 20.0, 0.2
ROWS_READ = Statement("SELECT sum(value) FROM system.events WHERE event = 'SelectedRows'")


def multiply(engine: Engine, shift: str, copies: int) -> None:
    """Copies of every row; `shift` of their time is worked out from the `number` of the copy."""
    for table, (column, more) in TABLES.items():
        engine.execute(
            f"INSERT INTO {DATABASE}.{table} SELECT own.* REPLACE (own.{column} - {shift} AS {column}{more})"
            f" FROM {DATABASE}.{table} AS own CROSS JOIN numbers({copies}) AS copies"
            f" WHERE {RARE if table == 'events' else '1'}"
        )


async def cost(aggregator: Aggregator, engine: Engine, question: Question, request: Message) -> int:
    """Rows that the store reads for an answer, and for what else it does meanwhile."""
    [[before]] = engine.query(ROWS_READ)
    await ask(aggregator.channel, question, request, OWNER)
    [[after]] = engine.query(ROWS_READ)
    return int(after - before)


def asked() -> Mapping[str, tuple[Question, Message]]:
    """Of each question an empty request, which asks about a range of its own, and one that names everything."""
    found = {}
    for question in questions():
        if not question.changes and not question.streams:
            made = list(requests(question, words(NAMED)))
            found[question.name] = (question, made[0])
            found[f"{question.name} in full"] = (question, made[-3])
    return found


def grown(present: Mapping[str, int], past: Mapping[str, int]) -> Mapping[str, tuple[int, int]]:
    """Questions that read more rows once there is a history, and how many before and after."""
    return {name: (rows, past[name]) for name, rows in present.items() if past[name] > rows + MEANWHILE}


async def test_history_is_not_read_for_the_present(start: Start, tmp_path: Path) -> None:
    async with start() as aggregator:
        await aggregator.store(*world("owner", NAMED, SECRET))
        engine = open_engine(f"chdb://{tmp_path}/aggregator/chdb")
        multiply(engine, "toIntervalMillisecond(number * 100)", COPIES_TODAY)
        present = {name: await cost(aggregator, engine, *each) for name, each in asked().items()}
        multiply(engine, "toIntervalDay(2 + number)", HISTORY_DAYS)
        past = {name: await cost(aggregator, engine, *each) for name, each in asked().items()}
        ends = time.monotonic() + AGAIN_SECONDS
        while (set(grown(present, past)) - OF_WEEKS or past[COUNTED] >= FEW) and time.monotonic() < ends:
            await asyncio.sleep(PAUSE_SECONDS)
            again = {*grown(present, past), COUNTED}
            past |= {name: await cost(aggregator, engine, *asked()[name]) for name in again}
        engine.close()
    assert set(grown(present, past)) <= OF_WEEKS, grown(present, past)
    # What is counted whole is not read whole, however much of it there is.
    assert past[COUNTED] < FEW
