"""The rules that come with Binnacle."""

import re
from pathlib import Path

from services.alerting.adapters.ready_made import ready_made

GUIDE = Path(__file__).parents[3] / "docs" / "alerting.md"


def test_each_is_documented_and_nothing_else() -> None:
    came = ready_made()
    told = GUIDE.read_text().split("## Ready-made rules")[1]
    documented = re.findall(r"^\| `([a-z-]+)` \|", told, re.MULTILINE)
    assert [rule.id for rule in (*came.rules, *came.of_installation)] == documented


def test_those_that_were_always_there_are_as_they_were() -> None:
    rules = {rule.id: rule for rule in ready_made().rules}
    errors, stale = rules["service-error-rate"], rules["heartbeat-stale"]
    assert (errors.hold, errors.levels[0].threshold, errors.name) == (10.0, 5.0, "Error rate over 5 %")
    assert (stale.hold, stale.levels[0].threshold) == (0.0, 120.0)
