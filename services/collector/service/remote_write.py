"""Prometheus remote write: the body as it came, and the answers that its senders understand."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from google.api.httpbody_pb2 import HttpBody

from binnacle.collector.v1 import remote_write_service_pb2 as pb, remote_write_service_pb2_grpc as pb_grpc
from services.collector.convert.remote_write import RemoteWriteReader, Written
from services.collector.domain.columns import LabelledColumns
from services.collector.domain.inspection import FIRST, NONE_REFUSED, PointsRefused, Refused
from services.collector.domain.intake import NOTHING, Draft, Intake, Outcome
from services.collector.domain.otlp_intake import OtlpIntake
from services.collector.domain.places import LabelledPlaces
from services.collector.service.gate import SAMPLES
from services.core.errors import InvalidInput, Violation
from services.runtime.calls import current_call

REMOTE_WRITE = "binnacle.collector.v1.RemoteWriteService"
HEADER = "x-prometheus-remote-write-{}-written"


@dataclass(frozen=True, slots=True)
class _Fate:
    """What became of a request: how many were written, by kind, and what was refused."""

    samples: int = 0
    histograms: int = 0
    exemplars: int = 0
    refused: Refused = NONE_REFUSED

    def headers(self) -> tuple[tuple[str, str], ...]:
        """What senders of 2.0 are told."""
        written = {"samples": self.samples, "histograms": self.histograms, "exemplars": self.exemplars}
        return tuple((HEADER.format(kind), str(count)) for kind, count in written.items())


class RemoteWriteServicer(pb_grpc.RemoteWriteServiceServicer):
    """Takes in remote writes for one Intake; what is no sample goes the way of OpenTelemetry's."""

    def __init__(self, intake: Intake, telemetry: OtlpIntake) -> None:
        self._intake = intake
        self._telemetry = telemetry
        self._reader = RemoteWriteReader()

    async def PostRemoteWrite(self, request: pb.PostRemoteWriteRequest, context: Any) -> pb.PostRemoteWriteResponse:
        tenant, content = current_call().tenant, request.content
        try:
            secrets = self._intake.admission.redaction.of(tenant, SAMPLES)
            written = self._reader.read(tenant, content.content_type, content.data, secrets)
            fate = await self._take(tenant, written, blake2b(content.data, digest_size=16).hexdigest())
        except InvalidInput:
            await context.send_initial_metadata(_Fate().headers())
            raise
        # A sender that misses the headers takes this for something that knows 1.0 alone.
        await context.send_initial_metadata(fate.headers())
        if fate.refused.count:
            kept = f"{fate.samples:,} samples, {fate.histograms:,} histograms kept"
            raise PointsRefused([Violation("", f"{fate.refused.count:,} refused, {kept}"), *fate.refused.first])
        return pb.PostRemoteWriteResponse(content=HttpBody())

    async def _take(self, tenant: str, written: Written, digest: str) -> _Fate:
        """Take all of it. A sender that heard no answer sends the same bytes again: their digest names the request."""
        samples = await self._samples(tenant, written.draft, f"rw-{digest}")
        native = NOTHING
        if written.native is not None:
            native = await self._telemetry.metrics(tenant, written.native, f"rwn-{digest}")
        first = (*samples.refused.first, *native.refused.first)[:FIRST]
        refused = Refused(samples.refused.count + native.refused.count, first)
        return _Fate(samples.accepted + written.unvalued, native.accepted, written.exemplars, refused)

    async def _samples(self, tenant: str, draft: Draft[LabelledColumns, LabelledPlaces], batch_id: str) -> Outcome:
        # A request of metadata alone is complete.
        if not len(draft.columns):
            return NOTHING
        try:
            return await self._intake.labelled(tenant, draft, batch_id)
        except PointsRefused as refused:
            return Outcome(0, Refused(len(draft.columns), refused.violations))
