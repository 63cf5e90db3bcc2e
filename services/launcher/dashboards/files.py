"""Files of dashboards, as they are named on the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from binnacle.dashboards.v1 import dashboards_pb2
from services.launcher.named_files import Kind, NamedFiles, read_files
from services.runtime.dashboard_files import LIST, dashboards_in, dashboards_text

ENDINGS = (".yaml", ".yml", ".json")


def read_dashboards(paths: Sequence[Path]) -> NamedFiles[dashboards_pb2.Dashboard]:
    """The dashboards of files. Raises LauncherError with all that is wrong."""
    return read_files(Kind(LIST, ENDINGS, dashboards_in, lambda dashboard: dashboard.id), paths)


def dashboard_of(held: dict[str, Any]) -> dashboards_pb2.Dashboard:
    """A dashboard of an answer of the suite."""
    return json_format.ParseDict(held, dashboards_pb2.Dashboard(), ignore_unknown_fields=True)


def dashboard_text(held: dict[str, Any]) -> str:
    """The file of a dashboard of an answer of the suite."""
    return dashboards_text([dashboard_of(held)])
