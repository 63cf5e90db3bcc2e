"""What serves dashboards that people build."""

import grpc
from redis.asyncio import Redis

from services.core.configuration import Configuration
from services.core.recorded import Forms, Recorded
from services.runtime.hot_records import HotRecords
from services.runtime.newest_records import NewestRecords
from services.runtime.process import Process
from services.runtime.recorded_messages import readable
from services.runtime.records import Recorder
from services.streamer.adapters.catalogue import AggregatorCatalogue, KeptCatalogue
from services.streamer.adapters.dashboard_history import AuditedHistory
from services.streamer.adapters.past_values import AggregatorValues
from services.streamer.adapters.ready_made import ready_made
from services.streamer.adapters.redis_claims import RedisClaims
from services.streamer.convert.dashboards.records import dashboard_payload, dashboard_recorded
from services.streamer.domain.dashboards.book import KIND, DashboardBook
from services.streamer.domain.dashboards.following import Following
from services.streamer.domain.dashboards.past import Past
from services.streamer.service import dashboard_builder
from services.streamer.service.rule_drafting import RuleDrafting
from services.streamer.wiring.stopping import close_at_stop


def builder(
    process: Process, aggregator: grpc.aio.Channel, redis: Redis | None, recorder: Recorder
) -> dashboard_builder.DashboardBuilderServicer:
    """Dashboards that people build, followed as they change."""
    hot = None if redis is None else HotRecords(redis, (KIND,))
    configuration = Configuration(NewestRecords(hot, aggregator, (KIND,)), recorder, hot, process.clock)
    forms = Forms(readable(dashboard_recorded, process.log), dashboard_payload)
    came = ready_made()
    recorded = Recorded(configuration, KIND, forms)
    book = DashboardBook(recorded, RedisClaims(redis), process.clock, came.dashboards, came.of_installation)
    following = Following(book)
    configuration.listeners.append(following.tell)
    process.tasks.create_task(configuration.run(), name="configuration")
    process.tasks.create_task(close_at_stop(following, process.stopping), name="close dashboards at stop")
    catalogue = KeptCatalogue(AggregatorCatalogue(aggregator), process.clock, process.tasks)
    drafting = RuleDrafting(AggregatorValues(aggregator, process.clock), catalogue)
    helping = dashboard_builder.Helping(catalogue, drafting, process.clock)
    past = Past(AuditedHistory(aggregator), book)
    return dashboard_builder.DashboardBuilderServicer(book, past, following, helping)
