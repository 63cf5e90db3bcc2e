"""Starts the alerting service: `python -m services.alerting`."""

from services.alerting.config import AlertingConfig
from services.alerting.wiring import wire
from services.runtime.main import run

run("alerting", AlertingConfig, wire)
