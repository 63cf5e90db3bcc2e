"""`binnacle rules`: alerting rules as files, tried before they are applied; and rules that Prometheus had."""

from services.launcher.rules.cli import command

__all__ = ["command"]
