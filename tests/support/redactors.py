"""Redactors for what is decoded by itself."""

from collections import Counter

from services.collector.domain.redaction import Redactor, SecretNames


def redactor(setting: str = "", replaced: Counter[str] | None = None) -> Redactor:
    """One of the usual names and those of a setting; `replaced` counts values by name."""
    told: Counter[str] = Counter() if replaced is None else replaced

    def count(name: str, values: int) -> None:
        told[name] += values

    return Redactor(SecretNames.told(setting), count)
