"""The command `binnacle demo`."""

import click


@click.command("demo")
@click.option("--target", default="127.0.0.1:8080", show_default=True, envvar="BINNACLE_EDGE", help="The edge.")
@click.option("--rate", type=click.FloatRange(0, 2_000, min_open=True), default=20.0, show_default=True,
              envvar="BINNACLE_DEMO_RATE", help="Requests a second, on average over a day.")  # fmt: skip
@click.option("--seed", type=int, envvar="BINNACLE_DEMO_SEED", help="The same seed tells the same story.")
@click.option("--token", envvar="BINNACLE_TOKEN", help="Where the suite wants one.")
def command(target: str, rate: float, seed: int | None, token: str | None) -> None:
    """Send a shop's and a messaging platform's made-up traffic to a suite, until Ctrl-C."""
    from services.launcher.demo.run import run
    from services.launcher.worker import work

    work("demo", lambda log, clock: run(target, token, rate, seed, log, clock))
