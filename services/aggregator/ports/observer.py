"""Where the aggregator tells operators what it does."""

from collections.abc import Mapping
from typing import Protocol


class Observer(Protocol):
    """Counts what happens."""

    def committed(self, rows: Mapping[str, int], seconds: float, lag_seconds: float) -> None:
        """A segment was committed in `seconds`; its oldest record had waited `lag_seconds` since acceptance."""
        ...

    def commit_failed(self) -> None:
        """A commit failed and will be tried again."""
        ...

    def repeated(self, requests: int) -> None:
        """So many requests were left out of a segment, because others of the same name are kept."""
        ...

    def names(self, held: int, horizon_seconds: float) -> None:
        """Names of requests that are remembered now, and for how long back all of them are."""
        ...

    def journals(self, connected: int) -> None:
        """Journals that are connected now."""
        ...

    def watchers(self, connected: int) -> None:
        """Readers of the live overview that are connected now."""
        ...
