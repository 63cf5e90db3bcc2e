"""Starts the aggregator: `python -m services.aggregator`."""

from services.aggregator.config import AggregatorConfig
from services.aggregator.wiring import wire
from services.runtime.main import run

run("aggregator", AggregatorConfig, wire)
