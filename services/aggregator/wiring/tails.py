"""Puts together what tells rows in the order they came."""

from binnacle.aggregator.v1 import tail_service_pb2_grpc
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.adapters.clickhouse.storing.tails import ClickHouseTails
from services.aggregator.domain.intake.aggregator import Aggregator
from services.aggregator.domain.live.others import Others
from services.aggregator.domain.live.tailing import Tailing
from services.aggregator.domain.live.tails import Tails
from services.aggregator.service.tail_service import TailServicer
from services.core.clock import Clock
from services.runtime.process import Process, Registration


def follow_others(store: ClickHouseStore, aggregator: Aggregator, process: Process) -> None:
    """From now on the live overview knows what other aggregators store."""
    others = Others(aggregator.live, store, aggregator.intake.read_anew, process.clock)
    aggregator.live.before_answers.append(others.catch_up)
    process.tasks.create_task(others.run(), name="other aggregators")


def tail_service(store: ClickHouseStore, tails: Tails, clock: Clock) -> Registration:
    """Tails of what the journals bring, and of what is stored."""
    return Registration(
        tail_service_pb2_grpc.add_TailServiceServicer_to_server,
        TailServicer(Tailing(tails, ClickHouseTails(store.reader), store.committed, clock)),
        "binnacle.aggregator.v1.TailService",
    )
