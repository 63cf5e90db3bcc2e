"""What may enter alerting: requests are small, but for all rules of a tenant's files at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.alerting.service.rule_service import SERVICE
from services.core.errors import BinnacleError, Overloaded

APPLY = f"/{SERVICE}/ApplyRules"
MEBIBYTE = 1024 * 1024
MOST_APPLIED, MOST_ELSE = 12, 4
"""MiB of a request as it arrives."""
LARGE_BYTES = MEBIBYTE
"""From here on requests are handled one at a time: each is held several times over while it is."""
BUSY_SECONDS = 2.0
_SHORTER = "shorten the texts of the rules, or give some to other tenants"


class RequestGate:
    """Admits requests by their size alone; see Gate."""

    def __init__(self) -> None:
        self._is_busy = False

    def refusal(self, _tenant: str, method: str, size: int) -> BinnacleError | None:
        """Why a request is refused; None when it may try to enter."""
        most, instead = (MOST_APPLIED, _SHORTER) if method == APPLY else (MOST_ELSE, "shorten it")
        if size > most * MEBIBYTE:
            return Overloaded(f"the request has {size:,} bytes, and may have {most} MiB: {instead}", 0.0)
        return _busy() if size > LARGE_BYTES and self._is_busy else None

    @contextmanager
    def entered(self, _tenant: str, _method: str, size: int) -> Iterator[None]:
        """Around a request that nothing refused. Raises Overloaded where another was quicker."""
        if size <= LARGE_BYTES:
            yield
            return
        if self._is_busy:
            raise _busy()
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False


def _busy() -> Overloaded:
    return Overloaded("another request as large is being handled", BUSY_SECONDS)
