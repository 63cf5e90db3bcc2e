"""`binnacle agent`: this machine, the suite's own processes, Envoy and Prometheus endpoints, through the public API."""

from services.launcher.agent.cli import command

__all__ = ["command"]
