"""What receivers are told of an incident, step by step."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.alerting.adapters.expressions import expression_matches
from services.alerting.domain.telling.parcels import answered, claimed, notification, parcels
from services.alerting.domain.telling.texts import PLACES, unknown_places
from services.alerting.domain.telling.threads import Alerts, Threads
from services.alerting.ports.alerts import Acknowledgement, AlertState, Severity
from services.alerting.ports.incidents import Entry, Happening, Incident, IncidentState, Member, Origin
from services.alerting.ports.notifications import Answer, Notification, Thread, Verdict
from services.alerting.ports.notifiers import (
    Escalation,
    Notifiers,
    PagerDuty,
    Receiver,
    Route,
    Step,
    Template,
    Webhook,
)
from services.core.matching import Matcher, Operator
from tests.support.alerts import alert

START = 1_800_000_000.0
CHAT, PAGER = Receiver("chat", Webhook("https://chat")), Receiver("pager", PagerDuty("r" * 32))
OPEN, ACKNOWLEDGED, RESOLVED = IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.RESOLVED
DELIVERED = Answer(Verdict.DELIVERED)


def incident(name: str = "i1", size: int = 1, **changes: object) -> Incident:
    members = tuple(Member(f"{name}-{n}", "busy", "Busy", Severity.WARNING, "shop", START) for n in range(size))
    made: dict[str, object] = {
        "id": name,
        "title": f"Busy {name}",
        "severity": Severity.WARNING,
        "worst": Severity.WARNING,
        "state": OPEN,
        "started_at": START,
        "changed_at": START,
        "group": (("team", "shop"),),
        "services": ("shop",),
        "size": size,
        "active": size,
        "members": members,
        "timeline": (Entry(START, Happening.OPENED, Severity.WARNING),),
    }
    return Incident(**{**made, **changes})  # type: ignore[arg-type]


def acknowledged(one: Incident, at: float) -> Incident:
    return replace(one, state=ACKNOWLEDGED, acknowledgement=Acknowledgement("ann", "on it", START + at))


def resolved(one: Incident, at: float) -> Incident:
    return replace(one, state=RESOLVED, ended_at=START + at, changed_at=START + at, active=0)


class Stage:
    """Threads of one tenant, and receivers that answer."""

    def __init__(self, *receivers: Receiver, **set_up: object) -> None:
        routes = (Route(tell=tuple(one.id for one in receivers)),)
        self.notifiers = Notifiers(**{"receivers": receivers, "routes": routes, **set_up})  # type: ignore[arg-type]
        self.threads = Threads("default", Alerts(lambda _alert: None, lambda alert: alert), expression_matches)
        self.threads.set_notifiers(self.notifiers)
        self.answer = DELIVERED

    def has(self, *incidents: Incident) -> None:
        for one in incidents:
            self.threads.changed(one)

    def sends(self, at: float, left: int = 100) -> list[Notification]:
        """What is sent `at` seconds after START."""
        now, sent = START + at, []
        self.threads.plan(now)
        for receiver in self.notifiers.receivers:
            for parcel in parcels("default", receiver, self._due(receiver, now), left, 100):
                taken = claimed(parcel, 1)
                sent.append(notification("default", taken, "https://page", now))
                for name, thread in answered(taken, self.answer, now, lambda: 0.5).items():
                    self.threads.put(name, thread)
                self.threads.look_again(one.incident_id for one in parcel.threads)
        return sent

    def says(self, at: float, left: int = 100) -> list[str]:
        return [one.title for one in self.sends(at, left)]

    def _due(self, receiver: Receiver, now: float) -> Sequence[Thread]:
        waiting = self.threads.waiting.values()
        return [one for one in waiting if one.receiver_id == receiver.id and one.sending and one.sending.due <= now]


def test_what_is_told_has_the_texts_of_the_moment() -> None:
    fired, value = alert("i1-0", AlertState.FIRING), 91
    stage = Stage(CHAT)
    stage.threads = Threads(
        "default",
        Alerts({fired.id: fired}.get, lambda one: replace(one, annotations=(("summary", f"at {value}"),))),
        expression_matches,
    )
    stage.threads.set_notifiers(stage.notifiers)
    stage.has(incident())
    assert "\nat 91\n" in stage.sends(0)[0].text
    value = 99
    assert "\nat 99\n" in stage.sends(4 * 3_600)[0].text


def test_an_incident_is_told_from_beginning_to_end_and_nothing_twice() -> None:
    stage, one = Stage(CHAT), incident()
    stage.has(one)
    assert stage.says(0) == ["WARNING: Busy i1"]
    assert stage.says(1) == []
    stage.has(acknowledged(one, 5))
    assert stage.says(5) == ["ACKNOWLEDGED: Busy i1"]
    stage.has(resolved(acknowledged(one, 5), 60))
    [last] = stage.sends(60)
    assert last.title == "RESOLVED: Busy i1"
    assert "ann had acknowledged it" in last.text
    assert "1 min" in last.text
    assert stage.says(3_600) == []


def test_whoever_resolved_it_by_hand_is_named() -> None:
    stage, one = Stage(replace(CHAT, template=Template(text="{{summary}}\n{{resolved}}"))), incident()
    stage.has(one)
    stage.says(0)
    end = Entry(START + 60, Happening.RESOLVED, Severity.WARNING, person="bob", comment="rolled back")
    stage.has(replace(resolved(one, 60), timeline=(*one.timeline, end)))
    assert [sent.text for sent in stage.sends(60)] == [
        "It is over, after 1 min and 1 alert. bob resolved it: rolled back\nbob"
    ]


def test_growth_is_told_together_and_what_is_graver_at_once() -> None:
    stage = Stage(CHAT)
    stage.has(incident())
    assert len(stage.sends(0)) == 1
    stage.has(incident(size=2))
    stage.has(incident(size=5))
    assert stage.says(10) == []
    [grown] = stage.sends(300)
    assert "5 alerts" in grown.text
    stage.has(incident(size=6, severity=Severity.CRITICAL, worst=Severity.CRITICAL))
    assert stage.says(301) == ["CRITICAL: Busy i1"]


def test_what_is_not_delivered_yet_tells_how_it_is_by_then() -> None:
    stage, one = Stage(CHAT), incident()
    stage.has(one)
    stage.answer = Answer(Verdict.FAILED)
    [first] = stage.sends(0)
    stage.has(resolved(one, 60))
    stage.answer = DELIVERED
    [last] = stage.sends(60)
    assert (last.title, last.key, last.may_be_repeat) == ("RESOLVED: Busy i1", first.key, False)
    assert stage.says(100) == []


def test_what_may_have_arrived_is_sent_again_as_it_was_and_says_so() -> None:
    stage, one = Stage(CHAT), incident()
    stage.has(one)
    stage.answer = Answer(Verdict.DOUBTFUL)
    [first] = stage.sends(0)
    stage.has(resolved(one, 60))
    stage.answer = DELIVERED
    again, last = [*stage.sends(60), *stage.sends(61)]
    assert (again.title, again.key) == ("[may be a repeat] WARNING: Busy i1", first.key)
    assert (last.title, last.may_be_repeat) == ("RESOLVED: Busy i1", False)
    assert last.key != first.key


def test_what_a_former_leader_was_sending_is_left_alone_for_a_while_and_labelled() -> None:
    stage, one = Stage(CHAT), incident()
    stage.has(one)
    stage.threads.plan(START)
    [parcel] = parcels("default", CHAT, stage.threads.waiting.values(), 9, 9)
    left = claimed(parcel, 1).threads
    other = Stage(CHAT)
    other.threads.adopt(left, [one], START + 7, doubtful=False)
    assert other.says(6) == []
    [again] = other.sends(7)
    assert again.may_be_repeat
    assert again.key == parcel.key


def test_of_what_was_lost_the_first_that_is_told_says_that_it_may_be_a_repeat() -> None:
    stage, one = Stage(CHAT), incident()
    stage.threads.adopt([], [one], START, doubtful=True)
    assert stage.says(0) == ["[may be a repeat] WARNING: Busy i1"]
    stage.has(acknowledged(one, 5))
    assert stage.says(5) == ["ACKNOWLEDGED: Busy i1"]


def test_nobody_is_told_of_what_was_over_before_there_was_anybody_to_tell() -> None:
    stage = Stage(CHAT, updated_at=START + 100)
    stage.has(resolved(incident(), 60), resolved(incident("i2"), 160))
    assert stage.says(200) == ["RESOLVED: Busy i2"]


def test_a_receiver_may_want_no_ends() -> None:
    stage, one = Stage(replace(CHAT, without_resolved=True)), incident()
    stage.has(one)
    assert stage.says(0) == ["WARNING: Busy i1"]
    stage.has(resolved(one, 60))
    assert stage.says(60) == []
    stage.has(resolved(incident("i2"), 60))
    assert stage.says(61) == ["RESOLVED: Busy i2"]


def test_an_escalation_goes_on_until_somebody_is_on_it() -> None:
    escalation = Escalation("late", (Step(300, ("pager",)), Step(600, ("chat", "pager"))), 1, 300)
    routes = (Route(tell=("chat",), escalation="late"),)
    stage, one = Stage(CHAT, PAGER, routes=routes, escalations=(escalation,)), incident()
    stage.has(one)
    assert [(sent.title, len(sent.notices)) for sent in stage.sends(0)] == [("WARNING: Busy i1", 1)]
    assert stage.says(299) == []
    assert stage.says(300) == ["NOT ACKNOWLEDGED: Busy i1"]
    assert stage.says(600) == ["NOT ACKNOWLEDGED: Busy i1"] * 2
    assert stage.says(1_200) == ["NOT ACKNOWLEDGED: Busy i1"]
    stage.has(acknowledged(one, 1_300))
    assert stage.says(1_300) == ["ACKNOWLEDGED: Busy i1"] * 2
    assert stage.says(9_000) == []


HOUR = 3_600.0


def reminding(interval: float | None, *receivers: Receiver, **set_up: object) -> Stage:
    routes = (Route(tell=("chat",), repeat_interval=interval, escalation="late" if set_up else ""),)
    return Stage(*(receivers or (CHAT,)), routes=routes, **set_up)


def test_what_nobody_acknowledges_is_repeated_as_a_reminder() -> None:
    stage, one = reminding(HOUR), incident()
    stage.has(one)
    [first] = stage.sends(0)
    assert stage.says(HOUR - 1) == []
    [again] = stage.sends(HOUR)
    assert (again.title, again.may_be_repeat) == ("REMINDER: Busy i1", False)
    assert "Nobody has acknowledged it" in again.text
    assert again.key != first.key
    # What tells more takes its place.
    stage.has(incident(size=2))
    assert stage.says(2 * HOUR - 1) == ["WARNING: Busy i1"]
    assert stage.says(2 * HOUR) == []
    assert stage.says(3 * HOUR) == ["REMINDER: Busy i1"]
    stage.has(acknowledged(incident(size=2), 3 * HOUR + 1))
    assert stage.says(3 * HOUR + 1) == ["ACKNOWLEDGED: Busy i1"]
    assert stage.says(9 * HOUR) == []


@pytest.mark.parametrize(("interval", "expected"), [(None, ["REMINDER: Busy i1"]), (0.0, [])], ids=["usual", "never"])
def test_unless_told_otherwise_there_is_a_reminder_after_four_hours(
    interval: float | None, expected: list[str]
) -> None:
    stage = reminding(interval)
    stage.has(incident())
    stage.sends(0)
    assert stage.says(4 * HOUR - 1) == []
    assert stage.says(4 * HOUR) == expected


def test_nobody_is_reminded_of_what_is_held_back_or_over() -> None:
    stage, one = reminding(HOUR), incident()
    stage.has(one)
    stage.sends(0)
    stage.has(replace(one, held_back=True))
    assert stage.says(HOUR) == []
    stage.has(one)
    assert stage.says(HOUR + 1) == ["REMINDER: Busy i1"]
    stage.has(resolved(one, HOUR + 2))
    assert stage.says(HOUR + 2) == ["RESOLVED: Busy i1"]
    assert stage.says(9 * HOUR) == []


def test_whoever_was_told_by_an_escalation_is_reminded_once_that_is_over() -> None:
    late = Escalation("late", (Step(300, ("pager",)),))
    stage = reminding(HOUR, CHAT, PAGER, escalations=(late,))
    stage.has(incident())
    assert stage.says(0) == ["WARNING: Busy i1"]
    assert stage.says(300) == ["NOT ACKNOWLEDGED: Busy i1"]
    assert stage.says(HOUR) == ["REMINDER: Busy i1"]
    assert stage.says(HOUR + 300) == ["REMINDER: Busy i1"]


def test_a_reminder_that_a_former_leader_was_sending_is_told_under_its_key_and_labelled() -> None:
    stage, one = reminding(HOUR), incident()
    stage.has(one)
    stage.sends(0)
    stage.threads.plan(START + HOUR)
    [parcel] = parcels("default", CHAT, stage.threads.waiting.values(), 9, 9)
    other = reminding(HOUR)
    other.threads.adopt(claimed(parcel, 1).threads, [one], START + HOUR + 5, doubtful=False)
    [again] = other.sends(HOUR + 5)
    assert (again.key, again.title) == (parcel.key, "[may be a repeat] REMINDER: Busy i1")
    # Whoever leads after one that was delivered counts on from there.
    third = reminding(HOUR)
    third.threads.adopt(other.threads.all().values(), [one], START, doubtful=False)
    assert third.says(2 * HOUR) == []
    [then] = third.sends(2 * HOUR + 5)
    assert (then.title, then.key == again.key) == ("REMINDER: Busy i1", False)


def test_a_flood_is_told_in_one_that_says_why_and_pagerduty_gets_the_gravest_first() -> None:
    many = [incident(f"i{n}") for n in range(30)]
    grave = incident("grave", severity=Severity.CRITICAL, worst=Severity.CRITICAL)
    stage = Stage(CHAT, PAGER)
    stage.has(*many, grave)
    sent = stage.sends(0, left=20)
    assert sent[0].title == "31 incidents, 1 of them critical"
    assert "more than 20 notifications a minute for chat" in sent[0].text
    assert len(sent) == 21
    assert sent[1].title == "CRITICAL: Busy grave"
    assert len(stage.sends(1, left=20)) == 11
    assert stage.sends(2, left=20) == []


def test_a_digest_that_may_have_arrived_is_sent_again_as_it_was() -> None:
    stage = Stage(CHAT)
    stage.has(*(incident(f"i{n}") for n in range(5)))
    stage.answer = Answer(Verdict.DOUBTFUL)
    [first] = stage.sends(0, left=2)
    stage.has(incident("later"))
    stage.answer = DELIVERED
    again, later = stage.sends(60, left=5)
    assert (again.key, again.may_be_repeat, len(again.notices)) == (first.key, True, 5)
    assert later.title == "WARNING: Busy later"


def test_a_receiver_that_is_gone_is_told_nothing_more() -> None:
    stage = Stage(CHAT)
    stage.has(incident())
    stage.answer = Answer(Verdict.FAILED)
    assert len(stage.sends(0)) == 1
    stage.threads.set_notifiers(Notifiers())
    stage.threads.plan(START + 60)
    assert not stage.threads.waiting
    assert list(stage.threads.unsaved.values())[-1] is None


@pytest.mark.parametrize(("told", "says"), [("Busy i1 shop", "{{title}} {{labels.team}}"), ("warning", "{{severity}}")])
def test_titles_are_filled(told: str, says: str) -> None:
    stage = Stage(replace(CHAT, template=Template(title=says)))
    stage.has(incident())
    assert stage.says(0) == [told]


def test_every_place_there_is_can_be_told_and_no_other() -> None:
    text = "\n".join(f"{name}: {{{{{name}}}}}" for name in sorted(PLACES))
    stage, one = Stage(replace(CHAT, template=Template(text=text))), acknowledged(incident(), 5)
    end = Entry(START + 60, Happening.RESOLVED, Severity.WARNING, person="bob")
    origins = (Origin("shop", 1.0, "it began first"),)
    stage.has(replace(resolved(one, 60), timeline=(end,), origins=origins))
    [sent] = stage.sends(60)
    # Of what is filled no line is left out; where a runbook is depends on the rule.
    assert {line.partition(": ")[0] for line in sent.text.splitlines() if ": " in line} >= PLACES - {"runbook"}
    assert unknown_places(f"{text} {{{{ labels.team }}}} {{{{labels}}}} {{{{ Title }}}}") == ["labels", "Title"]


def test_a_line_without_anything_to_say_is_left_out() -> None:
    text = "{{title}}\nRunbook: {{runbook}}\nseen by nobody\n{{link}}"
    stage = Stage(replace(CHAT, template=Template(text=text)))
    stage.has(incident())
    [sent] = stage.sends(0)
    first, nobody, link = sent.text.splitlines()
    assert (first, nobody) == ("Busy i1", "seen by nobody")
    assert link.startswith("https://page/app/alerts?show=incidents&open=i1&from=2027-01-15T07%3A30%3A00Z")


def test_alerts_go_where_their_routes_lead() -> None:
    routes = (Route((Matcher("team", Operator.EQUAL, "mail"),), ("chat",)), Route(tell=("pager",)))
    stage = Stage(CHAT, PAGER, routes=routes)
    stage.has(incident(), incident("i2", group=(("team", "mail"),)))
    assert [(sent.title, sent.links[0].count("i2")) for sent in stage.sends(0)] == [
        ("WARNING: Busy i2", 1),
        ("WARNING: Busy i1", 0),
    ]
