"""Puts alerting together; the only module that knows all its rooms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from binnacle.alerting.v1 import alert_service_pb2_grpc
from services.alerting.adapters.aggregator_client import AggregatorOverview
from services.alerting.adapters.collector_client import CollectorLog
from services.alerting.adapters.fixed_tenants import FixedTenants
from services.alerting.adapters.prometheus_gauges import PrometheusGauges
from services.alerting.adapters.redis_states import open_redis_states
from services.alerting.config import AlertingConfig
from services.alerting.domain.alerting import Alerting, Surroundings
from services.alerting.domain.rules import READY_MADE
from services.alerting.service import SERVICE, AlertServicer
from services.core.tenants import DEFAULT_TENANT
from services.runtime.process import Process, Registration, Wired


@asynccontextmanager
async def wire(config: AlertingConfig, process: Process) -> AsyncIterator[Wired]:
    """Alerting over the aggregator, the collector and Redis that `config` names."""
    async with open_redis_states(config.redis_url, process.log) as store:
        around = Surroundings(
            source=AggregatorOverview(process.channel(config.aggregator)),
            store=store,
            log=CollectorLog(process.channel(config.collector), process.log),
            tenants=FixedTenants([DEFAULT_TENANT]),
            clock=process.clock,
            gauges=PrometheusGauges(process.registry),
        )
        alerting = Alerting(READY_MADE, around)
        process.tasks.create_task(alerting.run(), name="alerting")
        process.tasks.create_task(_close_at_stop(alerting, process), name="close watchers")
        servicer = AlertServicer(alerting)
        yield Wired(
            [Registration(alert_service_pb2_grpc.add_AlertServiceServicer_to_server, servicer, SERVICE)],
            ready=alerting.ready,
        )


async def _close_at_stop(alerting: Alerting, process: Process) -> None:
    await process.stopping.wait()
    alerting.close()
