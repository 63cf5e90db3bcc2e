"""What may refuse a request before anything of it is read."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from services.core.errors import BinnacleError


class Gate(Protocol):
    """Admits requests to `method` (`/package.Service/Method`) by their size in bytes."""

    def refusal(self, tenant: str, method: str, size: int) -> BinnacleError | None:
        """Why a request is refused, as cheaply as it can be told; None when it may try to enter."""
        ...

    def entered(self, tenant: str, method: str, size: int) -> AbstractContextManager[None]:
        """Around the handling of a request. Raises a BinnacleError to refuse it after all."""
        ...


class OpenGate:
    """Admits everything."""

    def refusal(self, _tenant: str, _method: str, _size: int) -> BinnacleError | None:
        return None

    def entered(self, _tenant: str, _method: str, _size: int) -> AbstractContextManager[None]:
        return nullcontext()
