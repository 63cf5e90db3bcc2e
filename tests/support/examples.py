"""How many examples hypothesis makes where each of them fills a store."""

import os

FEWEST = 10


def examples(full: int) -> int:
    """The share of `full` that BINNACLE_TEST_SCALE says, as of all full figures (see tests/conftest.py)."""
    return max(FEWEST, round(full * float(os.environ.get("BINNACLE_TEST_SCALE", "0.1"))))
