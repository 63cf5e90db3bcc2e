"""`binnacle up`: from settings to a running suite."""

import asyncio
import shlex
import sys

from services.core.clock import SystemClock
from services.launcher.envoy_admin import EnvoyAdmin
from services.launcher.failures import LauncherError
from services.launcher.places import DataLock, ensure_free, locked, runtime_dir
from services.launcher.plans import Sockets, plan_suite
from services.launcher.settings import SuiteSettings
from services.launcher.suite import Suite
from services.launcher.terminal import Terminal


def up(settings: SuiteSettings) -> int:
    """Run a suite until a signal ends it; the exit status. Raises LauncherError when it must not start."""
    with locked(settings.data_dir) as lock:
        for port in (settings.port, *settings.otlp_ports):
            ensure_free(settings.host, port)
        with runtime_dir() as runtime:
            lock.tell(runtime)
            colour = sys.stdout.isatty()
            with Terminal(sys.stdout, settings.log_format, colour) as terminal:
                return asyncio.run(_run(settings, Sockets(runtime), terminal, lock))


async def _run(settings: SuiteSettings, sockets: Sockets, terminal: Terminal, lock: DataLock) -> int:
    try:
        plans = plan_suite(settings, sockets.folder)
    except OSError as error:
        raise LauncherError(f"The data directory {settings.data_dir} cannot be used: {error}.") from error
    terminal.say(f"starting {', '.join(plan.name for plan in plans)}; data in {settings.data_dir}")
    suite = Suite(
        plans,
        terminal,
        SystemClock(),
        url=settings.url,
        admin=EnvoyAdmin(sockets.path("admin")),
        announce=lambda: banner(settings),
        # The lock lasts until the last of the children is gone, however the launcher ends.
        inherited=[lock.descriptor],
    )
    return await suite.run()


def banner(settings: SuiteSettings) -> str:
    """What to do next, for the person in front of the terminal."""
    lines = [f"Binnacle is ready: {settings.url}", ""]
    if settings.auth == "jwt":
        data_dir = shlex.quote(str(settings.data_dir))
        lines += [
            "  token    binnacle token --tenant default --role admin --data-dir " + data_dir,
            f'  try      curl -H "Authorization: Bearer $TOKEN" {settings.url}/dashboard',
        ]
    else:
        lines.append(f"  try      curl {settings.url}/dashboard")
    if settings.otlp_ports:
        lines.append(f"  OTLP     also on {', '.join(map(str, settings.otlp_ports))}")
    lines += [f"  data     {settings.data_dir}", "  stop     Ctrl-C"]
    return "\n".join(f"  {line}" if line else line for line in lines)
