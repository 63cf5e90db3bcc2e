"""Puts alerting together; the only module that knows all its rooms."""

import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.alerting.adapters.action_calls import ActionCalls
from services.alerting.adapters.aggregator_answers import aggregator_sources
from services.alerting.adapters.aggregator_calls import AggregatorCalls
from services.alerting.adapters.aggregator_history import AggregatorHistory
from services.alerting.adapters.collector_client import CollectorLog
from services.alerting.adapters.expressions import expression_matches
from services.alerting.adapters.prometheus_gauges import PrometheusGauges
from services.alerting.adapters.recorded_deliveries import RecordedDeliveries
from services.alerting.adapters.redis_inquiries import RedisInquiries
from services.alerting.adapters.redis_states import RedisStates
from services.alerting.adapters.senders.sending import senders
from services.alerting.config import AlertingConfig
from services.alerting.domain.alerting import Alerting
from services.alerting.domain.holding_back.restraint import TenantRestraints
from services.alerting.domain.judging.explaining import Explanations
from services.alerting.domain.judging.judging import Judgings
from services.alerting.domain.judging.statuses import RuleStatuses
from services.alerting.domain.leadership import Leadership
from services.alerting.domain.telling.telling import Means
from services.alerting.domain.tenant import Surroundings
from services.alerting.service.gate import RequestGate
from services.alerting.wiring.configured import configured
from services.alerting.wiring.served import served
from services.runtime.garbage import set_aside
from services.runtime.process import Process, Wired
from services.runtime.records import Recorder
from services.runtime.redis_client import open_redis
from services.runtime.regular_expressions import Texts
from services.runtime.sealing import Seal
from services.runtime.standing import Follower
from services.runtime.watchdog import Watchdog

ALERTS = "alerts"
"""What the watchdog calls it that alerts fire."""


@asynccontextmanager
async def wire(config: AlertingConfig, process: Process) -> AsyncIterator[Wired]:
    """Alerting over the aggregator, the collector and Redis that `config` names."""
    with set_aside(process.clock):
        async with _wired(config, process) as wired:
            yield wired


@asynccontextmanager
async def _wired(config: AlertingConfig, process: Process) -> AsyncIterator[Wired]:
    hosts = tuple(host.strip() for host in config.outgoing_hosts.split(",") if host.strip())
    async with (
        open_redis(config.redis_url) as redis,
        senders(hosts, config.outgoing_authorities, process.log) as sender,
    ):
        aggregator, collector = process.channel(config.aggregator), process.channel(config.collector)
        process.tasks.create_task(Follower(process.access.standing, aggregator, process.clock).run(), name="standing")
        recorder = Recorder(collector, process.clock)
        configuration = configured(redis, aggregator, recorder, Seal(config.sealing_key.get_secret_value()), process)
        gauges, sources = (
            PrometheusGauges(process.registry),
            aggregator_sources(aggregator, [*map(process.channel, config.further_aggregators)]),
        )
        judgings = Judgings(sources, expression_matches, process.clock, gauges)
        statuses = RuleStatuses(judgings, configuration.rules.of_tenant, RedisInquiries(redis), process.clock, gauges)
        store = RedisStates(redis, process.log)
        around = Surroundings(
            judging=judgings,
            restraints=TenantRestraints(configuration.silences, configuration.inhibitions, expression_matches),
            store=store,
            log=CollectorLog(collector, process.log),
            history=AggregatorHistory(aggregator),
            deliveries=RecordedDeliveries(aggregator),
            telling=Means(
                configuration.notifiers.of_tenant,
                sender,
                expression_matches,
                config.public_url,
                random.random,
                process.clock,
                gauges,
            ),
            calls=AggregatorCalls(aggregator, sources.events),
            actions=ActionCalls(sender.session, configuration.notifiers.of_tenant, process.clock),
            clock=process.clock,
            gauges=gauges,
        )
        # Of the same name is only what takes the place of a process that is gone.
        leadership = Leadership(store, process.clock, gauges, f"{socket.gethostname()} {config.listen}")
        alerting = Alerting(configuration.following, around, leadership, statuses, Texts)
        process.tasks.create_task(alerting.run(), name="alerting")
        if config.watchdog_url:
            watchdog = Watchdog(config.watchdog_url, ALERTS, config.watchdog_seconds, process.clock, process.log)
            process.tasks.create_task(watchdog.run(alerting.always_fires), name="watchdog of alerts")
        process.tasks.create_task(_close_at_stop(alerting, process), name="close watchers")
        explanations = Explanations(
            judgings,
            statuses,
            aggregator_sources(aggregator, as_stored=True),
            configuration.rules.of_tenant,
            expression_matches,
            process.clock,
        )
        registrations = served(alerting, configuration, around, explanations, statuses, sources, process.access)
        yield Wired(registrations, ready=alerting.ready, gate=RequestGate(), recorder=recorder)


async def _close_at_stop(alerting: Alerting, process: Process) -> None:
    await process.stopping.wait()
    alerting.close()
