"""How many examples are made where each of them takes long, as those do that fill a store."""

import os

FEWEST = 10


def examples(full: int, fewest: int = FEWEST) -> int:
    """The share of `full` that BINNACLE_TEST_SCALE says, as of all full figures (see tests/conftest.py)."""
    return max(fewest, round(full * float(os.environ.get("BINNACLE_TEST_SCALE", "0.1"))))
