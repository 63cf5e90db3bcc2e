"""Prometheus remote write: the body as it came, and the answers that its senders understand."""

from dataclasses import replace
from hashlib import blake2b
from typing import Any

from google.api.httpbody_pb2 import HttpBody

from binnacle.collector.v1 import remote_write_service_pb2 as pb, remote_write_service_pb2_grpc as pb_grpc
from services.collector.convert.remote_write import RemoteWriteReader
from services.collector.domain.inspection import PointsRefused
from services.collector.domain.intake import NOTHING, Intake, Outcome
from services.core.errors import InvalidInput, Violation
from services.runtime.calls import current_call

REMOTE_WRITE = "binnacle.collector.v1.RemoteWriteService"
HEADER = "x-prometheus-remote-write-{}-written"


class RemoteWriteServicer(pb_grpc.RemoteWriteServiceServicer):
    """Takes in remote writes for one Intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._reader = RemoteWriteReader()

    async def PostRemoteWrite(self, request: pb.PostRemoteWriteRequest, context: Any) -> pb.PostRemoteWriteResponse:
        tenant = current_call().tenant
        try:
            outcome = await self._take(tenant, request.content)
        except InvalidInput:
            await context.send_initial_metadata(_headers(NOTHING))
            raise
        # A sender that misses the headers takes this for something that knows 1.0 alone.
        await context.send_initial_metadata(_headers(outcome))
        if outcome.refused.count:
            told = Violation("", f"{outcome.refused.count:,} refused, {outcome.accepted:,} kept")
            raise PointsRefused([told, *outcome.refused.first])
        return pb.PostRemoteWriteResponse(content=HttpBody())

    async def _take(self, tenant: str, content: HttpBody) -> Outcome:
        written = self._reader.read(tenant, content.content_type, content.data)
        draft, outcome = written.draft, NOTHING
        # A request of metadata alone is complete.
        if len(draft.columns) or draft.undecodable.count:
            outcome = await self._intake.labelled(tenant, draft, _batch_id(content.data))
        return replace(outcome, accepted=outcome.accepted + written.unvalued)


def _batch_id(body: bytes) -> str:
    """A sender that heard no answer sends the same bytes again; equal bytes hold no other samples."""
    return f"rw-{blake2b(body, digest_size=16).hexdigest()}"


def _headers(outcome: Outcome) -> tuple[tuple[str, str], ...]:
    written = {"samples": outcome.accepted, "histograms": 0, "exemplars": 0}
    return tuple((HEADER.format(kind), str(count)) for kind, count in written.items())
