"""`binnacle demo`: made-up traffic of a shop and a messaging platform, so that every figure moves.

All but `run` and `cli` is pure: a world that moves from one moment to the next by a given random source.
"""

from services.launcher.demo.cli import command

__all__ = ["command"]
