"""YAML of others: whatever a file holds, it is read or refused with a place, soon and in little memory."""

import time

import pytest

from services.core.errors import InvalidInput
from services.runtime.yaml_files import DEEPEST, load

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{former}'] * 9)}]\n" for former, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS, "holds more than 3,000,000 values.*line 7"),
        ("[" * 200_000, "more than 100 deep.*line 1, column 10"),
        ("- " * 20_000 + "x", "more than 100 deep"),
        ("a: &a [*a]", "stands for nothing before it"),
        ("&a {x: *a}", "stands for nothing before it"),
        ("a: *b", "stands for nothing before it"),
        ("a: " + "9" * 5_000, "this is no int.*line 1, column 4"),
        ("a: !!int x", "this is no int"),
        ("a: !!int ''", "this is no int"),
        ("a: !!float x", "this is no float"),
        ("a: !!bool x", "this is no bool"),
        ("a: !!timestamp x", "could not determine a constructor"),
        ("!!python/object/apply:os.system [exit]", "could not determine a constructor"),
        ("a: 1\nb: 2\na: 3", "a stands twice"),
        ("? [a]\n: 1", "unhashable"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=f"(?s)is no YAML: .*{said}"):
        load(text)


def test_aliases_stand_for_what_they_name() -> None:
    assert load("a: &a {x: 1}\nb:\n  <<: *a\n  y: *a\n") == {"a": {"x": 1}, "b": {"x": 1, "y": {"x": 1}}}


def test_what_people_write_is_not_too_deep() -> None:
    assert load("[" * DEEPEST + "]" * DEEPEST)


def test_words_are_texts() -> None:
    assert load("[on, yes, 10:30, 2026-01-31, 1_000]") == ["on", "yes", "10:30", "2026-01-31", "1_000"]


def test_a_long_mapping_takes_time_by_its_length_alone() -> None:
    begun = time.process_time()
    assert len(load("".join(f"k{number}: 1\n" for number in range(20_000)))) == 20_000
    assert time.process_time() - begun < 20.0, "it took more than 40 where each name was compared with all before"
