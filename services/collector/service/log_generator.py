"""Made-up log lines, taken in like any others."""

from collections import Counter
from random import Random
from typing import Any

from binnacle.collector.v1 import log_generator_service_pb2 as pb, log_generator_service_pb2_grpc as pb_grpc
from binnacle.logs.v1 import logs_pb2
from services.collector.convert import messages
from services.collector.domain.inspection import PointsRefused
from services.collector.domain.intake import Intake
from services.collector.domain.kinds import LOGS
from services.collector.domain.made_up_logs import LEVELS, Line, made_up
from services.collector.service.batch_ids import idempotency_key
from services.core.errors import InvalidInput
from services.runtime.calls import current_call

LOG_GENERATOR = "binnacle.collector.v1.LogGeneratorService"
USUAL, MOST = 10, 1_000
MOST_SERVICES, LONGEST_NAME = 20, 100


class LogGeneratorServicer(pb_grpc.LogGeneratorServiceServicer):
    """Makes up lines for one Intake."""

    def __init__(self, intake: Intake, rng: Random) -> None:
        self._intake = intake
        self._rng = rng

    async def GenerateLogs(self, request: pb.GenerateLogsRequest, context: Any) -> pb.GenerateLogsResponse:
        _check(request)
        lines = made_up(request.count or USUAL, request.levels, request.services, self._rng)
        secrets = self._intake.admission.redaction.of(current_call().tenant, LOGS.name)
        draft = messages.logs([_record(line) for line in lines], self._intake.now(), secrets)
        outcome = await self._intake.points(LOGS, current_call().tenant, draft, idempotency_key(context))
        if outcome.refused.count:
            raise PointsRefused(outcome.refused.first)
        return pb.GenerateLogsResponse(
            accepted=outcome.accepted,
            levels=Counter(line.level for line in lines),
            services=Counter(line.service for line in lines),
        )


def _check(request: pb.GenerateLogsRequest) -> None:
    if request.count > MOST:
        raise InvalidInput.of("count", f"must be between 1 and {MOST:,}")
    if not set(request.levels) <= LEVELS.keys():
        raise InvalidInput.of("levels", f"must be of {', '.join(LEVELS)}")
    if len(request.services) > MOST_SERVICES:
        raise InvalidInput.of("services", f"must be at most {MOST_SERVICES}")
    if not all(1 <= len(name) <= LONGEST_NAME for name in request.services):
        raise InvalidInput.of("services", f"must each have 1 to {LONGEST_NAME} characters")


def _record(line: Line) -> logs_pb2.LogRecord:
    record = logs_pb2.LogRecord(
        level=logs_pb2.LogLevel.Value(f"LOG_LEVEL_{line.level.upper()}"), service=line.service, message=line.message
    )
    record.attributes.update({"generated": True})
    return record
