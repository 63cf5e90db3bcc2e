"""Keeps up who calls whom, from what was recorded of calls."""

from collections.abc import AsyncGenerator, Sequence

from services.alerting.domain.incidents.grouping import Incidents
from services.alerting.domain.retries import Backoff
from services.alerting.ports.calls import CallSource
from services.alerting.ports.incidents import Incident
from services.core.clock import Clock
from services.core.errors import BinnacleError, Unavailable

FIRST_SECONDS, LOOK_SECONDS = 3_600.0, 600.0
EVERY_SECONDS, EVERY_SECONDS_GOING = 300.0, 60.0
"""How often is looked, and how often while an incident goes on."""


async def follow_calls(
    tenant: str, source: CallSource, incidents: Incidents, clock: Clock
) -> AsyncGenerator[Sequence[Incident], None]:
    """Incidents that may have begun elsewhere than was said, whenever calls tell so. For ever."""
    backoff, seconds = Backoff(clock), FIRST_SECONDS
    while True:
        now = clock.now()
        try:
            incidents.graph.learn(await source.calls(tenant, now - seconds, now), now)
        except Unavailable:
            await backoff.wait()
            continue
        except BinnacleError:
            # What takes too long now does so again: it is not asked for more often than otherwise.
            explained: Sequence[Incident] = ()
        else:
            backoff.succeeded()
            seconds, explained = LOOK_SECONDS, incidents.explain()
        if explained:
            yield explained
        await clock.sleep(EVERY_SECONDS_GOING if incidents.go_on else EVERY_SECONDS)
