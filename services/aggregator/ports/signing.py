"""Signs the tokens that API keys are."""

from collections.abc import Sequence
from typing import Protocol


class Signer(Protocol):
    """Signs with the installation's own key."""

    def sign(self, tenant: str, identity: str, roles: Sequence[str], issued: float, expires: float) -> str:
        """A token; times in Unix seconds. Raises Conflict where the installation has no key of its own."""
        ...
