"""Explanations as messages."""

from binnacle.alerting.v1 import alert_service_pb2 as pb
from binnacle.query.v1 import query_pb2
from services.alerting.convert.alerts import STATES
from services.alerting.ports.explanations import Explanation
from services.runtime.times import optional_timestamp


def explanation_message(explanation: Explanation) -> pb.Explanation:
    """Why a group is in its state."""
    labels = dict(explanation.labels)
    return pb.Explanation(
        labels=labels,
        state=STATES.number(explanation.state),
        text=explanation.text,
        judged_time=optional_timestamp(explanation.judged_at),
        value=explanation.value,
        threshold=explanation.threshold,
        parts=[pb.NamedValue(name=name, value=value) for name, value in explanation.parts],
        series=[query_pb2.TimeSeries(labels=labels, values=[value for _, value in explanation.course])]
        if explanation.course
        else [],
        times_unix_ms=[at * 1e3 for at, _ in explanation.course],
    )
