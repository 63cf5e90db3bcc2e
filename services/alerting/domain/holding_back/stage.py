"""The stage that says what holds alerts back from people, from their first moment on."""

import asyncio
from dataclasses import replace

from services.alerting.domain.book import AlertBook
from services.alerting.domain.moves import Changes
from services.alerting.domain.parts import some_of
from services.alerting.ports.alerts import Alert, HeldBack, Transition
from services.alerting.ports.holding_back import Restraint
from services.core.clock import Clock


async def held_back(changes: Changes, book: AlertBook, restraint: Restraint, clock: Clock) -> Changes:
    """Changes that say what holds their alerts back. Of other alerts the book has more to tell then."""
    changed = {alert.id: alert for alert in (*(one.alert for one in changes.transitions), *changes.told.values())}
    marks: dict[str, HeldBack] = {}
    for some in some_of(list(changed.values())):
        marks.update(restraint.review(book.active, some, clock.now()))
        await asyncio.sleep(0)
    if not marks:
        return changes

    def marked(alert: Alert) -> Alert:
        return replace(alert, held_back=marks.get(alert.id, alert.held_back))

    book.hold_back({name: mark for name, mark in marks.items() if name not in changed})
    book.hold_back({name: mark for name, mark in marks.items() if name in changed}, told=False)
    transitions = [Transition(marked(one.alert), one.step) for one in changes.transitions]
    return Changes(transitions, {name: marked(alert) for name, alert in changes.told.items()}, changes.memories)
