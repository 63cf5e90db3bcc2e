import random
import re
from collections import Counter

import pytest
from hypothesis import given, strategies as st

from services.aggregator.adapters.clickhouse.findings.masks import MASK
from services.aggregator.domain.findings.log_patterns import log_patterns
from services.aggregator.ports.logs import MaskedLines
from tests.support.log_lines import TEMPLATES, templated


def masked(*messages: str) -> list[MaskedLines]:
    """Messages as the store gives them, the most frequent first."""
    counts = Counter(re.sub(MASK, lambda found: (found.group(1) or "") + "<*>", message) for message in messages)
    return [MaskedLines(text, count, text, 1, 2, {2: count}, ("s",)) for text, count in counts.most_common()]


def templates(*messages: str) -> dict[str, int]:
    return {pattern.template: pattern.count for pattern in log_patterns(masked(*messages))}


@pytest.mark.parametrize("seed", range(5))
def test_generated_lines_give_their_templates(seed: int) -> None:
    lines = templated(random.Random(seed), 4_000)
    assert templates(*(line.text for line in lines)) == Counter(line.template for line in lines)
    assert len(TEMPLATES) == 20


def test_two_words_tell_templates_apart_and_more_vary() -> None:
    assert templates("job started", "job stopped") == {"job started": 1, "job stopped": 1}
    names = ("alice", "bob", "carol")
    assert templates(*(f"user {name} logged in" for name in names)) == {"user <*> logged in": 3}


def test_what_varies_in_a_whole_varies_in_its_parts() -> None:
    lines = [f"user {name} logged in" for name in ("alice", "bob", "carol")]
    lines += [f"user {name} logged out" for name in ("alice", "bob")]
    assert templates(*lines) == {"user <*> logged in": 3, "user <*> logged out": 2}


def test_words_that_go_with_each_other_tell_templates_apart() -> None:
    pairs = (("payment", "charged"), ("refund", "granted"), ("voucher", "redeemed"))
    lines = [f"{thing} of {n} for order {n} was {done}" for thing, done in pairs for n in range(20)]
    assert templates(*lines) == {f"{thing} of <*> for order <*> was {done}": 20 for thing, done in pairs}


def test_what_is_constant_in_a_word_stays() -> None:
    lines = [f"queue={name}, job [{name}] done" for name in ("mail", "push", "sms")]
    assert templates(*lines) == {"queue=<*>, job [<*>] done": 3}


def test_lines_without_anything_constant() -> None:
    assert templates("1 2", "3 4", "", "   ") == {"<*> <*>": 2, "": 2}


def test_figures_of_a_pattern_are_those_of_its_lines() -> None:
    lines = [
        MaskedLines("user alice", 5, "first", 10, 20, {2: 4, 4: 1}, ("web",)),
        MaskedLines("user bob", 3, "second", 5, 15, {4: 3}, ("api", "web")),
        MaskedLines("user carol", 1, "third", 12, 30, {1: 1}, ("api",)),
    ]
    [pattern] = log_patterns(lines)
    assert (pattern.template, pattern.count, pattern.sample) == ("user <*>", 9, "first")
    assert (pattern.first_us, pattern.last_us) == (5, 30)
    assert (pattern.levels, pattern.services) == ({1: 1, 2: 4, 4: 4}, ("api", "web"))


@given(st.lists(st.text(alphabet="ab c1=", max_size=12), max_size=40))
def test_every_line_is_of_one_pattern(messages: list[str]) -> None:
    assert sum(templates(*messages).values()) == len(messages)


def test_lines_that_have_nothing_in_common_end_in_bounded_time() -> None:
    rng = random.Random(1)
    lines = [" ".join("".join(rng.choices("abcdefgh", k=6)) for _word in range(8)) for _line in range(3_000)]
    assert sum(templates(*lines).values()) == 3_000
