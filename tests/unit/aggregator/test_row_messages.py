"""A row that is told again and again is made into a message once."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from services.aggregator.convert import changes, dashboard, logs, pages
from services.aggregator.convert.row_messages import LONGEST, MOST_ROWS, forget, made_once
from services.aggregator.ports.logs import StoredLine
from services.aggregator.ports.store import StoredEvent

EVENT = StoredEvent(1_000, 2_000, "deploy", "shop", "ada", "s-1", '{"version": "1.2"}', ("aa", 7, 3))
LINE = StoredLine((1_000, "aa", 7, 3), 2, "shop", "it rains", "t-1", "s-1", '{"city": "Ulm"}')


@pytest.mark.parametrize("make", [dashboard.tracked_event, pages.event, changes.change])
def test_an_event_is_made_into_a_message_once(make: Callable[[StoredEvent], Any]) -> None:
    assert make(EVENT) is make(dataclasses.replace(EVENT))
    assert make(dataclasses.replace(EVENT, user_id="bob")).user_id == "bob"


def test_a_line_is_made_into_a_message_once() -> None:
    assert logs.line(LINE) is logs.line(dataclasses.replace(LINE))
    assert logs.line(dataclasses.replace(LINE, message="it pours")).message == "it pours"


def once(make: Callable[[str], None]) -> Callable[[str], None]:
    def length(row: str) -> int:
        return len(row)

    return made_once(length)(make)


@pytest.mark.parametrize(("length", "makings"), [(LONGEST, 1), (LONGEST + 1, 2)])
def test_long_rows_are_not_kept(length: int, makings: int) -> None:
    made: list[str] = []
    make = once(made.append)
    make("x" * length)
    make("x" * length)
    assert len(made) == makings


def test_what_was_made_before_rows_were_deleted_is_let_go() -> None:
    before = pages.event(EVENT)
    forget()
    assert pages.event(EVENT) is not before
    assert pages.event(EVENT) == before


def test_no_more_rows_are_kept_than_most() -> None:
    made: list[str] = []
    make = once(made.append)
    for number in (0, *range(MOST_ROWS + 1), 0):
        make(str(number))
    assert made.count("0") == 2
