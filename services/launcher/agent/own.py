"""Figures of the suite itself for rules about it and for the pipeline, as the edge tells them (`GET /metrics`)."""

import grpc

from binnacle.streamer.v1 import system_service_pb2 as pb, system_service_pb2_grpc as pb_grpc
from services.launcher.agent.exposition import readings
from services.launcher.agent.readings import Reading

TIMEOUT_SECONDS = 5.0
FAMILIES = (
    "binnacle_part_up",
    "binnacle_collector_journal_bytes",
    "binnacle_collector_journal_uncommitted_records",
    "binnacle_collector_forward_lag_seconds",
    "binnacle_collector_refused",
    "binnacle_alerting_lease_losses",
)
CREATED = "_created"
"""What the client library tells of each counter beside its value."""
_HEADS = ("# HELP ", "# TYPE ")


class OwnFigures:
    """Asks one suite; gives nothing while it does not answer, or does not let its `token` see them."""

    def __init__(self, target: str, token: str | None, host: str) -> None:
        self._channel = grpc.aio.insecure_channel(target)
        self._stub = pb_grpc.SystemServiceStub(self._channel)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._host = host

    async def read(self) -> list[Reading]:
        """The newest values, with the labels `process` and `instance`."""
        try:
            answer = await self._stub.GetMetricsText(
                pb.GetMetricsTextRequest(), metadata=self._metadata, timeout=TIMEOUT_SECONDS
            )
        except grpc.aio.AioRpcError:
            return []
        text = answer.content.data.decode()
        return readings(_of_interest(text), "text/plain", self._host)

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close()


def _of_interest(text: str) -> str:
    """The lines about some families: to read all of them takes long."""
    lines = (line for line in text.splitlines() if _unheaded(line).startswith(FAMILIES) and CREATED not in line)
    return "\n".join([*lines, ""])


def _unheaded(line: str) -> str:
    return next((line.removeprefix(head) for head in _HEADS if line.startswith(head)), line)
