from collections.abc import Sequence

import pytest

from binnacle.metrics.v1.metrics_pb2 import MetricKind, SeriesDefinition
from binnacle_client import InvalidInput, Violation
from binnacle_client.series import Sample, SeriesBook

GAUGE = MetricKind.METRIC_KIND_GAUGE


class Registry:
    """Gives identities as the collector would, and refuses names it is told to."""

    def __init__(self, *refused: str) -> None:
        self.refused, self.asked = refused, list[list[str]]()

    async def __call__(self, definitions: Sequence[SeriesDefinition]) -> Sequence[int]:
        self.asked.append([definition.name for definition in definitions])
        bad = [Violation(f"series[{i}].name", "bad") for i, d in enumerate(definitions) if d.name in self.refused]
        if bad:
            raise InvalidInput("bad series", bad)
        return [1_000 + ord(definition.name) for definition in definitions]


def place(book: SeriesBook, name: str, **labels: str) -> int:
    found = book.place(name, labels, GAUGE, "")
    assert found is not None
    return found


def test_the_order_of_labels_does_not_matter() -> None:
    book = SeriesBook(9)
    assert place(book, "a", x="1", y="2") == place(book, "a", y="2", x="1") != place(book, "a", x="2", y="1")


def test_a_full_book_takes_known_series_only() -> None:
    book = SeriesBook(1)
    known = place(book, "a")
    assert book.place("b", {}, GAUGE, "") is None
    assert place(book, "a") == known


async def test_each_series_is_registered_once_until_forgotten() -> None:
    book, registry = SeriesBook(9), Registry()
    places = [place(book, name) for name in "ab"]
    await book.register(places, registry)
    await book.register([*places, place(book, "c")], registry)
    book.forget_ids()
    await book.register(places, registry)
    assert registry.asked == [["a", "b"], ["c"], ["a", "b"]]


async def test_a_refused_series_is_set_aside_and_the_others_go() -> None:
    book, registry = SeriesBook(9), Registry("b")
    samples = [Sample(place(book, name), 5, 0.5) for name in "abc"]
    await book.register([sample.place for sample in samples], registry)
    assert [book.refusal(sample) is not None for sample in samples] == [False, True, False]
    ids, times, values = book.columns([samples[0], samples[2]])
    assert (list(ids), list(times), list(values)) == ([1_097, 1_099], [5, 5], [0.5, 0.5])


async def test_a_refusal_that_names_no_series_sets_all_aside() -> None:
    async def refuse(_definitions: Sequence[SeriesDefinition]) -> Sequence[int]:
        raise InvalidInput("too many labels")

    book = SeriesBook(9)
    sample = Sample(place(book, "a"), 0, 0.0)
    await book.register([sample.place], refuse)
    refusal = book.refusal(sample)
    assert refusal is not None
    assert refusal.description == "too many labels"


@pytest.mark.parametrize("unit", ["ms", ""])
async def test_definitions_carry_what_was_said(unit: str) -> None:
    told = list[SeriesDefinition]()

    async def note(definitions: Sequence[SeriesDefinition]) -> Sequence[int]:
        told.extend(definitions)
        return [1]

    book = SeriesBook(9)
    book.place("latency", {"service": "s"}, GAUGE, unit)
    await book.register([0], note)
    assert told == [SeriesDefinition(name="latency", labels={"service": "s"}, kind=GAUGE, unit=unit)]
