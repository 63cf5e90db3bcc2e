from hypothesis import given, strategies as st

from services.alerting.domain.listing import page
from services.alerting.ports import Alert, AlertState
from tests.support.alerts import alert

AGES = st.lists(st.integers(0, 5), max_size=20)


def alerts_of(ages: list[int]) -> list[Alert]:
    return [alert(f"id{place}", at=-age) for place, age in enumerate(ages)]


@given(AGES, st.integers(1, 7))
def test_pages_give_each_alert_once_newest_first(ages: list[int], size: int) -> None:
    listed, after = list[Alert](), None
    while True:
        found = page(alerts_of(ages), None, after, size)
        assert len(found.alerts) <= size
        listed += found.alerts
        if (after := found.next) is None:
            break
    assert sorted(a.id for a in listed) == sorted(a.id for a in alerts_of(ages))
    assert [a.started_at for a in listed] == sorted((a.started_at for a in listed), reverse=True)


def test_an_alert_that_comes_in_between_does_not_shift_the_next_page() -> None:
    alerts = alerts_of([1, 2, 3, 4])
    first = page(alerts, None, None, 2)
    second = page([alert("newer", at=0), *alerts], None, first.next, 2)
    assert [a.id for a in first.alerts + second.alerts] == ["id0", "id1", "id2", "id3"]


def test_a_state_is_matched() -> None:
    alerts = [alert("p", AlertState.PENDING), alert("f", AlertState.FIRING), alert("r", AlertState.RESOLVED)]
    assert [a.id for a in page(alerts, AlertState.FIRING, None, 10).alerts] == ["f"]
