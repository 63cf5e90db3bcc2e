"""What is known of the tenants that were asked about last."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

MOST_TENANTS = 50
Known = TypeVar("Known")


class LastAsked(OrderedDict[str, Known]):
    """By tenant; who was not asked about for longest makes room. Whoever uses it from several threads holds a lock."""

    def of(self, tenant: str, begin: Callable[[], Known]) -> tuple[Known, bool]:
        """What is known of a tenant, and whether that has only just begun."""
        is_new = tenant not in self
        known = self[tenant] = begin() if is_new else self[tenant]
        self.move_to_end(tenant)
        if len(self) > MOST_TENANTS:
            self.popitem(last=False)
        return known, is_new
