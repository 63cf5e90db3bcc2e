"""What goes on without anybody asking: agents at work, databases in use, subscriptions paid."""

from services.core import conventions
from services.launcher.demo.catalogue import ACTIVE_AGENTS, AGENTS, DATABASES
from services.launcher.demo.happenings import Beat, Value
from services.launcher.demo.rhythm import busyness
from services.launcher.demo.stage import Stage

AGENT_BEAT_SECONDS = 30.0
COUNT_SECONDS = 5.0
SUBSCRIPTION_SECONDS = 12.0


class Background:
    """Agents with heartbeats and their number; connections of databases; revenue that no purchase event tells."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._restless = dict.fromkeys(ACTIVE_AGENTS, 0.0)
        for place, name in enumerate(AGENTS):
            self._agent(name, stage.start + place)
        stage.timeline.at(stage.start + 1.0, self._count_agents)
        stage.timeline.at(stage.start + 1.0, self._count_connections)
        stage.timeline.at(stage.start + stage.pause(SUBSCRIPTION_SECONDS), self._subscription)

    def _agent(self, name: str, first: float) -> None:
        stage = self._stage

        def beat(time: float) -> None:
            stage.timeline.at(time + AGENT_BEAT_SECONDS, beat)
            uptime = (time - stage.start) / 3600.0
            stage.tell(Beat(time, name, conventions.HEALTHY, conventions.AGENT_KIND, uptime=uptime))

        stage.timeline.at(first, beat)

    def _count_agents(self, time: float) -> None:
        stage = self._stage
        stage.timeline.at(time + COUNT_SECONDS, self._count_agents)
        for team, usual in ACTIVE_AGENTS.items():
            self._restless[team] = 0.9 * self._restless[team] + stage.rng.gauss(0.0, 1.2)
            count = usual * (0.7 + 0.3 * busyness(time)) + self._restless[team]
            stage.tell(Value(time, conventions.ACTIVE_AGENTS, float(max(0, round(count))), {"kind": team}))

    def _count_connections(self, time: float) -> None:
        stage = self._stage
        stage.timeline.at(time + COUNT_SECONDS, self._count_connections)
        for database, usual in DATABASES.items():
            count = usual * (0.5 + 0.5 * busyness(time)) + stage.rng.gauss(0.0, 2.0)
            labels = {"database": database}
            stage.tell(Value(time, conventions.DATABASE_CONNECTIONS, float(max(1, round(count))), labels))

    def _subscription(self, time: float) -> None:
        stage = self._stage
        stage.timeline.at(time + stage.pause(SUBSCRIPTION_SECONDS), self._subscription)
        amount = stage.rng.choice((29.0, 29.0, 99.0, 499.0))
        stage.tell(Value(time, "revenue", amount, {"source": "subscriptions", "currency": "USD"}, "USD", "delta"))
