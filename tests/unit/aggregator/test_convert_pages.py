import pytest

from services.aggregator.convert.pages import limit_from, page_token, position_from
from services.aggregator.ports.store import EventFilter, StoredEvent
from services.core.errors import InvalidInput

LAST = StoredEvent(17, 18, "a", "s", "", "", "{}", ("00000000000000aa", 3, 4))
MATCHING = EventFilter("a", "")


def test_a_token_leads_back_to_its_position() -> None:
    token = page_token("t", MATCHING, LAST)
    assert position_from("t", MATCHING, token) == (17, "00000000000000aa", 3, 4)
    assert position_from("t", MATCHING, "") is None


@pytest.mark.parametrize(
    ("tenant", "matching"), [("other", MATCHING), ("t", EventFilter("b", "")), ("t", EventFilter("a", "s"))]
)
def test_a_token_of_another_list_is_refused(tenant: str, matching: EventFilter) -> None:
    with pytest.raises(InvalidInput, match="page_token"):
        position_from(tenant, matching, page_token("t", MATCHING, LAST))


@pytest.mark.parametrize("token", ["x", "!!!", "AAAA", "ä", page_token("t", MATCHING, LAST)[:-3]])
def test_no_token_at_all_is_refused(token: str) -> None:
    with pytest.raises(InvalidInput, match="page_token"):
        position_from("t", MATCHING, token)


@pytest.mark.parametrize("limit", [0, 1_001])
def test_limits_out_of_range_are_refused(limit: int) -> None:
    with pytest.raises(InvalidInput, match="limit"):
        limit_from("limit", limit)
