"""A real embedded ClickHouse that dies, as far as its user can see, before a chosen insert."""

from pathlib import Path

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine


class Killed(Exception):
    """The process would be gone now."""


class MortalEngine(ChdbEngine):
    """Raises Killed instead of the insert after `left` more; None: never. `tables` are those written since `revive`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.left: int | None = None
        self.tables: list[str] = []

    def revive(self) -> None:
        """As a new process would find it."""
        self.left = None
        self.tables.clear()

    def insert(self, table: str, columns: str, body: bytes, token: str) -> None:
        if self.left is not None:
            if self.left <= 0:
                raise Killed
            self.left -= 1
        super().insert(table, columns, body, token)
        self.tables.append(table)
