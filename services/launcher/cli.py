"""The command line. What a command needs is imported when it runs, so that `binnacle --help` is quick."""

import importlib
import os
from pathlib import Path
from typing import Any

import click

from services.launcher.failures import LauncherError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
# Packages of their own, each with a click command named `command`.
ELSEWHERE = {
    "agent": "Send this machine's figures to a suite.",
    "dashboards": "Apply, compare and export dashboards.",
    "demo": "Send a shop's and a messaging platform's made-up traffic to a suite.",
    "import": "Import history from files: CSV, NDJSON, Parquet, OpenMetrics.",
    "key": "Create, list and revoke API keys.",
    "notifiers": "Apply, compare, export and test who is told of incidents.",
    "rules": "Apply, compare, export, test and import alerting rules.",
    "signing-key": "Renew the key that tokens are signed with.",
    "tenant": "Create, list, show and change tenants.",
}
# No package can be named by a word of the language; and two share one.
PACKAGES = {
    "import": "importing",
    "key": "administering.key",
    "signing-key": "signing_keys",
    "tenant": "administering.tenant",
}


class Commands(click.Group):
    """Knows the commands that live in packages of their own without importing them."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted([*super().list_commands(context), *ELSEWHERE])

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in ELSEWHERE:
            return super().get_command(context, name)
        package = PACKAGES.get(name, name)
        command: click.Command = importlib.import_module(f"services.launcher.{package}").command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        own = {name: command.get_short_help_str(80) for name, command in self.commands.items() if not command.hidden}
        with formatter.section("Commands"):
            formatter.write_dl(sorted({**own, **ELSEWHERE}.items()))


class Adopting(click.Command):
    """Takes what is said nowhere else from the variables that others' dashboards are set by.

    Its help names the variable of each option, and so does the fault of one that cannot be used.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        for parameter in self.params:
            if isinstance(parameter, click.Option):
                parameter.show_envvar = True

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        from services.launcher.foreign import Foreign

        foreign = Foreign(os.environ, lambda line: click.echo(line, err=True))
        context = super().make_context(info_name, args, parent, default_map=foreign.options(), **extra)
        foreign.tell_replaced()
        return context


def _data_dir(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path:
    from services.launcher.places import default_data_dir

    return (value or default_data_dir()).expanduser().absolute()


url_option = click.option(
    "--url",
    default="http://127.0.0.1:8080",
    show_default=True,
    envvar="BINNACLE_URL",
    show_envvar=True,
    help="The suite.",
)
data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="BINNACLE_DATA_DIR",
    show_envvar=True,
    callback=_data_dir,
    help="Where the suite keeps everything.  [default: ~/.local/share/binnacle]",
)


EDGE_MEMORY = click.IntRange(min=64 << 20)
PEM = click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True)


@click.group(cls=Commands, context_settings=CONTEXT)
@click.version_option(package_name="binnacle-suite", prog_name="binnacle")
def main() -> None:
    """Binnacle: analytics and monitoring, live within a second."""


@main.command(cls=Adopting)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, envvar="BINNACLE_PORT",
              help="The one port of the suite; 0 takes a free one.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, envvar="BINNACLE_HOST", help="IP address to listen on.")
@data_dir_option
@click.option("--auth", type=click.Choice(["off", "jwt"]), default="off", show_default=True, envvar="BINNACLE_AUTH",
              help="Whether callers need a token.")  # fmt: skip
@click.option("--demo/--no-demo", default=False, envvar="BINNACLE_DEMO", help="Add made-up traffic to look at.")
@click.option("--demo-rate", type=click.FloatRange(min=0, min_open=True), envvar="BINNACLE_DEMO_RATE",
              help="Volume of the made-up traffic.")  # fmt: skip
@click.option("--agent/--no-agent", default=True, show_default=True, envvar="BINNACLE_AGENT",
              help="Send this machine's figures.")  # fmt: skip
@click.option("--redis-url", envvar="BINNACLE_REDIS_URL", help="Use this Redis instead of starting one.")
@click.option("--clickhouse-dsn", envvar="BINNACLE_CLICKHOUSE_DSN", help="Use this ClickHouse instead of the built-in.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info",
              show_default=True, envvar="BINNACLE_LOG_LEVEL", help="How much the services say.")  # fmt: skip
@click.option("--log-format", type=click.Choice(["console", "json"]), default="console", show_default=True,
              envvar="BINNACLE_LOG_FORMAT", help="For a person, or one JSON object a line.")  # fmt: skip
@click.option("--access-log/--no-access-log", default=False, envvar="BINNACLE_ACCESS_LOG",
              help="A line for each request at the edge.")  # fmt: skip
@click.option("--cors-origin", "cors_origins", multiple=True, envvar="BINNACLE_CORS_ORIGINS",
              help="Origin whose pages may call, beside those of this machine; may be repeated.")  # fmt: skip
@click.option("--otlp-ports", is_flag=False, flag_value="4317,4318", envvar="BINNACLE_OTLP_PORTS",
              help="Listen on OpenTelemetry's own ports too; others can be named.")  # fmt: skip
@click.option("--tls/--no-tls", default=False, envvar="BINNACLE_TLS",
              help="Serve HTTPS, with a certificate made here unless one is given.")  # fmt: skip
@click.option("--tls-cert", type=PEM, envvar="BINNACLE_TLS_CERT", help="The edge's certificate; implies --tls.")
@click.option("--tls-key", type=PEM, envvar="BINNACLE_TLS_KEY", help="Its key.")
@click.option("--client-ca", type=PEM, envvar="BINNACLE_CLIENT_CA",
              help="Ask clients for certificates that these authorities signed; implies --tls.")  # fmt: skip
@click.option("--edge-memory-bytes", type=EDGE_MEMORY, default=1 << 30, envvar="BINNACLE_EDGE_MEMORY_BYTES",
              help="Memory at which the edge takes in nothing more.  [default: 1 GiB]")  # fmt: skip
@click.option("--collector-workers", "--workers", type=click.IntRange(1, 64), default=1, show_default=True,
              envvar="BINNACLE_COLLECTOR_WORKERS", help="Processes that take in points; each uses a core.")  # fmt: skip
def up(**options: object) -> None:
    """Run the whole suite on this machine until Ctrl-C."""
    from services.launcher.settings import SuiteSettings, chosen_address, chosen_ports
    from services.launcher.up import up as run

    host, port = chosen_address(str(options.pop("host")), int(str(options.pop("port"))), options["auth"])  # type: ignore[arg-type]
    otlp_ports = chosen_ports(options.pop("otlp_ports"))  # type: ignore[arg-type]
    raise SystemExit(run(SuiteSettings(host=host, port=port, otlp_ports=otlp_ports, **options)))  # type: ignore[arg-type]


@main.command()
@click.option("--tenant", required=True, help="Whose data the token opens.")
@click.option("--role", "roles", multiple=True, required=True, help="What its bearer may do; may be repeated.")
@click.option("--subject", default="", help="Who bears it, for the audit log.  [default: tenant and first role]")
@click.option("--ttl", default="30d", show_default=True, help="How long it is good for: 90s, 15m, 12h, 30d.")
@data_dir_option
def token(tenant: str, roles: tuple[str, ...], subject: str, ttl: str, data_dir: Path) -> None:
    """Print a token for a suite that runs with --auth jwt."""
    from services.core.tenants import is_tenant
    from services.launcher.keys import issue_token, seconds_of
    from services.runtime.roles import WORDS

    if not is_tenant(tenant):
        raise LauncherError(
            f"--tenant {tenant!r} is no name of a tenant: 1 to 64 letters, digits, _, . and -, no sign first."
        )
    if unknown := sorted(set(roles) - WORDS):
        raise LauncherError(f"--role {', '.join(unknown)} is none; there are {', '.join(sorted(WORDS))}.")
    click.echo(issue_token(data_dir, tenant, roles, seconds_of(ttl), subject))


@main.command()
@data_dir_option
@click.option("--within", type=click.FloatRange(min=1), default=300.0, show_default=True, help="Seconds to wait.")
def restart(data_dir: Path, within: float) -> None:
    """Restart a running suite part after part, without an outage."""
    from services.launcher.renewal import restart as run

    click.echo(run(data_dir, within))


@main.command()
@url_option
@click.option("--token", envvar="BINNACLE_TOKEN", help="Where the suite wants one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(url: str, token: str | None, as_json: bool) -> None:
    """Show how every part of a running suite does.

    Exit status: 0 all is healthy, 1 something is not (or cannot be asked), 2 nothing runs.
    """
    import json

    from rich.console import Console

    from services.launcher.status import EXIT_STATUS, report
    from services.launcher.status_view import show

    found = report(url.rstrip("/"), token)
    if as_json:
        click.echo(json.dumps(found.as_json()))
    else:
        show(found, Console())
    raise SystemExit(EXIT_STATUS[found.status])


@main.command("edge-config", hidden=True)
@click.option("--listen", default="0.0.0.0:8080", show_default=True, envvar="BINNACLE_EDGE_LISTEN")
@click.option("--admin", default="127.0.0.1:9901", show_default=True, envvar="BINNACLE_EDGE_ADMIN")
@click.option("--collector", required=True, envvar="BINNACLE_COLLECTOR")
@click.option("--aggregator", required=True, envvar="BINNACLE_AGGREGATOR")
@click.option("--streamer", required=True, envvar="BINNACLE_STREAMER")
@click.option("--alerting", required=True, envvar="BINNACLE_ALERTING")
@click.option("--pages", required=True, envvar="BINNACLE_PAGES")
@click.option("--collector-workers", type=click.IntRange(1, 64), default=1, envvar="BINNACLE_COLLECTOR_WORKERS")
@click.option("--intake", envvar="BINNACLE_INTAKE", help="The collector's HTTP listener; without it JSON goes by gRPC.")
@click.option("--jwks", envvar="BINNACLE_JWKS", help="Key set file; without it there is no authentication.")
@click.option("--access-log/--no-access-log", default=True, envvar="BINNACLE_ACCESS_LOG")
@click.option("--cors-origin", "cors_origins", multiple=True, envvar="BINNACLE_CORS_ORIGINS")
@click.option("--tls-cert", envvar="BINNACLE_TLS_CERT", help="Where the edge finds its certificate.")
@click.option("--tls-key", envvar="BINNACLE_TLS_KEY", help="Where it finds its key.")
@click.option("--client-ca", envvar="BINNACLE_CLIENT_CA", help="Where it finds who signs clients' certificates.")
@click.option("--memory-bytes", type=EDGE_MEMORY, default=1 << 30, envvar="BINNACLE_EDGE_MEMORY_BYTES")
@click.option("--descriptors", help="Where the edge finds the contracts (binnacle.binpb); as in its image unless told.")
def edge_config(
    listen: str,
    admin: str,
    jwks: str | None,
    access_log: bool,
    cors_origins: tuple[str, ...],
    collector_workers: int,
    tls_cert: str | None,
    tls_key: str | None,
    client_ca: str | None,
    memory_bytes: int,
    descriptors: str | None,
    **upstreams: str | None,
) -> None:
    """Print Envoy's configuration for a cluster."""
    from services.launcher.edge import DESCRIPTORS_IN_IMAGE, EdgeSettings, Target, render
    from services.launcher.edge_limits import EdgeLimits
    from services.launcher.issuers import other_issuers, own_issuer
    from services.launcher.transport import Tls, sign_in_told

    try:
        settings = EdgeSettings(
            listen=Target.parse(listen),
            admin=Target.parse(admin),
            upstreams={name: Target.parse(target) for name, target in upstreams.items() if target},
            issuers=[*([own_issuer(jwks)] if jwks else []), *other_issuers()],
            descriptors_at=descriptors or DESCRIPTORS_IN_IMAGE,
            access_log=access_log,
            cors_origins=cors_origins,
            collector_workers=collector_workers,
            limits=EdgeLimits.told(),
            tls=Tls(tls_cert, tls_key, client_ca, lasting=True) if tls_cert and tls_key else None,
            sign_in=sign_in_told(),
            memory_bytes=memory_bytes,
        )
    except ValueError as error:
        raise LauncherError(f"{error}.") from error
    click.echo(render(settings), nl=False)
