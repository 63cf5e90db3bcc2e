"""Whether somebody waits for what is being done: what nobody waits for leaves room to the rest."""

from contextvars import ContextVar

_waited_for: ContextVar[bool] = ContextVar("waited_for", default=True)


def wait_for_nothing() -> None:
    """From now on nobody waits for what is done in this context, and in those that come of it."""
    _waited_for.set(False)


def is_waited_for() -> bool:
    """Whether somebody may wait for what is done here."""
    return _waited_for.get()
