"""Every setting is documented in one place."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from services.aggregator.config import AggregatorConfig
from services.alerting.config import AlertingConfig
from services.collector.config import CollectorConfig
from services.launcher.cli import main
from services.runtime.config import PREFIX, ServiceConfig
from services.streamer.config import StreamerConfig

GUIDE = Path(__file__).parents[2] / "docs" / "operating.md"


def settings() -> Iterator[str]:
    services: tuple[type[ServiceConfig], ...] = (AggregatorConfig, AlertingConfig, CollectorConfig, StreamerConfig)
    for service in services:
        yield from (PREFIX + name.upper() for name in service.model_fields)
    for command in main.commands.values():
        for parameter in command.params:
            if isinstance(parameter.envvar, str) and isinstance(parameter, click.Option) and not command.hidden:
                yield parameter.envvar


@pytest.mark.parametrize("name", sorted(set(settings())))
def test_the_guide_lists_it(name: str) -> None:
    assert f"`{name}`" in GUIDE.read_text()
