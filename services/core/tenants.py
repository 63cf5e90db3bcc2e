"""Names of tenants."""

DEFAULT_TENANT = "default"
"""The one tenant of a suite that runs without authentication."""
