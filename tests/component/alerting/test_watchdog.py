"""Somebody outside is told that alerting is well, and that what always fires does."""

from dataclasses import replace

import pytest

from services.alerting.domain.alerting import ALWAYS
from services.alerting.ports.rules import Choice, Comparison, Lack
from tests.component.alerting.scene import QUESTION, Scene, busy
from tests.support.pings import listening
from tests.support.waiting import eventually

pytestmark = [pytest.mark.network, pytest.mark.redis]


async def test_alerts_are_pinged_for_as_long_as_what_always_fires_does(scene: Scene) -> None:
    condition = replace(QUESTION, comparison=Comparison.AT_LEAST)
    always = replace(busy(), id=ALWAYS, condition=condition, no_data=Lack(Choice.RESOLVE, 0.0))
    scene.access.rules = [always]
    async with (
        listening() as (url, listener),
        scene.alerting(watchdog_url=f"{url}/{{process}}", watchdog_seconds=1),
    ):
        await eventually(listener.heard(1, "/alerting"), "a ping of the process", within=30)
        assert "/alerts" not in listener.paths
        scene.series.say(x=95)
        await eventually(listener.heard(1, "/alerts"), "a ping of what always fires", within=30)
        scene.series.say()
        await scene.recorded("firing", "resolved")
        count = listener.paths.count("/alerts")
        await eventually(listener.heard(listener.paths.count("/alerting") + 3, "/alerting"), "pings", within=30)
        # One may have been under way.
        assert listener.paths.count("/alerts") <= count + 1
