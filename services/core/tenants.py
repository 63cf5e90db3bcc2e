"""Names of tenants."""

import re

DEFAULT_TENANT = "default"
"""The one tenant of a suite that runs without authentication."""

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def is_tenant(name: str) -> bool:
    """Whether there can be a tenant of this name: 1 to 64 letters, digits, `_`, `.`, `-`, no sign at first."""
    return _TENANT.fullmatch(name) is not None
