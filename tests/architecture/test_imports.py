"""The floors and rooms of .importlinter hold."""

from tests.architecture.commands import passes


def test_nothing_is_imported_against_the_architecture() -> None:
    passes("lint-imports", "--no-cache")
