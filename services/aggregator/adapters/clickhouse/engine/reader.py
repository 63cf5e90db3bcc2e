"""The door for questions: bounded in time, memory and rows, and apart from the threads that write."""

import asyncio
import dataclasses
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from services.aggregator.adapters.clickhouse.engine.engines import ROW_FORMAT, Engine, EngineFault, Row, rows_of
from services.aggregator.adapters.clickhouse.engine.statements import Question, quoted
from services.aggregator.adapters.clickhouse.newest.kinds import AUDIT, CHANGES, EVENTS, LINES, NOTIFICATIONS, WARNINGS
from services.aggregator.adapters.clickhouse.newest.newest_rows import NewestRows
from services.aggregator.adapters.clickhouse.slices.slices import Slices
from services.core.errors import DeadlineExceeded, InvalidInput, Unavailable
from services.core.waiting import is_waited_for
from services.runtime.logs import Log

THREADS = 4
ENDING_SECONDS = 0.05
_FOR_EVER = -1
_NARROW = ", max_threads = 1, local_filesystem_read_method = 'pread'"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one question may take: `seconds` of time, `memory` in bytes, `result_rows` in its answer.

    One that is `narrow` is read on one thread: of little, what is handed to others takes longer than it would there.
    """

    seconds: float = 10.0
    memory: int = 1 << 30
    result_rows: int = 1_000_000
    narrow: bool = False

    def settings(self) -> str:
        """As settings of a SELECT; what exceeds them is an error, never a part of an answer."""
        return (
            f"max_execution_time = {self.seconds}, timeout_overflow_mode = 'throw', max_memory_usage = {self.memory},"
            f" max_result_rows = {self.result_rows}, result_overflow_mode = 'throw'{_NARROW if self.narrow else ''}"
        )


DEFAULT_BOUNDS = Bounds()


class BadPattern(InvalidInput):
    """A regular expression of the question is none that RE2 takes."""


class Reader:
    """Asks the store questions of one tenant, and a few about the engine.

    Every method raises Unavailable while the store does not answer, DeadlineExceeded when a question takes longer than
    its bounds, and InvalidInput when its answer, or the memory it needs, is larger. What nobody waits for is asked one
    after the other. `slices` keeps what long ranges are made of, `newest` what lists begin with.
    """

    def __init__(self, engine: Callable[[], Engine | None], log: Log, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._log = log
        self.slices = Slices(self, now)
        self.newest_events, self.newest_changes, self.newest_notifications = (
            NewestRows(self, kind, lambda tenant: self.slices.kept_from_us(tenant, "events"), now)
            for kind in (EVENTS, CHANGES, NOTIFICATIONS)
        )
        self.newest_lines = NewestRows(self, LINES, lambda tenant: self.slices.kept_from_us(tenant, "logs"), now)
        self.newest_audit = NewestRows(self, AUDIT, lambda _tenant: _FOR_EVER, now)
        self.newest_warnings = NewestRows(
            self, WARNINGS, lambda tenant: self.slices.kept_from_us(tenant, "warnings"), now
        )
        self.newest = (
            *(self.newest_events, self.newest_changes, self.newest_notifications),
            *(self.newest_lines, self.newest_audit, self.newest_warnings),
        )
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="questions")
        # What nobody waits for takes one core at most.
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="questions aside")
        self._enders = ThreadPoolExecutor(1, thread_name_prefix="ended questions")

    async def rows(self, query: Question, bounds: Bounds = DEFAULT_BOUNDS) -> list[Row]:
        """The rows of an answer; 64-bit integers as int, NaN as None."""
        return rows_of(await self.body(query, ROW_FORMAT, bounds))

    async def body(self, query: Question, form: str, bounds: Bounds = DEFAULT_BOUNDS) -> bytes:
        """An answer in one of ClickHouse's formats, such as Native or ArrowStream."""
        engine = self._engine()
        if engine is None:
            raise Unavailable("the store is not open yet")
        statement = query.statement()
        # By its comment a question is found among those that run; comments within the SQL do not last that long.
        mark = f"question {secrets.token_hex(8)}"
        threads = self._threads
        if not is_waited_for():
            threads, bounds = self._aside, dataclasses.replace(bounds, narrow=True)
        asked = dataclasses.replace(statement, settings=f"{bounds.settings()}, log_comment = {quoted(mark)}")
        asking = threads.submit(lambda: engine.query_bytes(asked, form))
        try:
            return await asyncio.wrap_future(asking)
        except EngineFault as fault:
            raise self._told(str(fault)) from fault
        except asyncio.CancelledError:
            if not asking.done():
                self._enders.submit(self._end, engine, mark, asking)
            raise

    def _end(self, engine: Engine, mark: str, asking: "Future[bytes]") -> None:
        """Have the engine give up a question nobody waits for, so that its thread is free for others."""
        ending = f"KILL QUERY WHERE Settings['log_comment'] = {quoted(mark)} ASYNC"
        while not asking.done():
            try:
                engine.execute(ending)
            except EngineFault as fault:
                self._log.warning("a question could not be ended", reason=str(fault))
                return
            # It may not have begun yet.
            wait([asking], timeout=ENDING_SECONDS)

    async def close(self) -> None:
        """Wait for what is being asked."""
        for threads in (self._threads, self._aside, self._enders):
            await asyncio.to_thread(threads.shutdown)

    def _told(self, reason: str) -> Exception:
        if "cannot compile re2" in reason:
            fault = reason.partition("error: ")[2].partition(": ")[0][:100]
            return BadPattern.of("", f"must be a regular expression as RE2 has them: {fault or 'too long'}")
        if "TIMEOUT_EXCEEDED" in reason:
            return DeadlineExceeded("the question took too long: ask for a shorter range, or for fewer series")
        if "MEMORY_LIMIT_EXCEEDED" in reason or "TOO_MANY_ROWS" in reason:
            return InvalidInput.of(
                "", "the answer is too large: ask for a shorter range, a longer step, or fewer series"
            )
        self._log.error("a question failed", reason=reason)
        return Unavailable("the store does not answer")
