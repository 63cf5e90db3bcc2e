"""What is sent together, and what comes of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.alerting.domain.telling import places, texts
from services.alerting.domain.telling.threads import graver_first, key_of
from services.alerting.ports.notifications import (
    Answer,
    Delivery,
    Notification,
    Outcome,
    Reason,
    Sending,
    Thread,
    Verdict,
)
from services.alerting.ports.notifiers import PagerDuty, Receiver

MOST_TOGETHER = 100
"""Incidents that are told in one digest."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
LONGEST_ASKED = 3600.0
"""For how long a receiver may ask to be left alone."""
GIVEN_UP_AFTER = 86_400.0


@dataclass(frozen=True, slots=True)
class Parcel:
    """Threads of one receiver that are told in one notification; of several `why` says why."""

    receiver: Receiver
    key: str
    threads: tuple[Thread, ...]
    why: str = ""

    @property
    def sendings(self) -> Sequence[Sending]:
        """What is under way in each thread."""
        return [one.sending for one in self.threads if one.sending is not None]

    @property
    def may_be_repeat(self) -> bool:
        """Whether any of it may have arrived before."""
        return any(one.doubtful for one in self.sendings)


def parcels(tenant: str, receiver: Receiver, ready: Iterable[Thread], left: int, room: int) -> Sequence[Parcel]:
    """What a receiver is sent now of what is due: `left` is how many notifications it may get, `room` how many at once.

    What may have arrived already goes as it went before, under the same key. Of the rest each goes by itself, or where
    the receiver may not get so many, all together; PagerDuty, which knows incidents one by one, gets the others later.
    """
    doubtful, fresh = _by_doubt(graver_first(ready))
    found = [_again(receiver, threads) for threads in doubtful]
    left -= len(found)
    if len(fresh) <= left or isinstance(receiver.means, PagerDuty):
        found += [_alone(receiver, one) for one in fresh[: max(0, left)]]
    elif left > 0:
        found.append(_together(tenant, receiver, fresh[:MOST_TOGETHER]))
    return found[: max(0, min(room, left + len(doubtful)))]


def _by_doubt(ready: Sequence[Thread]) -> tuple[Sequence[Sequence[Thread]], Sequence[Thread]]:
    """Those that may have arrived, in the groups they were sent in, and the others."""
    groups: dict[str, list[Thread]] = {}
    fresh: list[Thread] = []
    for thread in ready:
        assert thread.sending is not None
        if thread.sending.doubtful:
            groups.setdefault(thread.sending.digest or thread.sending.key, []).append(thread)
        else:
            fresh.append(thread)
    return list(groups.values()), fresh


def _again(receiver: Receiver, threads: Sequence[Thread]) -> Parcel:
    first = threads[0].sending
    assert first is not None
    return (
        Parcel(receiver, first.digest, tuple(threads), _why(receiver)) if first.digest else _alone(receiver, threads[0])
    )


def _alone(receiver: Receiver, thread: Thread) -> Parcel:
    assert thread.sending is not None
    return Parcel(receiver, thread.sending.key, (thread,))


def _together(tenant: str, receiver: Receiver, threads: Sequence[Thread]) -> Parcel:
    if len(threads) == 1:
        return _alone(receiver, threads[0])
    keys = sorted(one.sending.key for one in threads if one.sending is not None)
    return Parcel(receiver, key_of(tenant, receiver.id, *keys), tuple(threads), _why(receiver))


def _why(receiver: Receiver) -> str:
    return f"Told in one, since there were more than {receiver.per_minute} notifications a minute for {receiver.id}."


def claimed(parcel: Parcel, lease: int) -> Parcel:
    """A parcel that is being sent under a lease."""
    digest = parcel.key if parcel.why else ""
    threads = tuple(
        replace(one, sending=replace(sending, claimed_by=lease, attempts=sending.attempts + 1, digest=digest))
        for one, sending in zip(parcel.threads, parcel.sendings, strict=True)
    )
    return replace(parcel, threads=threads)


def notification(tenant: str, parcel: Parcel, public_url: str, now: float) -> Notification:
    """What a parcel says."""
    notices = tuple(one.notice for one in parcel.sendings)
    links = tuple(places.link(public_url, one, now) for one in notices)
    if parcel.why:
        title, text = texts.digest(notices, links, parcel.why)
    else:
        title, text = texts.title_and_text(parcel.receiver.template, notices[0], links[0])
    if parcel.may_be_repeat:
        title = texts.REPEAT + title
        text = f"An attempt before this one may have arrived.\n{text}"
    return Notification(
        key=parcel.key,
        tenant=tenant,
        title=title,
        text=text,
        severity=max((one.incident.severity for one in notices), key=lambda one: one.rank),
        reason=_reason(parcel),
        notices=notices,
        links=links,
        at=now,
        may_be_repeat=parcel.may_be_repeat,
        why=parcel.why,
    )


def _reason(parcel: Parcel) -> Reason:
    return Reason.DIGEST if parcel.why else parcel.sendings[0].notice.reason


def answered(parcel: Parcel, answer: Answer, now: float, chance: Callable[[], float]) -> Mapping[str, Thread]:
    """The threads of a parcel after an attempt; `chance` gives numbers from 0 to 1."""
    wait = _wait(parcel, answer, chance)
    return {
        one.name: _after(one, sending, answer, now, wait)
        for one, sending in zip(parcel.threads, parcel.sendings, strict=True)
    }


def _after(thread: Thread, sending: Sending, answer: Answer, now: float, wait: float) -> Thread:
    over = answer.verdict in {Verdict.DELIVERED, Verdict.REFUSED} or now - sending.since > GIVEN_UP_AFTER
    if over:
        return replace(thread, told=replace(sending.told, at=now), sending=None)
    doubtful = sending.doubtful or answer.verdict is Verdict.DOUBTFUL
    return replace(thread, sending=replace(sending, claimed_by=None, due=now + wait, doubtful=doubtful))


def put_back(parcel: Parcel) -> Mapping[str, Thread]:
    """The threads of a parcel of which nothing was sent."""
    return {
        one.name: replace(one, sending=replace(sending, claimed_by=None, attempts=sending.attempts - 1))
        for one, sending in zip(parcel.threads, parcel.sendings, strict=True)
    }


def _wait(parcel: Parcel, answer: Answer, chance: Callable[[], float]) -> float:
    """How long until the next attempt: twice as long each time, and by chance half as much more or less."""
    attempts = max(one.attempts for one in parcel.sendings)
    wait = min(FIRST_WAIT * 2.0 ** min(attempts - 1, 20), LONGEST_WAIT) * (0.5 + chance())
    return max(wait, min(answer.retry_after or 0.0, LONGEST_ASKED))


def delivery(
    parcel: Parcel, sent: Notification, answer: Answer, after: Mapping[str, Thread], began: float, now: float
) -> Delivery:
    """An attempt, as it is recorded; `after` are its threads after it."""
    waiting = [one.sending for one in after.values() if one.sending is not None]
    outcome = Outcome.RETRYING if waiting else Outcome.GIVEN_UP
    if answer.verdict is Verdict.DELIVERED:
        outcome = Outcome.DELIVERED
    return Delivery(
        at=now,
        key=parcel.key,
        receiver_id=parcel.receiver.id,
        kind=parcel.receiver.kind,
        reason=sent.reason,
        title=sent.title,
        severity=sent.severity,
        outcome=outcome,
        attempt=max(one.attempts for one in parcel.sendings),
        threads=tuple((one.incident_id, one.count, one.told) for one in after.values()),
        detail=answer.detail,
        status=answer.status,
        may_be_repeat=sent.may_be_repeat,
        next_at=min((one.due for one in waiting), default=None),
        took=now - began,
    )
