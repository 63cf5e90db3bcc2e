"""What only some callers may do."""

from services.core.errors import Forbidden
from services.runtime.calls import current_call

ADMIN = "admin"


def require_admin(*, guarded: bool, what: str) -> None:
    """Raise Forbidden when callers have roles (`guarded`) and the one that is being answered is no administrator."""
    if guarded and ADMIN not in current_call().roles:
        raise Forbidden(f"{what} needs the role {ADMIN}")
