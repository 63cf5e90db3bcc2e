"""What a process tells of itself: what it is, where it runs, what it was told."""

import os
import platform
import socket
from collections.abc import Callable
from importlib.metadata import version

import psutil

from binnacle.processes.v1 import processes_pb2 as pb
from services.core.clock import Clock
from services.runtime.config import PREFIX, ServiceConfig
from services.runtime.secrets import shown

DISTRIBUTION = "binnacle-suite"

Describe = Callable[[], pb.Process]


def describer(name: str, clock: Clock) -> Describe:
    """How this process describes itself, from now on as the time it started."""
    this, began, since = psutil.Process(), clock.now(), clock.monotonic()
    made = pb.Process(
        name=name,
        version=version(DISTRIBUTION),
        host=socket.gethostname(),
        pid=os.getpid(),
        python_version=platform.python_version(),
        platform=f"{platform.system()}-{platform.release()}-{platform.machine()}",
        cpu_count=os.cpu_count() or 1,
        machine_memory_bytes=psutil.virtual_memory().total,
    )
    made.started_time.FromMilliseconds(int(began * 1000))

    def describe() -> pb.Process:
        told = pb.Process(uptime_seconds=clock.monotonic() - since, memory_bytes=this.memory_info().rss)
        told.cpu_seconds = sum(this.cpu_times()[:2])
        told.MergeFrom(made)
        return told

    return describe


def settings_of(config: ServiceConfig) -> list[pb.Setting]:
    """Every setting by name, without what is secret."""
    return [_setting(config, name) for name in sorted(type(config).model_fields)]


def _setting(config: ServiceConfig, name: str) -> pb.Setting:
    value, hidden = shown(name, getattr(config, name))
    return pb.Setting(
        name=PREFIX + name.upper(),
        value=value,
        hidden=hidden,
        given=name in config.model_fields_set,
        description=type(config).model_fields[name].description or "",
    )
