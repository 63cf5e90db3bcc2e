"""Secrets that are sealed open where they belong, with the key they were sealed by, and nowhere else."""

import pytest
from hypothesis import given, strategies as st

from services.core.errors import Unavailable
from services.runtime.sealing import CannotOpen, Seal

SEAL = Seal("k" * 64)


@given(st.text(), st.text())
def test_what_was_sealed_opens_in_its_place(secret: str, place: str) -> None:
    assert SEAL.opened(SEAL.sealed(secret, place), place) == secret


def test_it_does_not_open_elsewhere_or_by_another_key_or_changed() -> None:
    sealed = SEAL.sealed("secret", "here")
    for seal, text, place in (
        (SEAL, sealed, "there"),
        (Seal("other"), sealed, "here"),
        (Seal(""), sealed, "here"),
        (SEAL, f"{sealed[:-8]}AAAAAAAA", "here"),
        (SEAL, "secret", "here"),
        (SEAL, "", "here"),
    ):
        with pytest.raises(CannotOpen):
            seal.opened(text, place)


def test_the_same_is_never_sealed_alike() -> None:
    assert SEAL.sealed("secret", "here") != SEAL.sealed("secret", "here")


def test_without_a_key_nothing_is_sealed() -> None:
    with pytest.raises(Unavailable, match="BINNACLE_SEALING_KEY"):
        Seal("").sealed("secret", "here")
