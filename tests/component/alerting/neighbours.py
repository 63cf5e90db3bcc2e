"""The aggregator and the collector as far as alerting sees them, told by the test what to say."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from binnacle.aggregator.v1 import (
    access_service_pb2 as access_pb,
    access_service_pb2_grpc,
    event_service_pb2 as events_pb,
    event_service_pb2_grpc,
    sample_service_pb2 as samples_pb,
    sample_service_pb2_grpc,
    time_series_service_pb2 as series_pb,
    time_series_service_pb2_grpc,
    trace_service_pb2 as traces_pb,
    trace_service_pb2_grpc,
)
from binnacle.collector.v1 import (
    ingest_service_pb2,
    ingest_service_pb2_grpc,
    record_service_pb2 as records_pb,
    record_service_pb2_grpc,
)
from binnacle.events.v1 import events_pb2
from binnacle.query.v1 import query_pb2
from services.alerting.convert.notifiers import notifiers_payload
from services.alerting.convert.rule_records import rule_payload
from services.alerting.domain.rules.book import KIND
from services.alerting.domain.telling import setup
from services.alerting.ports.notifiers import Notifiers
from services.alerting.ports.rules import Rule
from services.core.conventions import ALERT_EVENT
from services.core.errors import Overloaded, Unavailable
from services.core.records import AuditRecord
from services.core.tenants import DEFAULT_TENANT
from services.runtime.calls import current_call
from services.runtime.process import Registration
from services.runtime.record_messages import record_message
from services.runtime.sealing import Seal

METRIC = "cpu"
SEALING_KEY = "k" * 64
Course = Callable[[float], Mapping[str, float]]
"""The value of each service at a time; none where it has none."""


class SeriesNeighbour(time_series_service_pb2_grpc.TimeSeriesServiceServicer):
    """Says what the metric is at the time it is asked for; of `others` what stands there."""

    def __init__(self) -> None:
        self.away = False
        self.course: Course = lambda at: {}
        self.others: dict[str, Mapping[str, float]] = {}

    def say(self, **values: float) -> None:
        """From now on these are the values, at whatever time."""
        self.course = lambda at: values

    async def QueryTimeSeries(
        self, request: series_pb.QueryTimeSeriesRequest, context: Any
    ) -> series_pb.QueryTimeSeriesResponse:
        if self.away:
            raise Unavailable("the store is being read")
        end = request.query.end_time.seconds + request.query.end_time.nanos / 1e9
        answer = query_pb2.TimeSeriesAnswer(times_unix_ms=[end * 1e3])
        for expression in request.query.expressions:
            result = answer.results.add(name=expression.name)
            metric = expression.selection.metric
            known = self.course(end) if metric == METRIC else self.others.get(metric, {})
            for service, value in known.items():
                result.series.add(labels={"service": service}, values=[value])
        return series_pb.QueryTimeSeriesResponse(answer=answer)

    def registration(self) -> Registration:
        add = time_series_service_pb2_grpc.add_TimeSeriesServiceServicer_to_server
        return Registration(add, self, "binnacle.aggregator.v1.TimeSeriesService")


class SampleNeighbour(sample_service_pb2_grpc.SampleServiceServicer):
    """Has no samples and no events."""

    async def ReadSamples(
        self, request: samples_pb.ReadSamplesRequest, context: Any
    ) -> AsyncIterator[samples_pb.ReadSamplesResponse]:
        yield samples_pb.ReadSamplesResponse()

    async def CountMatchingEvents(
        self, request: samples_pb.CountMatchingEventsRequest, context: Any
    ) -> AsyncIterator[samples_pb.CountMatchingEventsResponse]:
        yield samples_pb.CountMatchingEventsResponse()

    def registration(self) -> Registration:
        add = sample_service_pb2_grpc.add_SampleServiceServicer_to_server
        return Registration(add, self, "binnacle.aggregator.v1.SampleService")


class TraceNeighbour(trace_service_pb2_grpc.TraceServiceServicer):
    """Says who calls whom."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    async def GetServiceMap(
        self, request: traces_pb.GetServiceMapRequest, context: Any
    ) -> traces_pb.GetServiceMapResponse:
        edges = [traces_pb.ServiceEdge(caller=caller, callee=callee, calls=9) for caller, callee in self.calls]
        return traces_pb.GetServiceMapResponse(edges=edges, fraction=1.0)

    def registration(self) -> Registration:
        add = trace_service_pb2_grpc.add_TraceServiceServicer_to_server
        return Registration(add, self, "binnacle.aggregator.v1.TraceService")


class IntakeNeighbour(ingest_service_pb2_grpc.IngestServiceServicer):
    """Keeps the events that are written: of one name a batch counts once. `full_of`: it has no room for this type."""

    def __init__(self) -> None:
        self.full = False
        self.full_of = ""
        self.events: list[events_pb2.Event] = []
        self.tenants: set[str] = set()
        self.names: list[str] = []
        self._taken: set[str] = set()

    @property
    def steps(self) -> list[str]:
        """What happened to alerts, in the order it was written."""
        return [str(event.data["what"]) for event in self.of(ALERT_EVENT)]

    def of(self, kind: str) -> list[events_pb2.Event]:
        """The events of a type."""
        return [event for event in self.events if event.type == kind]

    async def WriteEvents(
        self, request: ingest_service_pb2.WriteEventsRequest, context: Any
    ) -> ingest_service_pb2.WriteEventsResponse:
        self.names.append(request.batch_id)
        if self.full or any(event.type == self.full_of for event in request.events):
            raise Overloaded("the journal is full", 0.1)
        self.tenants.add(current_call().tenant)
        if request.batch_id not in self._taken:
            self._taken.add(request.batch_id)
            self.events.extend(request.events)
        return ingest_service_pb2.WriteEventsResponse(accepted=len(request.events))

    def registration(self) -> Registration:
        add = ingest_service_pb2_grpc.add_IngestServiceServicer_to_server
        return Registration(add, self, "binnacle.collector.v1.IngestService")


class RecordNeighbour(record_service_pb2_grpc.RecordServiceServicer):
    """Takes records of who did what, and keeps them."""

    def __init__(self) -> None:
        self.taken: list[records_pb.WriteRecordsRequest] = []

    async def WriteRecords(
        self, request: records_pb.WriteRecordsRequest, context: Any
    ) -> records_pb.WriteRecordsResponse:
        self.taken.append(request)
        return records_pb.WriteRecordsResponse()

    def registration(self) -> Registration:
        add = record_service_pb2_grpc.add_RecordServiceServicer_to_server
        return Registration(add, self, "binnacle.collector.v1.RecordService")


class HistoryNeighbour(event_service_pb2_grpc.EventServiceServicer):
    """Tells what was written."""

    def __init__(self, intake: IntakeNeighbour) -> None:
        self._intake = intake

    async def SearchEvents(
        self, request: events_pb.SearchEventsRequest, context: Any
    ) -> events_pb.SearchEventsResponse:
        newest = sorted(self._intake.events, key=lambda event: event.time.ToNanoseconds(), reverse=True)
        return events_pb.SearchEventsResponse(events=newest)

    def registration(self) -> Registration:
        add = event_service_pb2_grpc.add_EventServiceServicer_to_server
        return Registration(add, self, "binnacle.aggregator.v1.EventService")


class AccessNeighbour(access_service_pb2_grpc.AccessServiceServicer):
    """Tells the rules of the tenant `default`, and what it has set up to tell people."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.notifiers: Notifiers | None = None

    async def GetAccess(self, request: access_pb.GetAccessRequest, context: Any) -> access_pb.GetAccessResponse:
        return access_pb.GetAccessResponse()

    async def ListNewestRecords(
        self, request: access_pb.ListNewestRecordsRequest, context: Any
    ) -> access_pb.ListNewestRecordsResponse:
        if request.after_id:
            return access_pb.ListNewestRecordsResponse()
        found = [_record(KIND, rule.id, rule_payload(rule)) for rule in self.rules if request.kind == KIND]
        if self.notifiers is not None and request.kind == setup.KIND:
            found.append(_record(setup.KIND, setup.ALL, notifiers_payload(self.notifiers, Seal(SEALING_KEY))))
        return access_pb.ListNewestRecordsResponse(records=map(record_message, found))

    def registration(self) -> Registration:
        add = access_service_pb2_grpc.add_AccessServiceServicer_to_server
        return Registration(add, self, "binnacle.aggregator.v1.AccessService")


def _record(kind: str, identity: str, payload: Mapping[str, Any]) -> AuditRecord:
    return AuditRecord(1, DEFAULT_TENANT, kind, identity, 1, "create", payload=json.dumps(payload))
