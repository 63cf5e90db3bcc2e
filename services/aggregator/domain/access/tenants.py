"""Tenants and what they may take."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from services.core.clock import Clock
from services.core.configuration import Configuration
from services.core.errors import Conflict, InvalidInput, NotFound, Violation
from services.core.records import AuditRecord
from services.core.tenants import DEFAULT_TENANT, is_tenant

KIND = "tenant"
MAX_NAME = 100
MICRO = 1_000_000
# Greater than anything of use, and told by a double and by 32 bits.
_MOST = 4_000_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a tenant may take; 0 is what the installation has for all. Rates are by second."""

    points_per_second: float = 0.0
    events_per_second: float = 0.0
    requests_per_second: float = 0.0
    active_series: int = 0
    streams: int = 0
    body_bytes: int = 0
    bytes_per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant; times in microseconds since the Unix epoch, 0 where there is none."""

    id: str
    display_name: str = ""
    created_us: int = 0
    disabled: bool = False
    time_zone: str = ""
    limits: Limits = field(default_factory=Limits)
    revision: int = 0
    changed_us: int = 0


@dataclass(frozen=True, slots=True)
class TenantChange:
    """What to change of a tenant; None leaves as it is. `revision` is the one to be changed, any when 0."""

    display_name: str | None = None
    disabled: bool | None = None
    time_zone: str | None = None
    limits: Limits | None = None
    revision: int = 0


class Tenants:
    """Creates, tells and changes tenants. Methods raise what Configuration does."""

    def __init__(self, configuration: Configuration, clock: Clock) -> None:
        self._configuration = configuration
        self._clock = clock

    def all(self) -> Sequence[Tenant]:
        """The tenants that were created, and the one that is always there, by id."""
        known = {tenant.id: tenant for tenant in self.recorded()}
        known.setdefault(DEFAULT_TENANT, Tenant(DEFAULT_TENANT))
        return [known[identity] for identity in sorted(known)]

    def recorded(self) -> Sequence[Tenant]:
        """The tenants that were created or changed."""
        return [_tenant(record) for record in self._configuration.of(KIND).values()]

    def get(self, identity: str) -> Tenant:
        """One tenant. Raises NotFound."""
        record = self._configuration.of(KIND).get((identity, identity))
        if record is not None:
            return _tenant(record)
        if identity == DEFAULT_TENANT:
            return Tenant(identity)
        raise NotFound(f"there is no tenant {identity[:64]!r}")

    async def create(self, tenant: Tenant) -> Tenant:
        """Create one. Raises InvalidInput, and Conflict where there is one."""
        _check(tenant)
        if tenant.id == DEFAULT_TENANT or (tenant.id, tenant.id) in self._configuration.of(KIND):
            raise Conflict(f"there is a tenant {tenant.id} already")
        made = replace(tenant, created_us=int(self._clock.now() * MICRO))
        await self._configuration.change(KIND, made.id, made.id, "create", _payload(made))
        return self.get(made.id)

    async def update(self, identity: str, change: TenantChange) -> Tenant:
        """Change one. Raises NotFound, InvalidInput, and Conflict where the revision is another."""
        former = self.get(identity)
        if change.revision not in (0, former.revision):
            raise Conflict(f"the tenant {identity} was changed meanwhile: its revision is {former.revision}")
        if change.disabled and identity == DEFAULT_TENANT:
            raise InvalidInput.of("disabled", f"must not be set for {DEFAULT_TENANT}, which administers the others")
        given = {each.name: getattr(change, each.name) for each in fields(change) if each.name != "revision"}
        changed = replace(former, **{name: value for name, value in given.items() if value is not None})
        _check(changed)
        action = "update" if changed.disabled == former.disabled else "disable" if changed.disabled else "enable"
        await self._configuration.change(KIND, identity, identity, action, _payload(changed))
        return self.get(identity)


def _payload(tenant: Tenant) -> dict[str, Any]:
    held = asdict(tenant)
    del held["revision"], held["changed_us"]
    return held


def _tenant(record: AuditRecord) -> Tenant:
    held = json.loads(record.payload)
    told = {each.name: held[each.name] for each in fields(Tenant) if each.name in held}
    limits = told.get("limits", {})
    told["limits"] = Limits(**{each.name: limits[each.name] for each in fields(Limits) if each.name in limits})
    return Tenant(**{**told, "id": record.id, "revision": record.revision, "changed_us": record.time_us})


def _check(tenant: Tenant) -> None:
    faults = []
    if not is_tenant(tenant.id):
        faults.append(Violation("id", "must have 1 to 64 letters, digits, _, . and -, the first a letter or digit"))
    if len(tenant.display_name) > MAX_NAME or not tenant.display_name.isprintable():
        faults.append(Violation("display_name", f"must have at most {MAX_NAME} printable characters"))
    if tenant.time_zone and not _is_zone(tenant.time_zone):
        faults.append(Violation("time_zone", "must be a zone of the IANA database, such as Europe/Berlin"))
    for name, value in asdict(tenant.limits).items():
        if not isfinite(value) or not 0 <= value <= _MOST:
            faults.append(Violation(f"limits.{name}", f"must be between 0 and {_MOST:,}"))
    if faults:
        raise InvalidInput(faults)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
