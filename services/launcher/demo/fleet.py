"""The services themselves: heartbeats, deploys, and what goes wrong."""

from services.core import conventions
from services.launcher.demo.catalogue import OPERATORS, SERVICES, SETTINGS
from services.launcher.demo.happenings import Beat, Event
from services.launcher.demo.incidents import BETWEEN_SECONDS, FIRST_AFTER_SECONDS, Incident, next_incident
from services.launcher.demo.logbook import Logbook
from services.launcher.demo.stage import Stage

BEAT_SECONDS = (15.0, 30.0)
FIRST_DEPLOY_AFTER_SECONDS = (30.0, 80.0)
DEPLOY_SECONDS = 9 * 60.0
FIRST_SETTING_AFTER_SECONDS = (20.0, 60.0)
SETTING_SECONDS = 7 * 60.0
DEGRADED_FROM, UNHEALTHY_FROM = 0.2, 0.8


class Fleet:
    """Beats for every service, releases now and then, an incident some minutes apart."""

    def __init__(self, stage: Stage, logbook: Logbook) -> None:
        self._stage, self._logbook = stage, logbook
        rng, start = stage.rng, stage.start
        for name in SERVICES:
            self._beat_from(name, start + rng.uniform(0.0, 2.0), rng.uniform(*BEAT_SECONDS))
            facts = {"service": name, "version": _text(stage.services[name].version), "reason": "start"}
            stage.tell(Event(start, conventions.DEPLOY_EVENT, name, facts))
        stage.timeline.at(start + rng.uniform(*FIRST_DEPLOY_AFTER_SECONDS), self._release)
        self._plan(start + rng.uniform(*FIRST_AFTER_SECONDS), "")
        stage.timeline.at(start + rng.uniform(*FIRST_SETTING_AFTER_SECONDS), self._change_setting)

    def _beat_from(self, name: str, first: float, every: float) -> None:
        def beat(time: float) -> None:
            self._stage.timeline.at(time + every, beat)
            self._beat(name, time)

        self._stage.timeline.at(first, beat)

    def _beat(self, name: str, time: float) -> None:
        service, trouble = self._stage.services[name], self._stage.trouble(name, time)
        status = conventions.UNHEALTHY if trouble >= UNHEALTHY_FROM else conventions.HEALTHY
        if DEGRADED_FROM <= trouble < UNHEALTHY_FROM:
            status = conventions.DEGRADED
        self._stage.tell(
            Beat(
                time,
                name,
                status,
                requests=service.requests,
                errors=service.errors,
                avg_latency=round(service.latency / max(1, service.requests), 2),
                uptime=(time - service.started) / 3600.0,
            )
        )

    def _release(self, time: float) -> None:
        self._stage.timeline.at(time + self._stage.pause(DEPLOY_SECONDS), self._release)
        self._deploy(self._stage.rng.choice(SERVICES), time, "release")

    def _deploy(self, name: str, time: float, reason: str) -> None:
        service = self._stage.services[name]
        major, minor, patch = service.version
        version = (major, minor, max(0, patch - 1)) if reason == "rollback" else (major, minor, patch + 1)
        former = _text(service.version)
        service.restart(time, version)
        facts = {"version": _text(version), "former_version": former, "reason": reason}
        self._stage.tell(Event(time, conventions.DEPLOY_EVENT, name, {"service": name, **facts}))
        self._logbook.write(time, "info", f"started in version {_text(version)} ({reason})", name, **facts)

    def _change_setting(self, time: float) -> None:
        rng = self._stage.rng
        self._stage.timeline.at(time + self._stage.pause(SETTING_SECONDS), self._change_setting)
        service, (key, values) = rng.choice(SERVICES), rng.choice(SETTINGS)
        former, value = rng.sample(values, 2)
        facts = {"service": service, "key": key, "former_value": former, "value": value}
        title = f"{service}: {key} is {value}"
        who = rng.choice(OPERATORS)
        self._stage.tell(Event(time, conventions.CONFIG_CHANGE_EVENT, service, {"title": title, **facts}, who))

    def _plan(self, begins: float, former: str) -> None:
        incident = next_incident(self._stage.rng, begins, former)

        # Times are those at which it happens: after a sleep of the machine they are later than planned.
        def begin(time: float) -> None:
            self._begin(incident.beginning(time))

        self._stage.timeline.at(begins, begin)

    def _begin(self, incident: Incident) -> None:
        stage, service = self._stage, incident.service
        stage.incident = incident
        if incident.cause == "bad deploy":
            self._deploy(service, incident.begins, "release")
        self._logbook.write(incident.begins, "warning", f"latency is rising: {incident.cause}", service)
        height = incident.begins + 15.0
        stage.timeline.at(height, lambda time: self._complain(incident, time))
        stage.timeline.at(incident.ends, lambda time: self._recover(incident, time))

    def _complain(self, incident: Incident, time: float) -> None:
        current = round(incident.failing * 100.0, 1)
        text = f"{incident.cause}: {current} percent of requests fail"
        self._logbook.write(time, "critical", text, incident.service, failing_percent=current)
        facts = {"rule_id": "demo-failure-rate", "condition": f"failure rate of {incident.service}"}
        self._stage.tell(
            Event(time, "SystemAlert", incident.service, {**facts, "threshold": 5.0, "current_value": current})
        )

    def _recover(self, incident: Incident, time: float) -> None:
        self._stage.incident = None
        if incident.cause == "bad deploy":
            self._deploy(incident.service, time, "rollback")
        seconds = round(incident.ends - incident.begins)
        self._logbook.write(time, "info", f"recovered after {seconds} s: {incident.cause}", incident.service)
        self._plan(time + self._stage.rng.uniform(*BETWEEN_SECONDS), incident.service)


def _text(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))
