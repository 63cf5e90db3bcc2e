"""What alerting serves."""

from collections.abc import Sequence

from binnacle.alerting.v1 import (
    alert_service_pb2_grpc,
    incident_service_pb2_grpc,
    notifier_service_pb2_grpc,
    rule_service_pb2_grpc,
    silence_service_pb2_grpc,
)
from services.alerting.adapters.expressions import expression_matches
from services.alerting.domain.alerting import Alerting
from services.alerting.domain.judging.trying import Trying
from services.alerting.domain.telling.trying import Probes
from services.alerting.domain.tenant import Surroundings
from services.alerting.ports.explanations import Explaining
from services.alerting.ports.sources import Sources
from services.alerting.ports.trials import Statuses
from services.alerting.service import alert_service, incident_service, notifier_service, rule_service, silence_service
from services.alerting.service.alert_service import AlertServicer
from services.alerting.service.incident_service import IncidentServicer
from services.alerting.service.notifier_service import NotifierServicer
from services.alerting.service.rule_service import RuleServicer
from services.alerting.service.silence_service import SilenceServicer
from services.alerting.wiring.configured import Configured
from services.runtime.access import Access
from services.runtime.process import Registration


def served(
    alerting: Alerting,
    configuration: Configured,
    around: Surroundings,
    explanations: Explaining,
    statuses: Statuses,
    sources: Sources,
    access: Access,
) -> Sequence[Registration]:
    """The services, each over what it needs."""
    rules, clock, telling = configuration.rules, around.clock, around.telling
    trials = Trying(sources, rules.of_tenant, expression_matches)
    probes = Probes(telling.sender, clock, telling.public_url)
    return [
        Registration(
            alert_service_pb2_grpc.add_AlertServiceServicer_to_server,
            AlertServicer(alerting, rules, explanations, clock),
            alert_service.SERVICE,
        ),
        Registration(
            incident_service_pb2_grpc.add_IncidentServiceServicer_to_server,
            IncidentServicer(alerting),
            incident_service.SERVICE,
        ),
        Registration(
            notifier_service_pb2_grpc.add_NotifierServiceServicer_to_server,
            NotifierServicer(
                configuration.notifiers, probes, around.log, around.deliveries, expression_matches, clock, access
            ),
            notifier_service.SERVICE,
        ),
        Registration(
            rule_service_pb2_grpc.add_RuleServiceServicer_to_server,
            RuleServicer(rules, statuses, trials, clock),
            rule_service.SERVICE,
        ),
        Registration(
            silence_service_pb2_grpc.add_SilenceServiceServicer_to_server,
            SilenceServicer(configuration.silences, configuration.inhibitions, alerting.active),
            silence_service.SERVICE,
        ),
    ]
