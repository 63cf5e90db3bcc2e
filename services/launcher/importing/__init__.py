"""`binnacle import`: history from files, as fast as it is welcome, once however often it is begun again."""

from services.launcher.importing.cli import command

__all__ = ["command"]
