"""Who a series is: a keyed hash of its tenant, name and labels; and which series a tenant has registered."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b

import numpy as np

from services.collector.domain.columns import KINDS, Ids, Mask, SeriesDefinition
from services.collector.domain.limits import LimitReached
from services.collector.domain.recent import Recent
from services.collector.ports import NewSeries

RETRY_SECONDS = 60.0
REMEMBERED_LAYOUTS = 64
FEW = 64
FRESH = 4_096
REMEMBERED_IDENTITIES = 200_000


def series_id(key: bytes, tenant: str, definition: SeriesDefinition) -> int:
    """64-bit identity; the same on every collector that holds the installation's key. Kind and unit have no part."""
    digest = blake2b(digest_size=8, key=key)
    for text in (tenant, definition.name, *(part for label in definition.labels for part in label)):
        encoded = text.encode()
        digest.update(len(encoded).to_bytes(4, "little") + encoded)
    return int.from_bytes(digest.digest(), "little")


class _Known:
    """The ids of one tenant: a sorted column for whole-column checks, and what came since it was sorted."""

    def __init__(self) -> None:
        self._sorted: Ids = np.empty(0, dtype=np.uint64)
        self._fresh: set[int] = set()

    def add(self, ids: Iterable[int]) -> None:
        self._fresh.update(ids)

    def missing(self, ids: Ids) -> Mask:
        missing = self._unsorted(ids)
        rows = np.flatnonzero(missing)
        if not len(rows) or not self._fresh:
            return missing
        if len(rows) > FEW or len(self._fresh) > FRESH:
            self._sort()
            return self._unsorted(ids)
        missing[rows] = [identity not in self._fresh for identity in ids[rows].tolist()]
        return missing

    def _unsorted(self, ids: Ids) -> Mask:
        if not len(self._sorted):
            return np.ones(len(ids), dtype=np.bool_)
        places = np.minimum(np.searchsorted(self._sorted, ids), len(self._sorted) - 1)
        missing: Mask = self._sorted[places] != ids
        return missing

    def _sort(self) -> None:
        # Costs as much as all ids together, so it is not done for a few new ones.
        fresh = np.fromiter(self._fresh, np.uint64, len(self._fresh))
        self._sorted = np.union1d(self._sorted, fresh)
        self._fresh.clear()


def _no_news() -> Sequence[NewSeries]:
    return ()


class SeriesRegistry:
    """The series of every tenant. `limit` bounds how many there may be in all.

    `news` gives what others registered since it was last asked; it is asked when a series is not known here.
    """

    def __init__(
        self,
        key: bytes,
        known: Iterable[NewSeries],
        limit: int,
        news: Callable[[], Sequence[NewSeries]] = _no_news,
    ) -> None:
        self._key = key
        self._limit = limit
        self._news = news
        self._count = 0
        self._known: dict[str, _Known] = {}
        self._announced: dict[tuple[str, int], tuple[int, str]] = {}
        # Senders repeat the same column of ids: one that was found complete need not be looked up again.
        self._layouts: OrderedDict[tuple[str, bytes], None] = OrderedDict()
        self._identities: Recent[tuple[str, SeriesDefinition], int] = Recent(REMEMBERED_IDENTITIES)
        self._take(known)

    def identify(self, tenant: str, definition: SeriesDefinition) -> int:
        """The identity of a series whose definition keeps the rules."""
        identity = self._identities.get((tenant, definition))
        if identity is None:
            identity = series_id(self._key, tenant, definition)
            self._identities.put((tenant, definition), identity)
        return identity

    def identified(self, tenant: str, definition: SeriesDefinition) -> bool:
        """Whether `identify` was asked for it lately, as a series of samples."""
        return definition.kind in KINDS and self._identities.get((tenant, definition)) is not None

    def missing(self, tenant: str, ids: Ids) -> Mask | None:
        """The rows whose series this tenant has not registered; None when there is none."""
        layout = (tenant, ids.tobytes())
        if layout in self._layouts:
            self._layouts.move_to_end(layout)
            return None
        missing = self._missing(tenant, ids)
        if missing.any():
            return missing
        self._layouts[layout] = None
        if len(self._layouts) > REMEMBERED_LAYOUTS:
            self._layouts.popitem(last=False)
        return None

    def unannounced(
        self, tenant: str, entries: Sequence[tuple[int, SeriesDefinition]]
    ) -> list[tuple[int, SeriesDefinition]]:
        """The series whose definition, as it is now, no record of this process's life has carried yet."""
        announced = self._announced
        return [
            (identity, definition)
            for identity, definition in dict(entries).items()
            if announced.get((tenant, identity)) != (definition.kind, definition.unit)
        ]

    def admit(self, tenant: str, ids: Sequence[int]) -> NewSeries | None:
        """The ids to store with a record that names them; None when all are known.

        Raises LimitReached when the installation would hold more series than its limit.
        """
        fresh = self.unknown(tenant, ids)
        if fresh is not None and self._count + len(fresh.ids) > self._limit:
            text = f"more than {self._limit:,} series of all tenants (BINNACLE_SERIES_MAX); use fewer distinct labels"
            raise LimitReached("series", text, RETRY_SECONDS)
        return fresh

    def unknown(self, tenant: str, ids: Sequence[int]) -> NewSeries | None:
        """Those of a tenant's ids that are not known, once each; None when all are."""
        if not ids:
            return None
        column = np.array(ids, dtype=np.uint64)
        fresh = tuple(dict.fromkeys(column[self._missing(tenant, column)].tolist()))
        return NewSeries(tenant, fresh) if fresh else None

    def announce(self, tenant: str, entries: Sequence[tuple[int, SeriesDefinition]], stored: NewSeries | None) -> None:
        """Note that a durable record carries these definitions."""
        for identity, definition in entries:
            self._announced[tenant, identity] = (definition.kind, definition.unit)
        if stored is not None:
            self._take([stored])

    def learn(self) -> None:
        """Take in what others registered."""
        self._take(self._news())

    def _missing(self, tenant: str, ids: Ids) -> Mask:
        missing = self._known.get(tenant, _Known()).missing(ids)
        if missing.any():
            self.learn()
            missing = self._known.get(tenant, _Known()).missing(ids)
        return missing

    def _take(self, entries: Iterable[NewSeries]) -> None:
        by_tenant: dict[str, list[int]] = {}
        for entry in entries:
            by_tenant.setdefault(entry.tenant, []).extend(entry.ids)
        for tenant, ids in by_tenant.items():
            known = self._known.setdefault(tenant, _Known())
            # Two requests, or two workers, may have named the same series at the same time.
            column = np.unique(np.array(ids, dtype=np.uint64))
            self._count += int(known.missing(column).sum())
            known.add(ids)
