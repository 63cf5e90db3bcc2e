"""Which series a tenant has written within the last hour, and which it may not add."""

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from services.collector.domain.columns import Ids, Mask, Rows

MINUTES = 60
MINUTE_SECONDS = 60.0
REMEMBERED_LAYOUTS = 1_024
# New series are kept apart until there are so many: adding to the whole column costs as much as it is long.
FRESH = 4_096

Minutes = npt.NDArray[np.int64]


class _Column:
    """Identities in rising order, and the minute each was last written in."""

    def __init__(self) -> None:
        self.ids: Ids = np.empty(0, np.uint64)
        self.minutes: Minutes = np.empty(0, np.int64)

    def touch(self, ids: Ids, minute: int) -> Mask:
        """Note the ids as written; answers which of them are here."""
        if not len(self.ids):
            return np.zeros(len(ids), np.bool_)
        # In rising order neighbours are looked up at neighbouring places: three times faster.
        order = np.argsort(ids)
        rising = ids[order]
        places = np.minimum(np.searchsorted(self.ids, rising), len(self.ids) - 1)
        found = self.ids[places] == rising
        self.minutes[places[found]] = minute
        here = np.empty(len(ids), np.bool_)
        here[order] = found
        return here

    def add(self, ids: Ids, minutes: Minutes) -> None:
        """Take in ids that are not here."""
        joined = np.concatenate([self.ids, ids])
        order = np.argsort(joined, kind="stable")
        self.ids = joined[order]
        self.minutes = np.concatenate([self.minutes, minutes])[order]

    def expire(self, before: int) -> None:
        """Forget what was not written since a minute."""
        keep = self.minutes >= before
        if not keep.all():
            self.ids, self.minutes = self.ids[keep], self.minutes[keep]


class _Tenant:
    """The active series of one tenant."""

    def __init__(self, fresh: int) -> None:
        self._most_fresh = fresh
        self._old = _Column()
        self._fresh = _Column()
        self._minute = 0

    def count(self, minute: int) -> int:
        self._turn(minute)
        return len(self._old.ids) + len(self._fresh.ids)

    def touch(self, ids: Ids, minute: int) -> Rows:
        """Note what is active as written; the rows of what is not."""
        self._turn(minute)
        absent = np.flatnonzero(~self._old.touch(ids, self._minute))
        return absent[~self._fresh.touch(ids[absent], self._minute)] if len(absent) else absent

    def write(self, ids: Ids, minute: int, limit: int) -> Mask | None:
        room = limit - self.count(minute)
        absent = self.touch(ids, minute)
        if not len(absent):
            return None
        new, first = np.unique(ids[absent], return_index=True)
        if len(new) <= room:
            self._add(new)
            return None
        # Whoever comes first has the room.
        taken = np.sort(new[np.argsort(first)[: max(room, 0)]])
        self._add(taken)
        over = np.zeros(len(ids), np.bool_)
        over[absent] = ~np.isin(ids[absent], taken)
        return over

    def _add(self, ids: Ids) -> None:
        if not len(ids):
            return
        self._fresh.add(ids, np.full(len(ids), self._minute, np.int64))
        if len(self._fresh.ids) > self._most_fresh:
            self._old.add(self._fresh.ids, self._fresh.minutes)
            self._fresh = _Column()

    def _turn(self, minute: int) -> None:
        if minute > self._minute:
            self._minute = minute
            for column in (self._old, self._fresh):
                column.expire(minute - MINUTES)


class ActiveSeries:
    """Counts the series that each tenant wrote within the last hour, to the minute, in this process's life.

    So many `fresh` ones are kept apart from the others.
    """

    def __init__(self, monotonic: Callable[[], float], fresh: int = FRESH) -> None:
        self._fresh = fresh
        self._monotonic = monotonic
        self._tenants: dict[str, _Tenant] = {}
        # Senders repeat the same column of ids: one that was noted this minute need not be looked up again.
        self._layouts: OrderedDict[tuple[str, int], int] = OrderedDict()

    def count(self, tenant: str) -> int:
        """Active series of a tenant."""
        known = self._tenants.get(tenant)
        return known.count(self._minute()) if known else 0

    def write(self, tenant: str, ids: Ids, limit: int) -> Mask | None:
        """Note the series of a column as written now.

        Answers the rows whose series are not active and for which there is no room below `limit`; None when all are in.
        """
        return self._tenant(tenant).write(ids, self._minute(), limit)

    def touch(self, tenant: str, ids: Ids) -> bool:
        """Note those series of a column as written that are active; whether all are, and so are the tenant's own."""
        layout, minute = (tenant, hash(ids.tobytes())), self._minute()
        if self._layouts.get(layout) == minute:
            return True
        known = self._tenants.get(tenant)
        if known is None or len(known.touch(ids, minute)):
            return False
        self._layouts[layout] = minute
        self._layouts.move_to_end(layout)
        if len(self._layouts) > REMEMBERED_LAYOUTS:
            self._layouts.popitem(last=False)
        return True

    def _tenant(self, name: str) -> _Tenant:
        tenant = self._tenants.get(name)
        if tenant is None:
            tenant = self._tenants[name] = _Tenant(self._fresh)
        return tenant

    def _minute(self) -> int:
        return int(self._monotonic() // MINUTE_SECONDS)
