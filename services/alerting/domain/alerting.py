"""Alerting of all tenants: one process leads, and every one answers."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import replace
from typing import NoReturn

from services.alerting.domain.feed import Reader
from services.alerting.domain.label_index import TextsOf
from services.alerting.domain.leadership import Leadership
from services.alerting.domain.machine import ENDED
from services.alerting.domain.outbox import batches_of
from services.alerting.domain.retries import Backoff
from services.alerting.domain.tenant import Surroundings, TenantAlerting
from services.alerting.domain.view import AlertView
from services.alerting.ports.alerts import (
    ACKNOWLEDGED,
    RESOLVED_BY_HAND,
    Acknowledgement,
    Alert,
    AlertState,
    AlertStep,
    Resolution,
    Transition,
)
from services.alerting.ports.incidents import Incident, IncidentState
from services.alerting.ports.judging import Answering
from services.alerting.ports.rules import Rule, RuleSource
from services.alerting.ports.states import Act, Batch, Kept, KeptAlert
from services.core.errors import BinnacleError, Conflict, Unavailable
from services.core.tenants import DEFAULT_TENANT

NEWS_SECONDS = 5.0
ALWAYS = "binnacle-always"
"""The ready-made rule that always fires, where it is switched on."""
SHOWN_SECONDS = 10.0
"""For how long who said something of an alert waits until it is shown."""


class Alerting:
    """Every tenant's alerting."""

    def __init__(
        self,
        rules: RuleSource,
        around: Surroundings,
        leadership: Leadership,
        answering: Answering,
        texts: TextsOf,
    ) -> None:
        self._rule_source = rules
        self._around = around
        self._leadership = leadership
        self._answering = answering
        self._texts = texts
        self._rules: Mapping[str, Sequence[Rule]] | None = None
        self._rules_changed = asyncio.Event()
        self._views: dict[str, AlertView] = {}
        self._led: dict[str, TenantAlerting] = {}
        self._shown = False
        self._was_ready = False
        self._away = ""
        self._closed = False
        leadership.on_new_lease = self._rewrite

    async def run(self) -> NoReturn:
        """Lead or follow until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_rules())
            await self._leadership.run(self._lead, self._follow)

    async def ready(self) -> None:
        """Return once alerts can be told. Errors: Unavailable with the reason."""
        if self._rules is None:
            raise Unavailable("the rules are not known yet")
        # A tenant that is new, later on, is no matter of the others.
        self._was_ready = self._was_ready or (self._shown and all(led.loaded for led in self._led.values()))
        if not self._shown or not self._was_ready:
            raise Unavailable(self._away or "the state of alerts was not read yet")

    def view(self, tenant: str) -> AlertView:
        """The alerts of a tenant. Errors: Unavailable while they are not known."""
        led = self._led.get(tenant)
        if not self._shown or (led is not None and not led.loaded):
            raise Unavailable("the state of alerts was not read yet")
        return self._view(tenant)

    def active(self, tenant: str) -> Iterator[Alert]:
        """The alerts of a tenant that have not ended, as far as they are known, in no order. Errors: Unavailable."""
        if not self._shown:
            raise Unavailable("the state of alerts was not read yet")
        return (alert for alert in self._view(tenant).alerts() if alert.state not in ENDED)

    def now(self, tenant: str, alert: Alert) -> Alert:
        """An alert with the value seen last, and what its texts say of that, as far as this process knows."""
        led = self._led.get(tenant)
        return alert if led is None or alert.state in ENDED else led.book.now(alert)

    async def acknowledge(self, tenant: str, alert_id: str, person: str, comment: str, ttl: float | None) -> KeptAlert:
        """Say that somebody is on it. Durable when this returns.

        Errors: NotFound, Conflict for an alert that has ended, Unavailable where it cannot be recorded or shown.
        """
        at = self._around.clock.now()
        said = Acknowledgement(person, comment, at, None if ttl is None else at + ttl)
        alert = _not_ended(self.view(tenant).get(alert_id)).alert
        await self._act(tenant, [self._acknowledged(tenant, alert, said)])
        return self.view(tenant).get(alert_id)

    async def resolve(self, tenant: str, alert_id: str, person: str, comment: str, returns_after: float) -> KeptAlert:
        """Say that it is over. Durable when this returns. Errors: those of `acknowledge`."""
        at = self._around.clock.now()
        said = Resolution(person, comment, at, at + returns_after)
        alert = _not_ended(self.view(tenant).get(alert_id)).alert
        await self._act(tenant, [self._resolved(tenant, alert, said)])
        return self.view(tenant).get(alert_id)

    async def acknowledge_incident(
        self, tenant: str, identity: str, person: str, comment: str, ttl: float | None
    ) -> Incident:
        """Say that somebody is on it. Errors: those of `acknowledge`, of the incident."""
        at = self._around.clock.now()
        said = Acknowledgement(person, comment, at, None if ttl is None else at + ttl)
        await self._act(tenant, [self._acknowledged(tenant, one, said) for one in self._concerned(tenant, identity)])
        return self.view(tenant).incidents.get(identity)

    async def resolve_incident(
        self, tenant: str, identity: str, person: str, comment: str, returns_after: float
    ) -> Incident:
        """Say that it is over. Errors: those of `acknowledge_incident`."""
        at = self._around.clock.now()
        said = Resolution(person, comment, at, at + returns_after)
        await self._act(tenant, [self._resolved(tenant, one, said) for one in self._concerned(tenant, identity)])
        return self.view(tenant).incidents.get(identity)

    async def always_fires(self) -> None:
        """Return while this process leads, and has just judged that what always fires does. Errors: Unavailable."""
        led = self._led.get(DEFAULT_TENANT)
        if led is None or not led.fires(ALWAYS):
            raise Unavailable(f"the rule {ALWAYS} does not fire")

    @contextmanager
    def watch(self, tenant: str) -> Iterator[tuple[tuple[Alert, ...], Reader[Alert]]]:
        """Every alert as it was told last, and a reader of what changes from there on. Errors: Unavailable."""
        with self.view(tenant).watch() as (alerts, reader):
            yield alerts, reader

    def close(self) -> None:
        """End every watcher."""
        self._closed = True
        for view in self._views.values():
            view.close()

    def _view(self, tenant: str) -> AlertView:
        view = self._views.get(tenant)
        if view is None:
            view = self._views[tenant] = AlertView(self._texts)
            if self._closed:
                view.close()
        return view

    def _concerned(self, tenant: str, identity: str) -> Sequence[Alert]:
        """The alerts of an incident that go on; the last one while it waits for whether one comes back.

        Errors: NotFound, Conflict for an incident that is resolved.
        """
        view = self.view(tenant)
        incident = view.incidents.get(identity)
        alerts = [alert for alert in view.alerts() if alert.incident_id == identity]
        if incident.state is IncidentState.RESOLVED or not alerts:
            raise Conflict("the incident is over")
        return [alert for alert in alerts if alert.state not in ENDED] or [max(alerts, key=_changed_at)]

    def _acknowledged(self, tenant: str, alert: Alert, said: Acknowledgement) -> Transition:
        now = self.now(tenant, alert)
        step = AlertStep(said.at, ACKNOWLEDGED, now.severity, now.value, said.person, said.comment)
        return Transition(replace(now, acknowledgement=said), step)

    def _resolved(self, tenant: str, alert: Alert, said: Resolution) -> Transition:
        now, at = self.now(tenant, alert), said.at
        step = AlertStep(at, RESOLVED_BY_HAND, now.severity, now.value, said.person, said.comment)
        if now.ended_at is None:
            now = replace(now, state=AlertState.RESOLVED, ended_at=at, changed_at=at)
        return Transition(replace(now, resolution=said), step)

    async def _act(self, tenant: str, said: Sequence[Transition]) -> None:
        """Have a person's word recorded, and taken up by who leads; returns once it is shown."""
        view = self.view(tenant)
        for batch in batches_of(said):
            act = Act(secrets.token_hex(16), tenant, batch.transitions)
            if await self._around.log.record(tenant, Batch(act.name, act.transitions)):
                raise Unavailable("it cannot be recorded")
            await self._hand_over(act)
        try:
            async with asyncio.timeout(SHOWN_SECONDS):
                await _shown(view, said)
        except TimeoutError:
            raise Unavailable("it is recorded, and will hold once alerting leads again") from None

    async def _hand_over(self, act: Act) -> None:
        """Give an act to who leads: by the store, so that it outlives this process, and at once where it is this."""
        led = self._led.get(act.tenant)
        try:
            await self._around.store.hand_over(act)
        except Unavailable:
            if led is None:
                raise
        if led is not None:
            led.act(act)

    async def _follow_rules(self) -> None:
        async with aclosing(self._rule_source.follow()) as changes:
            async for rules in changes:
                self._rules = rules
                for tenant, led in [*self._led.items()]:
                    await led.set_rules(rules.get(tenant, ()))
                self._rules_changed.set()

    async def _lead(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._do_acts())
                tasks.create_task(self._answering.answer())
                while True:
                    for tenant in (self._rules or {}).keys() - self._led.keys():
                        self._led[tenant] = self._led_by_this(tenant)
                        tasks.create_task(self._led[tenant].run())
                    self._rules_changed.clear()
                    self._shown = self._rules is not None
                    await self._rules_changed.wait()
        finally:
            self._led.clear()

    def _led_by_this(self, tenant: str) -> TenantAlerting:
        rules = (self._rules or {}).get(tenant, ())
        return TenantAlerting(tenant, self._view(tenant), rules, self._around, self._leadership)

    async def _do_acts(self) -> None:
        """Take up what people said to processes that do not lead, or to one that is gone."""
        while True:
            try:
                for act in await self._around.store.acts():
                    if act.tenant in self._led:
                        self._led[act.tenant].act(act)
                        await asyncio.sleep(0)
            except Unavailable:
                self._around.gauges.store_failed()
            await self._around.clock.sleep(1.0)

    async def _follow(self) -> None:
        """Show what the leader writes."""
        backoff = Backoff(self._around.clock)
        while True:
            try:
                async with aclosing(self._written()) as changes:
                    async for _change in changes:
                        backoff.succeeded()
            except BinnacleError as fault:
                self._away = str(fault)
                self._around.gauges.store_failed()
            await backoff.wait()

    async def _written(self) -> AsyncGenerator[None, None]:
        store = self._around.store
        place = await store.place()
        for tenant in await store.tenants():
            kept = await store.load(tenant)
            for _part in self._view(tenant).replacing(kept or Kept()):
                await asyncio.sleep(0)
        self._shown = True
        while True:
            yield
            place, changes = await store.news(place, NEWS_SECONDS)
            for tenant, news in changes:
                self._view(tenant).apply(news)
                await asyncio.sleep(0)

    def _rewrite(self) -> None:
        for led in self._led.values():
            led.rewrite()


def _changed_at(alert: Alert) -> float:
    return alert.changed_at


def _not_ended(kept: KeptAlert) -> KeptAlert:
    if kept.alert.state in ENDED:
        raise Conflict("the alert has ended")
    return kept


async def _shown(view: AlertView, said: Sequence[Transition]) -> None:
    """Return once all of it is shown. Raises Conflict for a single alert that has ended meanwhile."""
    waiting = list(said)
    with view.feed.reader() as reader:
        while waiting:
            kept = view.get(waiting[-1].alert.id)
            if waiting[-1].step in kept.steps:
                waiting.pop()
            elif kept.alert.state in ENDED and not waiting[-1].is_after_end:
                if len(said) == 1:
                    _not_ended(kept)
                waiting.pop()
            else:
                await reader.next()
