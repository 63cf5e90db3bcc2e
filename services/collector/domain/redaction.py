"""Values of attributes and labels that are named like secrets: replaced before anything is written."""

from collections.abc import Callable, Iterable, Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from services.collector.domain.refusals import Refusal, RefusalBook, Tally
from services.collector.ports import Meter

REDACTED = "[redacted]"
REASON = "redacted"
WORDS = (
    "password", "passwd", "pwd", "passphrase", "passcode",
    "secret", "token", "bearer", "cookie", "credential", "credentials",
    "authorization", "authorisation", "api_key", "access_key", "secret_key", "private_key", "signing_key",
)  # fmt: skip
OFF = "off"
REMEMBERED = 10_000

_SMALL = bytes(range(256)).lower()
_SEPARATORS = bytes(byte for byte in range(128) if not chr(byte).isalnum())


def folded(name: str) -> bytes:
    """A name without case and separators: of ASCII letters and digits, and whatever is beyond ASCII."""
    return name.encode("utf-8", "replace").translate(_SMALL, _SEPARATORS)


class SecretNames:
    """Which names are those of secrets: such as end with one of the words, whatever their case and separators."""

    def __init__(self, words: Iterable[str] = WORDS) -> None:
        self.words = tuple(sorted({folded(word) for word in words} - {b""}))
        self.plain: set[str] = set()
        """Names that are known to be of no secret: senders repeat theirs."""

    @classmethod
    def told(cls, setting: str) -> "SecretNames":
        """The usual words and those of a setting: `iban, -cookie` adds one, and leaves one out; `off` is none."""
        given = [word.strip() for word in setting.split(",")]
        if OFF in (word.lower() for word in given):
            return cls(())
        left_out = {folded(word) for word in given if word.startswith("-")}
        return cls(word for word in (*WORDS, *given) if not word.startswith("-") and folded(word) not in left_out)

    def none_of(self, names: AbstractSet[str]) -> bool:
        """Whether no name is one of a secret."""
        return names <= self.plain or not any(map(self.has, names))

    def has(self, name: str) -> bool:
        """Whether a name is one of a secret."""
        if name in self.plain:
            return False
        if folded(name).endswith(self.words):
            return True
        if len(self.plain) >= REMEMBERED:
            self.plain.clear()
        self.plain.add(name)
        return False


@dataclass(frozen=True, slots=True)
class Redactor:
    """Replaces the values of secret names; `replaced` is told the name and how many values it was.

    Nothing, true, false and the empty text are no secrets, and stay.
    """

    names: SecretNames
    replaced: Callable[[str, int], None]

    def labels(self, given: dict[str, str]) -> dict[str, str]:
        """Labels of a series; the same object where none is secret."""
        return given if self.names.none_of(given.keys()) else self._mapping(given)

    def pairs(self, given: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """The same as pairs of name and value."""
        told = dict(given)
        return given if self.labels(told) is told else tuple((name, self._value(name, value)) for name, value in given)

    def attributes(self, given: dict[str, Any]) -> dict[str, Any]:
        """Attributes and what is nested in them; the same object where nothing is secret."""
        return self._mapping(given)

    def value(self, given: Any) -> Any:
        """A value of no name, with what is nested in it; the same object where nothing is secret."""
        return self._inner(given)

    def _mapping(self, given: dict[str, Any]) -> dict[str, Any]:
        told = {name: self._value(name, value) for name, value in given.items()}
        return told if any(told[name] is not value for name, value in given.items()) else given

    def _value(self, name: str, value: Any) -> Any:
        if not self.names.has(name):
            return self._inner(value)
        if value is None or isinstance(value, bool) or value == "":
            return value
        self.replaced(name, 1)
        return REDACTED

    def _inner(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self._mapping(value)
        if not isinstance(value, list):
            return value
        told = [self._inner(each) for each in value]
        return told if any(new is not old for new, old in zip(told, value, strict=True)) else value


class Redaction:
    """Makes redactors. Each tenant is told of a name once, as an intake warning; every value is counted."""

    def __init__(self, names: SecretNames, refusals: RefusalBook, meter: Meter) -> None:
        self._names = names
        self._refusals = refusals
        self._meter = meter
        self._told: set[tuple[str, str, str]] = set()

    def of(self, tenant: str, kind: str) -> Redactor:
        """For what a tenant writes of a kind: `events`, `logs`, `spans` or `samples`."""
        return Redactor(self._names, lambda name, count: self._replaced(tenant, kind, name, count))

    def silent(self) -> Redactor:
        """For what is read once more: it was told of."""
        return Redactor(self._names, lambda _name, _count: None)

    def _replaced(self, tenant: str, kind: str, name: str, count: int) -> None:
        self._meter.redacted(kind, count)
        key = (tenant, kind, name)
        if key in self._told:
            return
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told.add(key)
        rule = f"is named like a secret: its values are replaced by {REDACTED} (setting BINNACLE_REDACT)"
        self._refusals.tell(tenant, kind, Tally(Refusal.of(REASON, name, rule), count))
