"""What WatchDashboard sends."""

import json
from collections.abc import Sequence

from google.protobuf.json_format import ParseDict

from binnacle.dashboard.v1 import dashboard_pb2 as pb
from binnacle.streamer.v1.dashboard_service_pb2 import WatchDashboardResponse
from services.core.errors import BinnacleError
from services.streamer.convert.dialects.typed import tail_event
from services.streamer.convert.frames import event_of, state_message, update_message
from services.streamer.domain.deliveries import Batch, Content, Delivery
from services.streamer.ports import Event, Row, State, Update


class DashboardForm:
    """A Form: one message for each thing; `demo` says whether demonstration input runs."""

    def __init__(self, *, demo: bool) -> None:
        self._demo = demo

    def messages(self, _sequence: int, deliveries: Sequence[Delivery]) -> Sequence[bytes]:
        """See Form."""
        return [message for held in deliveries for message in held.content.form(self._messages)]

    def last(self, _sequence: int, _error: BinnacleError) -> Sequence[bytes]:
        """See Form; the status of the call tells the error."""
        return ()

    def _messages(self, content: Content) -> tuple[bytes, ...]:
        match content:
            case State():
                made = pb.DashboardFrame(state=state_message(content, self._demo))
            case Update():
                made = pb.DashboardFrame(update=update_message(content))
            case Batch(rows=[_, *_]):
                made = pb.DashboardFrame(events=pb.TrackedEvents(events=map(_event, content.rows)))
            case Event():
                made = pb.DashboardFrame(events=pb.TrackedEvents(events=[event_of(content)]))
            case _:
                return ()
        return (WatchDashboardResponse(frame=made).SerializeToString(),)


def _event(row: Row) -> pb.TrackedEvent:
    event = tail_event(row)
    made = pb.TrackedEvent(type=event.type, service=event.service, user_id=event.user_id, timestamp=event.time)
    if event.data_json:
        ParseDict(json.loads(event.data_json), made.data)
    return made
