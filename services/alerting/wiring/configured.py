"""Puts together what is configured by records: rules, silences, inhibitions."""

from dataclasses import dataclass
from functools import partial

import grpc
from redis.asyncio import Redis

from services.alerting.adapters.ready_made import ready_made
from services.alerting.adapters.standing_directory import StandingDirectory
from services.alerting.convert.notifiers import notifiers_payload, notifiers_recorded
from services.alerting.convert.rule_records import rule_payload, rule_recorded, rule_stamped
from services.alerting.convert.silences import (
    inhibition_payload,
    inhibition_recorded,
    silence_payload,
    silence_recorded,
)
from services.alerting.domain.holding_back import silences as silencing
from services.alerting.domain.holding_back.silences import Inhibitions, Silences
from services.alerting.domain.rules import book as rule_book
from services.alerting.domain.rules.book import RuleBook
from services.alerting.domain.rules.following import RuleFollowing
from services.alerting.domain.telling import setup
from services.alerting.domain.telling.setup import NotifierBook
from services.core.configuration import Configuration
from services.core.recorded import Forms, Recorded
from services.runtime.hot_records import HotRecords
from services.runtime.newest_records import NewestRecords
from services.runtime.process import Process
from services.runtime.recorded_messages import readable
from services.runtime.records import Recorder
from services.runtime.sealing import Seal

KINDS = (rule_book.KIND, silencing.SILENCE, silencing.INHIBITION, setup.KIND)


@dataclass(frozen=True, slots=True)
class Configured:
    """What is configured, followed as it changes."""

    rules: RuleBook
    following: RuleFollowing
    silences: Silences
    inhibitions: Inhibitions
    notifiers: NotifierBook


def configured(
    redis: Redis, aggregator: grpc.aio.Channel, recorder: Recorder, seal: Seal, process: Process
) -> Configured:
    """What is configured, from its copy in Redis or the aggregator, changed by way of `recorder`."""
    hot = HotRecords(redis, KINDS)
    configuration = Configuration(NewestRecords(hot, aggregator, KINDS), recorder, hot, process.clock)
    directory = StandingDirectory(process.access.standing)
    rules = Forms(readable(rule_recorded, process.log), rule_payload, rule_stamped)
    silences = Forms(readable(silence_recorded, process.log), silence_payload)
    inhibitions = Forms(readable(inhibition_recorded, process.log), inhibition_payload)
    notifiers = Forms(
        readable(partial(notifiers_recorded, seal=seal, log=process.log), process.log),
        partial(notifiers_payload, seal=seal),
    )
    came = ready_made()
    book = RuleBook(Recorded(configuration, rule_book.KIND, rules), came.rules, came.of_installation)
    made = Configured(
        rules=book,
        following=RuleFollowing(book, configuration, directory),
        silences=Silences(Recorded(configuration, silencing.SILENCE, silences), directory, process.clock),
        inhibitions=Inhibitions(Recorded(configuration, silencing.INHIBITION, inhibitions)),
        notifiers=NotifierBook(Recorded(configuration, setup.KIND, notifiers)),
    )
    process.tasks.create_task(configuration.run(), name="configuration")
    return made
