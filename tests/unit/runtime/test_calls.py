"""The current call, and streams that are left."""

import contextvars
from collections.abc import Generator

import pytest

from services.core.errors import Unauthenticated
from services.runtime.calls import Call, current_call, handling, roles_in


def stream() -> Generator[str, None, None]:
    with handling(Call("acme", "id-1")):
        while True:
            yield current_call().tenant


def test_a_stream_may_be_closed_from_another_context() -> None:
    left = stream()
    assert contextvars.copy_context().run(next, left) == "acme"
    contextvars.copy_context().run(left.close)
    with pytest.raises(Unauthenticated):
        current_call()


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("", ()),
        ("viewer", ("viewer",)),
        ("viewer,editor", ("viewer", "editor")),
        ("viewer editor, admin", ("viewer", "editor", "admin")),
        ("WyJ2aWV3ZXIiLCJlZGl0b3IiXQ", ("viewer", "editor")),
        ("WyJ2aWV3ZXIiLDdd", ("viewer",)),
        ("Writer", ("Writer",)),
    ],
)
def test_roles_are_listed_in_every_form(text: str, roles: tuple[str, ...]) -> None:
    assert roles_in(text) == roles
