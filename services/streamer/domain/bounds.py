"""How many connections a tenant may have here, and how long one lasts."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from services.core.errors import Overloaded, Unavailable

RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """`most` connections of a tenant at a time, each for so many `seconds`."""

    most: Callable[[str], float] = lambda _tenant: inf
    seconds: float = inf

    def require_room(self, tenant: str, present: int) -> None:
        """Raises Overloaded where a tenant has as many as it may."""
        most = self.most(tenant)
        if present >= most:
            text = f"{most:,.0f} streams and sockets of the tenant are open (limit streams); close some, or wait"
            raise Overloaded(text, RETRY_SECONDS)

    def end(self, age: float) -> Unavailable | None:
        """Why a connection of this age in seconds ends; None while it may stay."""
        if age < self.seconds:
            return None
        return Unavailable(f"connections last {self.seconds / 3600:g} hours; come back", 0.0)
