"""What the guide sets up is what is taken."""

import re
from pathlib import Path

from binnacle.notifications.v1 import notifications_pb2
from services.alerting.convert.notifiers import notifiers_from
from services.alerting.domain.telling.setup import require_whole
from services.runtime.plain_messages import fill
from services.runtime.yaml_files import load
from tests.support.receivers import ROUTING_KEY, SIGNING_SECRET

GUIDE = Path(__file__).parents[4] / "docs" / "alerting.md"
VALUES = {
    "SLACK_WEBHOOK": "https://hooks.slack.com/services/T0/B0/x",
    "PAGERDUTY_KEY": ROUTING_KEY,
    "SMTP_PASSWORD": "secret",
    "DESK_SECRET": SIGNING_SECRET,
}


def test_what_the_guide_shows_can_be_set_up() -> None:
    [text] = re.findall(r"```yaml\n(receivers:.*?)```", GUIDE.read_text(), re.DOTALL)
    held = load(re.sub(r"\$\{(\w+)\}", lambda place: VALUES[place[1]], text))
    message = notifications_pb2.Notifiers()
    assert fill(message, held, "") == []
    made = notifiers_from(message)
    require_whole(made)
    assert {one.kind for one in made.receivers} == {"slack", "pagerduty", "email", "webhook"}
    assert (len(made.routes), made.routes[1].escalation) == (3, "nobody-came")
