"""`binnacle up`: from settings to a running suite."""

import asyncio
import shlex
import sys

import httpx

from services.core.clock import SystemClock
from services.launcher.credentials import Credentials
from services.launcher.envoy_admin import EnvoyAdmin
from services.launcher.failures import LauncherError
from services.launcher.places import DataLock, ensure_free, locked, runtime_dir, write_private
from services.launcher.plans import Sockets, forget_handover, own_certificate_path, plan_suite, token_issuers
from services.launcher.renewal import OUTCOME
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
        transport=httpx.AsyncHTTPTransport(uds=sockets.path("edge")) if settings.secure else None,
        told=lambda outcome: write_private(sockets.folder / OUTCOME, outcome.encode()),
        admin=EnvoyAdmin(sockets.path("admin")),
        announce=lambda: banner(settings),
        # The lock lasts until the last of the children is gone, however the launcher ends.
        inherited=[lock.descriptor],
    )
    try:
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(_follow_credentials(settings, sockets, terminal), name="credentials")
            status = await suite.run()
            following.cancel()
        return status
    finally:
        forget_handover(settings.data_dir)


async def _follow_credentials(settings: SuiteSettings, sockets: Sockets, terminal: Terminal) -> None:
    if issuers := token_issuers(settings):
        await Credentials(issuers, sockets.folder).follow(SystemClock(), terminal)


def banner(settings: SuiteSettings) -> str:
    """What to do next, for the person in front of the terminal."""
    lines = [f"Binnacle is ready: {settings.url}", ""]
    curl = "curl"
    if settings.secure and settings.tls_cert is None:
        curl += " --cacert " + shlex.quote(str(own_certificate_path(settings.data_dir)))
    if settings.auth == "jwt":
        data_dir = shlex.quote(str(settings.data_dir))
        lines += [
            # As it was called: it is on nobody's PATH who did not put it there.
            f"  token    {shlex.quote(sys.argv[0])} token --tenant default --role admin --data-dir {data_dir}",
            f'  try      {curl} -H "Authorization: Bearer $TOKEN" {settings.url}/dashboard',
        ]
    else:
        lines.append(f"  try      {curl} {settings.url}/dashboard")
    if settings.otlp_ports:
        lines.append(f"  OTLP     also on {', '.join(map(str, settings.otlp_ports))}")
    lines += [f"  data     {settings.data_dir}", "  stop     Ctrl-C"]
    return "\n".join(f"  {line}" if line else line for line in lines)
