"""Of all records of one name, in whatever journals, the rows of one are stored and shown.

Two questions are answered apart. What is *shown* follows the record that arrives first. What is *stored* follows the
record whose segment is committed first: a journal that is lost before it was committed must not take along what
another one still holds. Each answer is given once for all; the second is made durable, together with every other one
that the segment depends on, before the first of the segment's rows is written: in a log that all aggregators write,
each batch by one that knows all batches before. So a segment that is written again,
after a crash, by a process that remembers nothing else, holds the same rows as before, which its deduplication tokens
presume.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from services.aggregator.domain.intake.claimed_ids import ClaimedIds
from services.aggregator.ports.claims import ID_BYTES, Claim, Claimed, ClaimHistory
from services.aggregator.ports.observer import Observer
from services.aggregator.ports.records import Record
from services.core.clock import Clock

MICRO = 1_000_000
FORGET_EVERY_US = 3_600 * MICRO


@dataclass(frozen=True, slots=True)
class RepeatLimits:
    """How long names are remembered, and how many at most: beyond that the oldest are forgotten before their time."""

    horizon_seconds: float = 24 * 3_600.0
    names: int = 16_000_000

    @property
    def horizon_us(self) -> int:
        """The horizon in microseconds."""
        return int(self.horizon_seconds * MICRO)


@dataclass(slots=True)
class _Holder:
    """Who holds an id that is not committed. `decided`: will be stored, none else; `durable`: the store knows so."""

    claim: Claim
    decided: bool = False
    durable: bool = False

    def at(self, journal_id: str, offset: int) -> bool:
        return (self.claim.journal_id, self.claim.offset) == (journal_id, offset)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A segment without what others hold, and the claims to make durable before its rows."""

    records: Sequence[Record]
    claims: Sequence[Claim]
    left_out: int


def id_of(tenant: str, batch_id: str) -> bytes:
    """What a name of a tenant is remembered by; long enough that no two names share one."""
    return blake2b(f"{len(tenant)}:{tenant}{batch_id}".encode(), digest_size=ID_BYTES).digest()


class Claims:
    """The ids of named requests, within the horizon. Belongs to one event loop."""

    def __init__(self, clock: Clock, observer: Observer, limits: RepeatLimits | None = None) -> None:
        self.limits = limits or RepeatLimits()
        self._clock = clock
        self._observer = observer
        self._done = ClaimedIds(self.limits.names)
        self._open: dict[bytes, _Holder] = {}
        self._newest_us = 0
        self.position = 0
        self._forget_at_us = self._now_us() + FORGET_EVERY_US

    def restore(self, history: ClaimHistory) -> None:
        """Go on after a start; may be asked again before anything arrived."""
        self._done = ClaimedIds(self.limits.names)
        self._done.restore(history.runs, history.complete_from_us)
        self._open = {claim.id: _Holder(claim, decided=True, durable=True) for claim in history.uncommitted}
        self._newest_us = history.newest_us
        self.position = history.position
        self._tell()

    def arrived(self, journal_id: str, records: Sequence[Record]) -> Sequence[Record]:
        """The records as they are to be shown: those that repeat another are left without rows."""
        named = {record.offset: id_of(record.tenant, record.batch_id) for record in records if record.batch_id}
        if not named:
            return records
        done = dict(zip(named.values(), self._done.held(named.values()).tolist(), strict=True))

        def shown(record: Record) -> bool:
            name = named.get(record.offset)
            return name is None or self._is_first(name, journal_id, record.offset, done=done[name])

        return [record if shown(record) else record.without_rows() for record in records]

    def _is_first(self, name: bytes, journal_id: str, offset: int, *, done: bool) -> bool:
        holder = self._open.get(name)
        if holder is None and not done:
            holder = self._open[name] = _Holder(Claim(name, journal_id, offset, self._next_us()))
        return holder is not None and holder.at(journal_id, offset)

    def decide(self, journal_id: str, records: Sequence[Record]) -> Verdict:
        """What of a segment is stored. Once asked the answer stays, whatever becomes of the segment."""
        kept: list[Record] = []
        claims: list[Claim] = []
        named = [id_of(record.tenant, record.batch_id) for record in records if record.batch_id]
        done = dict(zip(named, self._done.held(named).tolist(), strict=True)) if named else {}
        for record in records:
            if not record.batch_id:
                kept.append(record)
                continue
            name = id_of(record.tenant, record.batch_id)
            holder = self._decided(name, journal_id, record.offset, done=done[name])
            if holder is not None and not holder.durable:
                claims.append(holder.claim)
            mine = holder is not None and holder.at(journal_id, record.offset)
            kept.append(record if mine else record.without_rows())
        left_out = sum(one is not other for one, other in zip(kept, records, strict=True))
        return Verdict(kept, claims, left_out)

    def _decided(self, name: bytes, journal_id: str, offset: int, *, done: bool) -> _Holder | None:
        """Who holds a name from now on; None when it was committed from another place."""
        holder = self._open.get(name)
        if holder is None and done:
            return None
        if holder is None or not holder.decided:
            holder = self._open[name] = _Holder(Claim(name, journal_id, offset, self._next_us()), decided=True)
        return holder

    def learn(self, told: Claimed) -> None:
        """What others have claimed holds, whatever was decided here and is not durable."""
        self.position = told.position
        for claim in told.others:
            self._open[claim.id] = _Holder(claim, decided=True, durable=True)
            self._newest_us = max(self._newest_us, claim.claimed_us)

    def made_durable(self, verdict: Verdict, position: int) -> None:
        """The claims of a verdict are in the store."""
        self.position = position
        for claim in verdict.claims:
            if (holder := self._open.get(claim.id)) is not None and holder.claim == claim:
                holder.durable = True

    def settle(self, committed: Mapping[str, int]) -> None:
        """Let go of the places of what is committed, also by others; `committed` is how far each journal is."""
        settled = [
            name
            for name, holder in self._open.items()
            if holder.durable and holder.claim.offset < committed.get(holder.claim.journal_id, 0)
        ]
        for name in settled:
            del self._open[name]
        if settled:
            self._done.add(settled, self._now_us())

    def committed(self, journal_id: str, verdict: Verdict) -> None:
        """A segment is in the store."""
        names = [
            name
            for record in verdict.records
            if record.batch_id and (name := id_of(record.tenant, record.batch_id)) in self._open
        ]
        for name in names:
            del self._open[name]
        if names:
            self._done.add(names, self._now_us())
        self._observer.repeated(verdict.left_out)
        self._tell()

    def forget(self) -> None:
        """Let go of what is older than the horizon; cheap to call often.

        Nothing is forgotten in the first hour after a start: what collectors held back meanwhile comes in then, and
        may repeat what is older than the horizon by now.
        """
        now_us = self._now_us()
        if now_us < self._forget_at_us:
            return
        self._forget_at_us = now_us + FORGET_EVERY_US
        before_us = now_us - self.limits.horizon_us
        self._done.forget(before_us)
        self._open = {name: holder for name, holder in self._open.items() if holder.claim.claimed_us >= before_us}
        self._tell()

    def _tell(self) -> None:
        since_us = self._now_us() - self._done.complete_from_us
        self._observer.names(len(self._done) + len(self._open), min(self.limits.horizon_us, since_us) / MICRO)

    def _next_us(self) -> int:
        # Later than every claim known, even when the clock was set back.
        self._newest_us = max(self._now_us(), self._newest_us + 1)
        return self._newest_us

    def _now_us(self) -> int:
        return int(self._clock.now() * MICRO)
