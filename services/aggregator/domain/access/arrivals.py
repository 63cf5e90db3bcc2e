"""Tells the configuration of records as they are stored, from whichever process they come."""

from collections.abc import Sequence
from itertools import chain

from services.aggregator.ports.store import Segment
from services.core.configuration import Configuration


class Arrivals:
    """Hears of commits; see CommitListener."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def opened(self, outdated: Sequence[tuple[str, int, int]], alone: bool) -> None:
        """See CommitListener."""

    def before(self, segment: Segment) -> None:
        """See CommitListener."""

    def after(self, segment: Segment, revision: int, done: bool) -> None:
        """See CommitListener."""
        if done:
            self._configuration.arrived(chain.from_iterable(record.audit for record in segment.records))

    def rolled(self, tenant: str, tier: int, starts: Sequence[int], revision: int) -> None:
        """See CommitListener."""
