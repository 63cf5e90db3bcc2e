"""API keys: what is kept of them, which is everything but the key."""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, NoReturn

from services.aggregator.ports.signing import Signer
from services.core.clock import Clock
from services.core.configuration import Configuration
from services.core.errors import Conflict, InvalidInput, NotFound, Overloaded, Unavailable, Violation
from services.core.records import AuditRecord

KIND, USE = "key", "key_use"
ROLES = ("viewer", "responder", "editor", "admin", "ingester")
MAX_NAME = 100
DAY = 86_400.0
USUAL_SECONDS, LEAST_SECONDS, MOST_SECONDS = 365 * DAY, 60.0, 3_650 * DAY
MOST_KEYS = 1_000
MICRO = 1_000_000
ROUND_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of a tenant; times in microseconds since the Unix epoch, 0 where there is none."""

    tenant: str
    id: str
    name: str
    roles: tuple[str, ...]
    created_us: int
    expires_us: int
    revoked_us: int = 0
    created_by: str = ""


class Keys:
    """Creates, tells and revokes keys. Methods raise what Configuration does."""

    def __init__(self, configuration: Configuration, signer: Signer, clock: Clock) -> None:
        self._configuration = configuration
        self._signer = signer
        self._clock = clock
        self._used: set[tuple[str, str]] = set()

    def of_tenant(self, tenant: str) -> Sequence[ApiKey]:
        """A tenant's keys, the newest first."""
        found = [key for key in self._all() if key.tenant == tenant]
        return sorted(found, key=lambda key: (key.created_us, key.id), reverse=True)

    def last_used_day(self, key: ApiKey) -> str:
        """The day, UTC, on which it was used last; empty when it never was."""
        used = self._configuration.of(USE).get((key.tenant, key.id))
        return "" if used is None else str(json.loads(used.payload).get("day", ""))

    def revoked(self) -> Sequence[ApiKey]:
        """Everybody's keys that are revoked, and would hold if they were not."""
        now_us = self._now_us()
        return [key for key in self._all() if key.revoked_us and key.expires_us > now_us]

    async def create(self, tenant: str, name: str, roles: Sequence[str], seconds: float, by: str) -> tuple[ApiKey, str]:
        """A key good for so many seconds, and its token, which is kept nowhere.

        Raises InvalidInput, and Conflict where there are too many or nothing to sign with.
        """
        _check(name, roles, seconds)
        now_us = self._now_us()
        if sum(not key.revoked_us and key.expires_us > now_us for key in self.of_tenant(tenant)) >= MOST_KEYS:
            raise Conflict(f"the tenant has {MOST_KEYS:,} keys that hold; revoke one first")
        expires_us = now_us + int(seconds * MICRO)
        key = ApiKey(tenant, secrets.token_hex(8), name, tuple(dict.fromkeys(roles)), now_us, expires_us, 0, by)
        token = self._signer.sign(tenant, key.id, key.roles, now_us / MICRO, expires_us / MICRO)
        await self._configuration.change(KIND, tenant, key.id, "create", _payload(key))
        return key, token

    async def revoke(self, tenant: str, identity: str) -> ApiKey:
        """Revoke a key of a tenant for good. Raises NotFound."""
        record = self._configuration.of(KIND).get((tenant, identity))
        if record is None:
            raise NotFound("there is no such key")
        key = _key(record)
        if not key.revoked_us:
            key = replace(key, revoked_us=self._now_us())
            await self._configuration.change(KIND, tenant, identity, "revoke", _payload(key))
        return key

    def note_used(self, used: Iterable[tuple[str, str]]) -> None:
        """These tenants' keys were used just now; what is no key of ours is passed over."""
        self._used.update(used)

    async def run(self) -> NoReturn:
        """Record the first use of each key on each day, until cancelled."""
        while True:
            await self._clock.sleep(ROUND_SECONDS)
            used, self._used = self._used, set()
            try:
                await self._record_use(used)
            except (Unavailable, Overloaded):
                self._used |= used

    async def _record_use(self, used: Iterable[tuple[str, str]]) -> None:
        day = datetime.fromtimestamp(self._clock.now(), UTC).date().isoformat()
        keys = self._configuration.of(KIND)
        for tenant, identity in sorted(used):
            record = keys.get((tenant, identity))
            if record is not None and self.last_used_day(_key(record)) < day:
                await self._configuration.change(USE, tenant, identity, "use", {"day": day})

    def _all(self) -> Iterable[ApiKey]:
        return map(_key, self._configuration.of(KIND).values())

    def _now_us(self) -> int:
        return int(self._clock.now() * MICRO)


def _payload(key: ApiKey) -> dict[str, Any]:
    held = asdict(key)
    del held["tenant"], held["id"]
    return held


def _key(record: AuditRecord) -> ApiKey:
    # What another version left out must not hinder the rest: a key without an end has ended.
    held = json.loads(record.payload)
    return ApiKey(
        tenant=record.tenant,
        id=record.id,
        name=str(held.get("name", "")),
        roles=tuple(map(str, held.get("roles", ()))),
        created_us=int(held.get("created_us", 0)),
        expires_us=int(held.get("expires_us", 0)),
        revoked_us=int(held.get("revoked_us", 0)),
        created_by=str(held.get("created_by", "")),
    )


def _check(name: str, roles: Sequence[str], seconds: float) -> None:
    faults = []
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        faults.append(Violation("name", f"must have 1 to {MAX_NAME} printable characters"))
    if not roles or not set(roles) <= set(ROLES):
        faults.append(Violation("roles", f"must be one or more of {', '.join(ROLES)}"))
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        faults.append(Violation("ttl", "must be between a minute and 3,650 days"))
    if faults:
        raise InvalidInput(faults)
