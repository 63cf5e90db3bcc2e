"""`binnacle dashboards`: dashboards as files."""

from services.launcher.dashboards.cli import command

__all__ = ["command"]
