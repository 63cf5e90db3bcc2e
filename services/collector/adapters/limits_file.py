"""Limits of single tenants from a TOML file, read again when it changes.

    [tenants.acme]
    points_per_second = 5_000
    active_series = 10_000

What a tenant is not given here it has from the settings.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.collector.domain.limits import LimitBook, TenantLimits
from services.core.clock import Clock
from services.core.errors import InvalidInput, Violation
from services.runtime.logs import Log

LOOK_SECONDS = 1.0
MAX_SKEW_HOURS = 24 * 3660
MAX_REQUEST_BYTES = 16 * 1024 * 1024
MAX_REQUEST_POINTS = 100_000

_Stamp = tuple[int, int, int]


class _Override(BaseModel):
    """What one tenant may be given; bounds as for the settings."""

    model_config = ConfigDict(extra="forbid", strict=True)

    points_per_second: float | None = Field(None, ge=0, allow_inf_nan=False)
    events_per_second: float | None = Field(None, ge=0, allow_inf_nan=False)
    bytes_per_second: float | None = Field(None, ge=0, allow_inf_nan=False)
    requests_per_second: float | None = Field(None, ge=0, allow_inf_nan=False)
    burst_seconds: float | None = Field(None, gt=0, le=3600, allow_inf_nan=False)
    request_bytes: int | None = Field(None, ge=1, le=MAX_REQUEST_BYTES)
    request_points: int | None = Field(None, ge=1, le=MAX_REQUEST_POINTS)
    labels_per_series: int | None = Field(None, ge=0, le=256)
    label_value_length: int | None = Field(None, ge=1, le=16_384)
    active_series: int | None = Field(None, ge=0)
    clock_skew_hours: float | None = Field(None, gt=0, le=MAX_SKEW_HOURS, allow_inf_nan=False)


class _File(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    tenants: dict[str, _Override] = Field(default_factory=dict)


def read(path: Path, default: TenantLimits) -> Mapping[str, TenantLimits]:
    """The limits of the tenants that the file names. Raises InvalidInput with every fault."""
    try:
        held = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput.of(str(path), f"cannot be read: {error}") from error
    except ValidationError as faults:
        raise InvalidInput(
            [Violation(f"{path}: {'.'.join(map(str, f['loc']))}", f["msg"]) for f in faults.errors()]
        ) from faults
    return {tenant: _merged(default, own) for tenant, own in held.tenants.items()}


def _merged(default: TenantLimits, own: _Override) -> TenantLimits:
    given = own.model_dump(exclude_none=True)
    return TenantLimits(**{name: given.get(name, getattr(default, name)) for name in _Override.model_fields})


class LimitsFile:
    """Keeps a LimitBook at what a file says. A file with faults is reported, and what was last good holds.

    Raises InvalidInput when it cannot be read at first.
    """

    def __init__(self, path: Path, book: LimitBook, clock: Clock, log: Log) -> None:
        self._path = path
        self._book = book
        self._clock = clock
        self._log = log
        self._stamp = _stamp(path)
        book.replace(read(path, book.default))

    async def follow(self) -> NoReturn:
        """Look once a second, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._stamp = stamp
                self._renew()

    def _renew(self) -> None:
        try:
            own = read(self._path, self._book.default)
        except InvalidInput as faults:
            self._log.error("the file of limits has faults; the limits stay as they were", reason=str(faults))
            return
        self._book.replace(own)
        self._log.info("limits renewed", tenants=len(own))


def _stamp(path: Path) -> _Stamp | None:
    """Changes when the file does; None while there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
