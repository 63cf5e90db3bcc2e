"""What other aggregators over the same store have written."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from services.aggregator.ports.store import HistoryBounds, LiveHistory
from services.aggregator.ports.tails import Stretch


class SharedStore(Protocol):
    """A store that others may write too if it is `shared`. Every method raises Unavailable as a Store does."""

    shared: bool

    async def committed(self) -> Mapping[str, int]:
        """For each known journal, the offset below which every record is committed."""
        ...

    async def live_part(self, tenant: str, bounds: HistoryBounds, stretches: Sequence[Stretch]) -> LiveHistory:
        """What stretches of journals add to a live overview; they are of whole, committed segments.

        What is the newest of its kind (samples, series) is that of the whole store; histograms are left out.
        """
        ...
