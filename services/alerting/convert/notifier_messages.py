"""What is set up to tell people, as messages; with its secrets."""

from dataclasses import asdict

from binnacle.notifications.v1 import notifications_pb2 as pb
from services.alerting.convert.weeks import time_of_day
from services.alerting.domain.telling.rotations import Duty
from services.alerting.ports.notifiers import (
    Email,
    Escalation,
    Notifiers,
    PagerDuty,
    Receiver,
    Rotation,
    Route,
    Security,
    Slack,
    SmtpServer,
    Webhook,
)
from services.runtime.label_matchers import matcher_message
from services.runtime.times import duration, timestamp
from services.runtime.words import Words

SECURITIES: Words[Security] = Words(pb.SmtpServer.Security, Security, Security.STARTTLS)


def notifiers_message(notifiers: Notifiers) -> pb.Notifiers:
    """All of it, secrets in the clear: see `shown_message`."""
    return pb.Notifiers(
        receivers=map(_receiver_message, notifiers.receivers),
        rotations=map(_rotation_message, notifiers.rotations),
        escalations=map(_escalation_message, notifiers.escalations),
        routes=map(_route_message, notifiers.routes),
        smtp=None if notifiers.smtp is None else _smtp_message(notifiers.smtp),
        version=notifiers.version,
        updated_time=timestamp(notifiers.updated_at) if notifiers.updated_at else None,
        updated_by=notifiers.updated_by,
    )


def _receiver_message(receiver: Receiver) -> pb.Receiver:
    message = pb.Receiver(id=receiver.id, without_resolved=receiver.without_resolved, per_minute=receiver.per_minute)
    if receiver.template.title or receiver.template.text:
        message.template.CopyFrom(pb.Template(title=receiver.template.title, text=receiver.template.text))
    match receiver.means:
        case Email() as means:
            message.email.CopyFrom(pb.Email(to=means.to))
        case Slack() as means:
            message.slack.CopyFrom(pb.Slack(**_told(means, Slack())))
        case Webhook() as means:
            message.webhook.CopyFrom(pb.Webhook(**asdict(means)))
        case PagerDuty() as means:
            message.pagerduty.CopyFrom(pb.PagerDuty(**_told(means, PagerDuty())))
    return message


def _told(means: Slack | PagerDuty, usual: Slack | PagerDuty) -> dict[str, str]:
    """What is not as it is unless told."""
    known = asdict(usual)
    return {name: value for name, value in asdict(means).items() if value != known[name]}


def _smtp_message(smtp: SmtpServer) -> pb.SmtpServer:
    message = pb.SmtpServer(
        host=smtp.host,
        port=smtp.port,
        security=SECURITIES.number(smtp.security),
        username=smtp.username,
        password=smtp.password,
    )
    setattr(message, "from", smtp.sender)
    return message


def _rotation_message(rotation: Rotation) -> pb.Rotation:
    return pb.Rotation(
        id=rotation.id,
        people=[pb.Rotation.Person(name=one.name, receivers=one.receivers) for one in rotation.people],
        days=rotation.days,
        first_day=rotation.first_day,
        hand_over=time_of_day(rotation.hand_over),
        time_zone=rotation.zone,
        overrides=[
            pb.Rotation.Override(start_time=timestamp(one.start), end_time=timestamp(one.end), person=one.person)
            for one in rotation.overrides
        ],
    )


def _escalation_message(escalation: Escalation) -> pb.Escalation:
    return pb.Escalation(
        id=escalation.id,
        steps=[pb.Escalation.Step(after=duration(one.after), tell=one.tell) for one in escalation.steps],
        repeats=escalation.repeats,
        repeat_after=duration(escalation.repeat_after),
    )


def _route_message(route: Route) -> pb.Route:
    message = pb.Route(
        matchers=map(matcher_message, route.matchers),
        tell=route.tell,
        escalation=route.escalation,
        group_interval=None if route.group_interval is None else duration(route.group_interval),
        repeat_interval=None if route.repeat_interval is None else duration(route.repeat_interval),
        routes=map(_route_message, route.routes),
    )
    setattr(message, "continue", route.goes_on)
    return message


def on_call_message(rotation_id: str, duty: Duty) -> pb.OnCall:
    """Who is on call."""
    return pb.OnCall(
        rotation_id=rotation_id,
        person=duty.person.name,
        receivers=duty.person.receivers,
        until_time=timestamp(duty.until),
        next_person=duty.next.name,
    )
