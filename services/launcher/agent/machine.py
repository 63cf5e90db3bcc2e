"""CPU, memory, disks, network and load of this machine."""

import os
from collections.abc import Iterator

import psutil

from services.core import conventions
from services.core.clock import Clock
from services.launcher.agent.readings import Rates, Reading

SYSTEM_MEMORY_USED = "system_memory_used_bytes"
SYSTEM_DISK_USED = "system_disk_used_bytes"
SYSTEM_LOAD1 = "system_load1"

_MOUNTS_EVERY_SECONDS = 60.0
# Read-only images: always full, never news.
_IMAGES = frozenset({"squashfs", "iso9660", "erofs"})


class Machine:
    """Reads this machine; the first reading has no rates and no CPU."""

    def __init__(self, host: str, clock: Clock) -> None:
        self._labels = {conventions.HOST_LABEL: host}
        self._clock = clock
        self._rates = Rates()
        self._mounts: list[str] = []
        self._mounts_until = 0.0
        psutil.cpu_percent(None)

    def read(self) -> list[Reading]:
        """Everything, now."""
        return [*self._processor(), *self._memory(), *self._network(), *self._disks()]

    def _reading(self, name: str, value: float, unit: str) -> Reading:
        return Reading(name, value, self._labels, unit=unit)

    def _processor(self) -> Iterator[Reading]:
        yield self._reading(conventions.SYSTEM_CPU, psutil.cpu_percent(None), "%")
        yield self._reading(SYSTEM_LOAD1, os.getloadavg()[0], "1")

    def _memory(self) -> Iterator[Reading]:
        memory = psutil.virtual_memory()
        yield self._reading(conventions.SYSTEM_MEMORY, memory.percent, "%")
        yield self._reading(SYSTEM_MEMORY_USED, memory.total - memory.available, "By")

    def _network(self) -> Iterator[Reading]:
        now = self._clock.monotonic()
        # The loopback carries the suite's own talk; it says nothing about the machine's network.
        cards = [card for name, card in psutil.net_io_counters(pernic=True).items() if name != "lo"]
        totals = {
            conventions.SYSTEM_RECEIVE: sum(card.bytes_recv for card in cards),
            conventions.SYSTEM_TRANSMIT: sum(card.bytes_sent for card in cards),
        }
        for name, total in totals.items():
            rate = self._rates.rate(name, total, now)
            if rate is not None:
                yield self._reading(name, rate, "By/s")

    def _disks(self) -> Iterator[Reading]:
        for mount in self._current_mounts():
            try:
                usage = psutil.disk_usage(mount)
            except OSError:
                continue
            labels = {**self._labels, conventions.MOUNT_LABEL: mount}
            yield Reading(conventions.SYSTEM_DISK, usage.percent, labels, unit="%")
            yield Reading(SYSTEM_DISK_USED, usage.used, labels, unit="By")

    def _current_mounts(self) -> list[str]:
        now = self._clock.monotonic()
        if not self._mounts or now >= self._mounts_until:
            self._mounts, self._mounts_until = _mounts(), now + _MOUNTS_EVERY_SECONDS
        return self._mounts


def _mounts() -> list[str]:
    """The root, and the first mount of every other disk; containers mount one disk many times, even on single files."""
    by_device: dict[str, str] = {}
    for partition in psutil.disk_partitions(all=False):
        if partition.fstype not in _IMAGES and os.path.isdir(partition.mountpoint):
            by_device.setdefault(partition.device, partition.mountpoint)
    others = {mount for mount in by_device.values() if os.stat(mount).st_dev != os.stat("/").st_dev}
    return ["/", *sorted(others)]
