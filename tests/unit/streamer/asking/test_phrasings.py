"""What people type becomes the question that they mean; what it does not become is said."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from services.core.questions import Calculation, Expression, Operand, Selection
from services.runtime.faults import Faults
from services.runtime.spans import span_text
from services.runtime.yaml_files import load
from services.streamer.convert.dashboards.answers import asked_message
from services.streamer.convert.dashboards.messages import check_widget
from services.streamer.domain.asking.asked import Asked, Shown
from services.streamer.domain.asking.asking import ask
from services.streamer.domain.asking.words import Text
from services.streamer.ports.catalogue import Kind, Known, Metric

PHRASINGS, OTHERS, EVENTS = (
    Path(__file__).with_name(name) for name in ("phrasings.yaml", "others.yaml", "events.yaml")
)
NOON = 1_795_262_400.0  # Saturday, 21 November 2026, 12:00 UTC
LEAST_RIGHT = 0.9


def metric(name: str, labels: str, kind: Kind = "value") -> tuple[str, Metric]:
    return name, Metric(name, kind=kind, labels=frozenset(labels.split()))


KNOWN = Known(
    metrics=dict(
        [
            metric("latency", "service endpoint"),
            metric("system_cpu_percent", "host"),
            metric("system_memory_percent", "host"),
            metric("process_cpu_percent", "host process"),
            metric("process_memory_bytes", "host process"),
            metric("database_connections", "database"),
            metric("queue_depth", "queue region"),
            metric("orders_total", "region status", "total"),
            metric("cache_hits_total", "cache", "total"),
            metric("cache_misses_total", "cache", "total"),
            metric("kafka_consumer_lag", "topic group"),
            metric("login_attempts_total", "method outcome", "total"),
            metric("temperature_celsius", "room"),
            metric("db_query_seconds", "table", "distribution"),
            metric("jvm_heap_used_bytes", "service"),
            metric("envoy_requests", "class host", "total"),
        ]
    ),
    values={
        "service": ["cart", "checkout", "frontend", "gateway", "payments", "productcatalog", "search"],
        "endpoint": ["/cart/items", "/checkout", "/search"],
        "host": ["db-1", "web-1", "web-2"],
        "process": ["nginx", "postgres"],
        "region": ["eu-west", "us-east"],
        "status": ["paid", "refunded"],
        "queue": ["mail", "invoices"],
        "cache": ["page", "session"],
        "topic": ["clicks", "orders"],
        "group": ["billing", "reporting"],
        "outcome": ["failed", "ok"],
        "room": ["attic", "cellar"],
        "table": ["customers", "invoices"],
        "class": ["2xx", "5xx"],
    },
    event_types=("deploy", "page_view", "purchase"),
)


def phrasings(file: Path) -> Iterator[tuple[str, str]]:
    for group in load(file.read_text(encoding="utf-8")).values():
        yield from group.items()


def told(asked: Asked) -> str:
    """What was understood in one line, as the file has it."""
    if asked.not_understood:
        return f"? {', '.join(asked.not_understood)}"
    assert asked.shown is not None
    parts = [asked.shown.kind, *ranked(asked.shown), what(asked.shown)]
    if asked.span is not None:
        parts += ["|", span_text(asked.span.seconds)]
        parts += ["before", span_text(asked.span.offset)] if asked.span.offset else []
    if asked.shown.step is not None:
        parts += ["every", span_text(asked.shown.step)]
    return " ".join(part for part in parts if part)


def ranked(shown: Shown) -> list[str]:
    return [str(shown.count), "least" if shown.lowest else ""] if shown.count else []


def what(shown: Shown) -> str:
    if shown.figures:
        return ", ".join(shown.figures)
    if shown.expressions:
        named = {one.name: one for one in shown.expressions}
        return "; ".join(written(one, named) for one in shown.expressions if not one.hidden)
    chosen = {"type": shown.types, "level": shown.levels, "service": shown.services, "text": (shown.text,)}
    return " ".join(f"{name}={','.join(values)}" for name, values in chosen.items() if any(values))


def written(one: Expression, named: dict[str, Expression]) -> str:
    if isinstance(one.source, Calculation):
        return calculated(one.source, named)
    return selected(one.source)


def calculated(source: Calculation, named: dict[str, Expression]) -> str:
    left, right = (operand(side, named) for side in (source.left, source.right))
    match source.operator:
        case "divide":
            return f"({left}/{right})"
        case "multiply":
            return f"{right}*{left}"
        case _:
            return f"{left}-{right}"


def operand(side: Operand, named: dict[str, Expression]) -> str:
    return written(named[side], named) if isinstance(side, str) else f"{side:g}"


def selected(source: Selection) -> str:
    assert source.grouping is not None
    share = f"{source.quantile:g}".removeprefix("0") if source.function == "quantile" else ""
    matchers = ",".join(map(str, source.matchers))
    inner = f"{source.function}{share} {source.metric}" + (f"{{{matchers}}}" if matchers else "")
    inner += f" offset {span_text(source.offset)}" if source.offset else ""
    by = f" by {','.join(source.grouping.by)}" if source.grouping.by else ""
    return f"{source.grouping.aggregation}({inner}){by}"


@pytest.mark.parametrize(("file", "phrased"), [(PHRASINGS, 100), (OTHERS, 140)], ids=["phrasings", "others"])
def test_of_100_phrasings_90_give_what_is_meant_and_the_rest_say_what_was_not_understood(
    file: Path, phrased: int
) -> None:
    answers = [(text, wanted, ask(text, KNOWN, NOON)) for text, wanted in phrasings(file)]
    assert len(answers) == phrased
    wrong = {text: (told(answer), wanted) for text, wanted, answer in answers if told(answer) != wanted}
    assert {text: pair for text, pair in wrong.items() if not pair[0].startswith("?")} == {}
    right = [text for text, wanted, _ in answers if text not in wrong and not wanted.startswith("?")]
    assert len(right) >= LEAST_RIGHT * phrased, wrong


def test_how_many_events_there_were_can_be_asked_for() -> None:
    types = ("cart_add", "deploy", "error", "feature_used", "MessageSent", "page_view", "purchase", "search", "signup")
    known = replace(KNOWN, event_types=types)
    answers = {text: (told(ask(text, known, NOON)), wanted) for text, wanted in phrasings(EVENTS)}
    assert len(answers) == 40
    assert {text: pair for text, pair in answers.items() if pair[0] != pair[1]} == {}


def test_what_was_sent_under_a_name_with_events_is_meant_by_it() -> None:
    sent = replace(KNOWN, metrics=dict([metric("events_total", "queue", "total")]))
    assert told(ask("events by queue", sent, NOON)) == "line sum(rate events_total) by queue"
    assert told(ask("signup events per day", KNOWN, NOON)) == "? signup"


@pytest.mark.parametrize("text", ["", "?!", "''\"", "p", "by", "top", "the last", "= = =", "5", "every", "not", "vs"])
def test_what_is_no_question_is_none_and_breaks_nothing(text: str) -> None:
    assert ask(text, KNOWN, NOON).shown is None


def test_what_was_sent_with_more_labels_can_be_kept_apart_by_them() -> None:
    sent = dict([metric("latency", "service endpoint region")])
    more = replace(KNOWN, metrics=sent)
    assert told(ask("p95 latency by region", more, NOON)) == "line maximum(quantile.95 latency) by region"
    assert told(ask("p95 latency by service", more, NOON)) == "line maximum(quantile.95 __latency__) by service"


def test_latency_can_be_asked_for_without_any_metric_of_it() -> None:
    none = replace(KNOWN, metrics={})
    assert told(ask("p95 latency by service", none, NOON)) == "line maximum(quantile.95 __latency__) by service"
    assert told(ask("p95 latency", none, NOON)) == "line p95_latency_ms"


def test_sums_of_money_are_never_added_across_currencies() -> None:
    sold = dict([metric("sold", "shop currency", "increments"), metric("revenue", "currency", "increments")])
    money = replace(KNOWN, metrics=sold, values={"currency": ["EUR", "USD"]})
    assert told(ask("sold by shop", money, NOON)) == "line sum(sum sold) by shop,currency"
    assert told(ask("sold in EUR", money, NOON)) == "line sum(sum sold{currency=EUR})"
    assert told(ask("revenue", money, NOON)) == "line revenue"


def test_a_name_that_is_almost_right_is_suggested() -> None:
    assert "queue_depth" in " ".join(ask("queque_dephts of region", KNOWN, NOON).suggestions).replace(" ", "_")


def test_a_slip_is_read_as_the_one_word_that_can_be_meant_and_said() -> None:
    answer = ask("latnecy of chekout", KNOWN, NOON)
    assert told(answer) == "line average(average __latency__{service=checkout})"
    assert [(part.words, part.meaning) for part in answer.understood] == [
        ("latnecy", "the latency"),
        ("of chekout", "service is checkout"),
    ]


def test_what_could_be_several_words_or_is_short_or_quoted_is_not_changed() -> None:
    two = replace(KNOWN, values={**KNOWN.values, "service": ["portal", "postal"]})
    assert told(ask("requests of poxtal", two, NOON)) == "? poxtal"
    assert told(ask("requests of card", KNOWN, NOON)) == "? card"
    # Nothing that was typed is passed over for its likeness to `show`.
    assert told(ask("requests of shop", KNOWN, NOON)) == "? shop"
    assert told(ask("error logs containing paymnts", KNOWN, NOON)) == "log_view level=error text=paymnts"
    assert told(ask('"reqests" by service', KNOWN, NOON)).startswith("? ")


@pytest.mark.parametrize(
    ("since", "range_of_it"),
    [("9am", "3h"), ("9:30", "2h30m"), ("1pm", "23h"), ("noon", "1m"), ("midnight", "12h"), ("friday", "1d12h"),
     ("saturday", "12h"), ("sunday", "6d12h")],
)  # fmt: skip
def test_a_moment_since_when_is_the_last_one_there_was(since: str, range_of_it: str) -> None:
    assert told(ask(f"requests since {since}", KNOWN, NOON)) == f"line sum(sum __requests__) | {range_of_it}"


@pytest.mark.parametrize("since", ["9", "25:00", "13pm", "9:75"])
def test_what_is_no_moment_is_not_understood(since: str) -> None:
    assert told(ask(f"requests since {since}", KNOWN, NOON)).startswith("? since")


def test_figures_can_be_put_beside_each_other_where_they_are_of_one_unit() -> None:
    assert told(ask("failed messages and sent messages", KNOWN, NOON)) == "line messages_failed, messages_sent"
    assert told(ask("revenue vs searches", KNOWN, NOON)) == "? vs searches"
    assert told(ask("searches and searches", KNOWN, NOON)) == "line searches"


def test_one_can_be_divided_by_another_over_the_labels_that_both_have() -> None:
    divided = "(sum(sum __errors__) by service/sum(sum __requests__) by service)"
    assert told(ask("errors / requests by service", KNOWN, NOON)) == f"line {divided}"
    assert told(ask("orders divided by requests by region", KNOWN, NOON)).startswith("? ")
    assert told(ask("orders / purchases", KNOWN, NOON)).startswith("? ")


def test_what_something_is_worth_is_not_how_many_there_were() -> None:
    assert told(ask("order value", KNOWN, NOON)) == "? value"
    assert told(ask("purchases value", KNOWN, NOON)) == "? value"
    assert told(ask("values of temperature", KNOWN, NOON)) == "line average(average temperature_celsius)"


def test_counted_figures_have_no_percentiles() -> None:
    assert told(ask("p99 purchases", KNOWN, NOON)) == "? p99"


ODD = {"=", "!=", '"x y"', "7", "p95", "%", "1.2.3h", "0s", "9" * 40, "²", "p99999", "p."}
# Null characters are refused before anybody is asked.
ASKED = st.characters(exclude_characters="\0", codec="utf-8")
PHRASED = [text for file in (PHRASINGS, OTHERS, EVENTS) for text, _wanted in phrasings(file)]
WORDS = sorted({word for text in PHRASED for word in text.split()} | ODD)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(ASKED, max_size=6)), max_size=14).map(" ".join))
def test_of_any_words_each_is_understood_passed_over_or_told(text: str) -> None:
    asked = ask(text, KNOWN, NOON)
    parts = (*asked.not_understood, *(part.words for part in asked.understood))
    said = [word for words in parts for word in words.split()]
    assert not Counter(said) - Counter(" ".join(Text.of(text).words).split())
    assert all(part.words and part.meaning for part in asked.understood)
    if asked.shown is not None and asked.shown.expressions:
        names = [one.name for one in asked.shown.expressions]
        assert len(set(names)) == len(names)
        assert any(not one.hidden for one in asked.shown.expressions)
    answer = asked_message(text, asked)
    if answer.HasField("widget"):
        faults = Faults()
        check_widget(faults, "widget", answer.widget)
        faults.raise_any()
