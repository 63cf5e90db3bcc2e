import pytest
from hypothesis import given, strategies as st

from binnacle.aggregator.v1 import intake_warning_service_pb2 as warnings_pb, query_service_pb2 as pb
from services.aggregator.convert.pages import limit_from, page_token, position_from
from services.aggregator.ports.store import StoredEvent
from services.core.errors import InvalidInput
from services.runtime.page_tokens import state_of, token_of

LAST = StoredEvent(1_000, 2_000, "purchase", "shop", "", "", "{}", ("aa", 7, 3))


def asked(kind: str = "", service: str = "shop", token: str = "", size: int = 0) -> pb.ListEventsRequest:
    return pb.ListEventsRequest(type=kind, service=service, page_token=token, page_size=size)


def test_a_token_leads_back_to_its_position() -> None:
    token = page_token("t", asked(), LAST)
    assert position_from("t", asked(token=token, size=7)) == (1_000, "aa", 7, 3)
    assert position_from("t", asked()) is None


@pytest.mark.parametrize("token", ["foreign", "%%%", "AAAA", "éé", "a" * 5_000])
def test_any_other_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidInput) as error:
        position_from("t", asked(token=token))
    assert error.value.violations[0].field == "page_token"


@given(st.text(), st.text(), st.text())
def test_a_token_belongs_to_one_tenant_and_filter(tenant: str, kind: str, service: str) -> None:
    token = page_token("t", asked("a"), LAST)
    if (tenant, kind, service) != ("t", "a", "shop"):
        with pytest.raises(InvalidInput):
            position_from(tenant, asked(kind, service, token))


def test_a_token_belongs_to_one_list() -> None:
    other = warnings_pb.ListIntakeWarningsRequest()
    other.page_token = token_of("t", pb.ListEventsRequest(), [1])
    with pytest.raises(InvalidInput):
        state_of("t", other)


@pytest.mark.parametrize("given", [0, -1, 1_001, 2**32])
def test_limits_out_of_range_are_refused(given: int) -> None:
    with pytest.raises(InvalidInput):
        limit_from("limit", given)
