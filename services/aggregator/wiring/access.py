"""Puts together who may come in: tenants, keys, and the log of who did what."""

from collections.abc import Callable, Collection
from contextlib import AsyncExitStack, suppress
from typing import NoReturn

from binnacle.aggregator.v1 import (
    access_service_pb2_grpc,
    audit_service_pb2_grpc,
    key_service_pb2_grpc,
    tenant_service_pb2_grpc,
)
from services.aggregator.adapters.clickhouse.access.audit import ClickHouseAuditLog
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.adapters.token_signer import TokenSigner
from services.aggregator.config import AggregatorConfig
from services.aggregator.domain.access.arrivals import Arrivals
from services.aggregator.domain.access.keys import Keys
from services.aggregator.domain.access.tenants import Tenants
from services.aggregator.service.access_service import AccessServicer
from services.aggregator.service.audit_service import AuditServicer
from services.aggregator.service.key_service import KeyServicer
from services.aggregator.service.tenant_service import TenantServicer
from services.core.configuration import Configuration
from services.core.errors import Unavailable
from services.runtime.hot_records import HotRecords
from services.runtime.process import Process, Registration
from services.runtime.records import Recorder
from services.runtime.redis_client import open_redis

REFRESH_SECONDS = 1.0


async def configuration(
    store: ClickHouseStore, config: AggregatorConfig, process: Process, recorder: Recorder, opened: AsyncExitStack
) -> Configuration:
    """What is configured, followed from now on; to be made before the store is opened."""
    hot = None
    if config.redis_url:
        hot = HotRecords(await opened.enter_async_context(open_redis(config.redis_url)))
    made = Configuration(ClickHouseAuditLog(store.reader), recorder, hot, process.clock)
    store.listeners.append(Arrivals(made))
    process.tasks.create_task(made.run(), name="configuration")
    return made


def access(
    configuration: Configuration,
    seen: Callable[[], Collection[str]],
    store: ClickHouseStore,
    config: AggregatorConfig,
    process: Process,
) -> list[Registration]:
    """The services of tenants, keys and the audit log; `seen` are tenants that send data."""
    tenants = Tenants(configuration, process.clock)
    keys = Keys(configuration, TokenSigner(config.signing_key_file), process.clock)
    servicer = AccessServicer(configuration, tenants, keys, seen, created_only=config.tenants == "created")
    process.tasks.create_task(keys.run(), name="use of keys")
    process.tasks.create_task(_stand(servicer, keys, process), name="standing")
    return [
        Registration(
            access_service_pb2_grpc.add_AccessServiceServicer_to_server,
            servicer,
            "binnacle.aggregator.v1.AccessService",
        ),
        Registration(
            tenant_service_pb2_grpc.add_TenantServiceServicer_to_server,
            TenantServicer(tenants),
            "binnacle.aggregator.v1.TenantService",
        ),
        Registration(
            key_service_pb2_grpc.add_KeyServiceServicer_to_server,
            KeyServicer(keys),
            "binnacle.aggregator.v1.KeyService",
        ),
        Registration(
            audit_service_pb2_grpc.add_AuditServiceServicer_to_server,
            AuditServicer(ClickHouseAuditLog(store.reader), process.clock),
            "binnacle.aggregator.v1.AuditService",
        ),
    ]


async def _stand(servicer: AccessServicer, keys: Keys, process: Process) -> NoReturn:
    """Judge this process's own callers by what it tells others."""
    standing = process.access.standing
    while True:
        keys.note_used(standing.take_used())
        with suppress(Unavailable):
            standing.learn(servicer.access())
        await process.clock.sleep(REFRESH_SECONDS)
