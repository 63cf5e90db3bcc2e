"""Python is in house style."""

from tests.architecture.commands import passes


def test_ruff_finds_nothing() -> None:
    passes("ruff", "check", "--no-cache", ".")


def test_files_are_formatted() -> None:
    passes("ruff", "format", "--no-cache", "--check", ".")
