"""Who may do what."""

from dataclasses import dataclass

from services.core.errors import Forbidden
from services.runtime.calls import current_call

ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Guard:
    """Stands before what is for administrators; `on` when callers have roles."""

    on: bool

    def require_admin(self) -> None:
        """Raise Forbidden unless the caller is an administrator."""
        if self.on and ADMIN not in current_call().roles:
            raise Forbidden(f"this needs the role {ADMIN}")
