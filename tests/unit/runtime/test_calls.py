"""The current call, and streams that are left."""

import contextvars
from collections.abc import Generator

import pytest

from services.core.errors import Unauthenticated
from services.runtime.calls import LONGEST_WORD, Call, call_from, current_call, handling, outgoing_metadata, roles_in


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
        ("viewer,größe", ("viewer",)),
        ("WyJ2aWV3ZXIiLCJhXHUwMDBhYiJd", ("viewer",)),
    ],
)
def test_roles_are_listed_in_every_form(text: str, roles: tuple[str, ...]) -> None:
    assert roles_in(text) == roles


@pytest.mark.parametrize("said", ["a\tb", "é", "a" * 201, "", b"\xff", "\udcff", "a\nb"])
def test_an_id_that_could_not_be_recorded_is_replaced(said: object) -> None:
    call = call_from({"x-request-id": said})
    assert len(call.request_id) == 32
    assert call.request_id.isalnum()


def test_a_plain_id_follows_the_call() -> None:
    assert call_from({"x-request-id": "checkout 7 / try 2"}).request_id == "checkout 7 / try 2"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Jürgen Groß", "J%C3%BCrgen Gro%C3%9F"),
        ("a\r\nx-binnacle-roles: admin", "a%0D%0Ax-binnacle-roles: admin"),
        ("ü" * 500, "%C3%BC" * 34),
        ("", ""),
        (b"\xff", ""),
    ],
)
def test_whoever_bears_a_credential_can_be_recorded(said: object, told: str) -> None:
    call = call_from({"x-binnacle-subject": said, "x-binnacle-key": said})
    assert call.subject == call.key == told[:LONGEST_WORD]
    assert all(value.isascii() and value.isprintable() for _name, value in outgoing_metadata(call))
