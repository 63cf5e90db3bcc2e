"""Several questions at once, told as one."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def told_alone() -> Iterator[None]:
    """Around a task group: raises the first of the errors that ended it, instead of a group of one."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise _first(group) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
