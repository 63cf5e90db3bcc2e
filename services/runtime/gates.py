"""What may refuse a request before anything of it is read."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Gate(Protocol):
    """Admits requests by what is known without parsing them."""

    def __call__(self, method: str, size: int, /) -> AbstractContextManager[None]:
        """Around the handling of a request of `size` bytes to `method` (`/package.Service/Method`), within its call.

        Raises a BinnacleError to refuse it.
        """
        ...


def open_gate(_method: str, _size: int) -> AbstractContextManager[None]:
    """Admits everything."""
    return nullcontext()
