"""Binnacle's processes and what they share: `core` <- `runtime` <- the four services <- `launcher`."""
