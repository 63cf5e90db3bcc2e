"""Secrets that have to be kept and used again, such as what others' services are called with: sealed by a key.

What is sealed can be kept anywhere. It is bound to the place it is for, so that it opens nowhere else.
"""

import base64
import os
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.core.errors import Unavailable

KEY_BYTES = 32
_FORM = "sealed.1."
_NONCE_BYTES = 12


class CannotOpen(ValueError):
    """It was sealed by another key, for another place, or is none of ours."""


class Seal:
    """Seals and opens by AES-GCM with a key made of a text; without one it does neither."""

    def __init__(self, key: str) -> None:
        self._key = AESGCM(blake2b(key.encode(), digest_size=KEY_BYTES).digest()) if key else None

    def sealed(self, secret: str, place: str) -> str:
        """A secret, sealed for a place. Raises Unavailable without a key."""
        if self._key is None:
            raise Unavailable("secrets cannot be kept: BINNACLE_SEALING_KEY is not set")
        nonce = os.urandom(_NONCE_BYTES)
        held = nonce + self._key.encrypt(nonce, secret.encode(), place.encode())
        return _FORM + base64.urlsafe_b64encode(held).decode()

    def opened(self, sealed: str, place: str) -> str:
        """What was sealed for a place. Raises CannotOpen."""
        try:
            held = base64.urlsafe_b64decode(sealed.removeprefix(_FORM))
            if self._key is None or not sealed.startswith(_FORM):
                raise CannotOpen
            return self._key.decrypt(held[:_NONCE_BYTES], held[_NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError) as fault:
            raise CannotOpen from fault
