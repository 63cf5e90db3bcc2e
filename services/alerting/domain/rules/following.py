"""Tells who judges of the rules there are, and of each change."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace

from services.alerting.domain.rules.book import RuleBook
from services.alerting.ports.directory import Directory
from services.alerting.ports.rules import Rule
from services.core.configuration import Configuration
from services.core.errors import Unavailable


class RuleFollowing:
    """Every tenant's rules as they are judged; see RuleSource."""

    def __init__(self, book: RuleBook, configuration: Configuration, directory: Directory) -> None:
        self._book = book
        self._directory = directory
        self._news = asyncio.Event()
        configuration.listeners.append(self._news.set)
        directory.listen(self._news.set)

    async def follow(self) -> AsyncGenerator[Mapping[str, tuple[Rule, ...]], None]:
        """The rules of each tenant that has rules of its own or data: at first, and after each change."""
        told: Mapping[str, tuple[Rule, ...]] = {}
        while True:
            self._news.clear()
            rules = self._rules()
            if rules and rules != told:
                told = rules
                # Of many, to take them up is a turn of its own.
                await asyncio.sleep(0)
                yield rules
            await self._news.wait()

    def _rules(self) -> Mapping[str, tuple[Rule, ...]]:
        """Nothing until it is known."""
        zones = self._directory.zones()
        try:
            known = self._book.all(zones)
        except Unavailable:
            return {}
        return {
            tenant: tuple(in_zone(rule, zones.get(tenant, "")) for rule in rules.values())
            for tenant, rules in known.items()
        }


def in_zone(rule: Rule, zone: str) -> Rule:
    """A rule whose active times all name a zone: the tenant's where they name none."""
    if not zone or all(time.zone for time in rule.active_times):
        return rule
    return replace(rule, active_times=tuple(replace(time, zone=time.zone or zone) for time in rule.active_times))
