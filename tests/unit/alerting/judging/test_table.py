"""Groups by their series: of rules that may be gone by the time an answer is there."""

from services.alerting.convert.rules import rule_from
from services.alerting.domain.book import AlertBook
from services.alerting.domain.judging.table import Table
from tests.support.rule_examples import message, plain


def test_an_answer_for_a_rule_that_was_deleted_meanwhile_is_dropped() -> None:
    book = AlertBook("acme")
    rules = [rule_from(message(plain(id=name))) for name in "ab"]
    book.set_rules(rules, 0.0)
    table = Table(book, {(): ["a", "b"]})
    book.set_rules(rules[1:], 1.0)
    table.indexes([(("host", "x"),)])
    assert [len(book.known(name)) for name in "ab"] == [0, 1]
