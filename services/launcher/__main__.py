"""`python -m services.launcher` is `binnacle`."""

from services.launcher.cli import main

main(prog_name="binnacle")
