"""What receivers know, put together again from the record of attempts, where nothing else is left of it."""

from collections.abc import Sequence
from contextlib import aclosing

from services.alerting.ports.notifications import DeliveryLog, Thread

LOOKED_BACK = 8 * 86_400.0
"""For a day longer than incidents are listed."""


async def threads_again(log: DeliveryLog, tenant: str, now: float, left: Sequence[Thread]) -> Sequence[Thread]:
    """Threads as the last attempt of each left them, recorded or among what is `left`. Raises Unavailable."""
    found = {thread.name: thread for thread in left}
    async with aclosing(log.of(tenant, now - LOOKED_BACK)) as deliveries:
        async for delivery in deliveries:
            for incident_id, count, told in delivery.threads:
                thread = Thread(incident_id, delivery.receiver_id, count, told)
                known = found.get(thread.name)
                # The newest come first: of one notification the last attempt holds.
                if known is None or known.count < count:
                    found[thread.name] = thread
    return list(found.values())
