"""The series that one request defines."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from services.collector.domain import evidence, rules
from services.collector.domain.columns import EVERY_KIND, Ids, Mask, Rows, SeriesDefinition
from services.collector.domain.inspection import Inspection
from services.collector.domain.intake import Intake
from services.collector.domain.series import SeriesRegistry


class RequestSeries:
    """The series of one request: an identity for each definition, 0 for one that breaks a rule."""

    def __init__(
        self, intake: Intake, registry: SeriesRegistry, tenant: str, definitions: Sequence[SeriesDefinition]
    ) -> None:
        moment = intake.moment(tenant)
        self._intake = intake
        self._tenant = tenant
        self._definitions = definitions
        self._faults: dict[int, tuple[str, str]] = {}
        self.ids: Ids = np.zeros(len(definitions), np.uint64)
        self._used: Mask = np.zeros(len(definitions), np.bool_)
        for place, definition in enumerate(definitions):
            fault = rules.definition_fault(definition, str, EVERY_KIND, moment)
            if fault is None:
                self.ids[place] = registry.identify(tenant, definition)
            else:
                self._faults[place] = fault

    def limit(self, found: Inspection, series_ids: Ids, places: Rows, metric: Callable[[int], str]) -> None:
        """Report the rows whose series would be one active series too many; to be asked when all else is judged."""
        over = self._intake.without_room(self._tenant, self._identified(series_ids, places), found.keep)
        if over is not None:
            rule = self._intake.admission.series_rule(self._tenant)
            found.faults_by(over, lambda row: (metric(row), rule), "active_series")

    def witness(self, places: Rows) -> evidence.Witness:
        """Tells the series of a row."""

        def told(row: int) -> evidence.Evidence:
            place = int(places[row])
            return evidence.of_definition(self._definitions[place]) if place >= 0 else evidence.NONE

        return told

    def judge(self, found: Inspection, places: Rows, metric: Any) -> None:
        """Report the rows whose series breaks a rule."""
        if not self._faults:
            return

        def describe(row: int) -> tuple[str, str]:
            field, description = self._faults[int(places[row])]
            return f"{metric(row)}.{field}" if field else metric(row), description

        found.faults_by(np.isin(places, list(self._faults)), describe)

    def resolve(self, series_ids: Ids, places: Rows) -> Ids:
        """The identities of rows that are kept."""
        self._used[places[places >= 0]] = True
        return self._identified(series_ids, places)

    def _identified(self, series_ids: Ids, places: Rows) -> Ids:
        fresh = places >= 0
        if not fresh.any():
            return series_ids
        found = series_ids.copy()
        found[fresh] = self.ids[places[fresh]]
        return found

    def entries(self) -> list[tuple[int, SeriesDefinition]]:
        """The series of the rows that were kept."""
        return [(int(self.ids[place]), self._definitions[place]) for place in np.flatnonzero(self._used).tolist()]

    def durable(self) -> Ids:
        """An identity for each definition that was kept, else 0."""
        return np.where(self._used, self.ids, np.uint64(0))
