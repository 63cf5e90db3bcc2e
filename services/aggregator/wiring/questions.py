"""Puts the services together that answer questions from the store."""

from pathlib import Path

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.wiring.business import business
from services.aggregator.wiring.findings import findings
from services.aggregator.wiring.monitoring import monitoring
from services.aggregator.wiring.reports import reports
from services.core.clock import Clock
from services.runtime.process import Registration


def questions(reader: Reader, clock: Clock, business_rules: Path | None) -> list[Registration]:
    """Every service whose answers come from the store alone. Raises InvalidInput for a bad file of rules."""
    return [
        *findings(reader, clock),
        *reports(reader, clock),
        *business(reader, clock, business_rules),
        monitoring(reader, clock, business_rules),
    ]
