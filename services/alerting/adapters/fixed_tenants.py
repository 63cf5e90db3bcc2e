"""Tenants that are known from the start."""

from collections.abc import Sequence


class FixedTenants:
    """Always the same."""

    def __init__(self, tenants: Sequence[str]) -> None:
        self._tenants = tuple(tenants)

    async def known(self) -> Sequence[str]:
        return self._tenants
