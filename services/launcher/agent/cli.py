"""The command `binnacle agent`."""

import os
import platform
from typing import Any

import click

from services.launcher.durations import Duration


def _targets(_context: click.Context, parameter: click.Parameter, urls: tuple[str, ...]) -> tuple[Any, ...]:
    from services.launcher.agent.scrape import Target

    try:
        return tuple(Target.of(url) for url in urls)
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from error


def _suite_pid() -> int | None:
    """The launcher that started this agent, if one did."""
    told = os.environ.get("BINNACLE_SUITE_PID")
    if told:
        return int(told)
    return os.getppid() if os.environ.get("BINNACLE_ENVOY_ADMIN") else None


@click.command("agent")
@click.option("--target", default="127.0.0.1:8080", show_default=True, envvar="BINNACLE_EDGE", help="The edge.")
@click.option("--interval", type=Duration(0.1), default="1s", show_default=True, help="Time between readings.")
@click.option("--scrape", multiple=True, callback=_targets, metavar="URL", envvar="BINNACLE_SCRAPE",
              help="Prometheus endpoint; may be repeated.")  # fmt: skip
@click.option("--scrape-interval", type=Duration(1.0), default="5s", show_default=True, help="Time between scrapes.")
@click.option("--token", envvar="BINNACLE_TOKEN", help="Where the suite wants one.")
@click.option("--process-root", type=int, metavar="PID", help="Read the suite's processes under this one.")
@click.option("--envoy-admin", envvar="BINNACLE_ENVOY_ADMIN", metavar="SOCKET", help="Envoy's admin socket or address.")
@click.option("--redis-url", envvar="BINNACLE_REDIS_URL", help="Redis whose connections to count.")
@click.option("--clickhouse-dsn", envvar="BINNACLE_CLICKHOUSE_DSN", help="ClickHouse server to count those of.")
@click.option("--own-figures/--no-own-figures", default=False, envvar="BINNACLE_OWN_FIGURES",
              help="Send what rules about the suite are judged by; the token needs the role viewer, too.")  # fmt: skip
@click.option("--host", default=platform.node() or "localhost", show_default=True, help="Name of this machine.")
def command(process_root: int | None, host: str, **options: Any) -> None:
    """Send this machine's figures to a suite, until Ctrl-C."""
    from services.launcher.agent.run import Settings, run
    from services.launcher.worker import work

    settings = Settings(process_root=process_root or _suite_pid(), host=host, **options)
    work("agent", lambda log, clock: run(settings, log, clock))
