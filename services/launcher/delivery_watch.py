"""Tells an operator when what a worker writes stops arriving, and when it arrives again."""

from binnacle_client import Client, Delivery
from services.core.clock import Clock
from services.runtime.logs import Log

LOOK_SECONDS = 5.0


class DeliveryWatch:
    """Compares one account with the one before."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._former = Delivery()
        self._troubled = False

    def look(self, delivery: Delivery) -> None:
        """Say what changed, once."""
        stuck = delivery.last_error is not self._former.last_error and delivery.accepted == self._former.accepted
        if stuck and not self._troubled:
            self._troubled = True
            self._log.warning("the edge does not take what is sent", reason=str(delivery.last_error))
        if delivery.accepted > self._former.accepted and self._troubled:
            self._troubled = False
            self._log.info("the edge takes what is sent again")
        self._tell_loss(delivery)
        self._former = delivery

    def _tell_loss(self, delivery: Delivery) -> None:
        lost = {
            name: getattr(delivery, name) - getattr(self._former, name) for name in ("rejected", "dropped", "uncertain")
        }
        if any(lost.values()):
            reasons = [f"{each.field}: {each.description}" for each in list(delivery.rejections)[-3:]]
            self._log.warning("not all arrived", **lost, reasons=reasons)


async def watch_delivery(client: Client, log: Log, clock: Clock) -> None:
    """Look every few seconds, until cancelled."""
    watch = DeliveryWatch(log)
    while True:
        await clock.sleep(LOOK_SECONDS)
        watch.look(client.delivery())
