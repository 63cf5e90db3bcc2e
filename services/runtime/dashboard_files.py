"""Files of dashboards: YAML or JSON with a list `dashboards`, each of the contract as `plain_messages` has it."""

from collections.abc import Iterable, Mapping, Sequence
from string import ascii_lowercase
from typing import Any

from binnacle.dashboards.v1 import dashboards_pb2 as pb
from services.runtime.plain_messages import leave_out, listed, plain_of
from services.runtime.yaml_files import dump

LIST = "dashboards"
TOLD = ("origin", "edited", "version", "updated_time", "updated_by", "former_version")
"""Fields that are told of a dashboard, and no part of it."""
_USUAL = {"range": "1h", "refresh": "5s"}


def dashboards_in(held: Any) -> Sequence[pb.Dashboard]:
    """The dashboards of what a file holds. Raises InvalidInput with everything that is wrong."""
    return listed(held, LIST, pb.Dashboard, _untold)


def dashboards_text(dashboards: Iterable[pb.Dashboard]) -> str:
    """A file of dashboards, without what goes without saying."""
    return dump({LIST: [_plain(one) for one in dashboards]})


def _untold(plain: Any) -> Any:
    return {name: held for name, held in plain.items() if name not in TOLD} if isinstance(plain, Mapping) else plain


def _plain(dashboard: pb.Dashboard) -> dict[str, Any]:
    plain: dict[str, Any] = _untold(plain_of(dashboard))
    leave_out(plain, _USUAL)
    for widget in plain.get("widgets", ()):
        for content in widget.values():
            query = content.get("question", {}).get("query", {}) if isinstance(content, Mapping) else {}
            for letter, expression in zip(ascii_lowercase, query.get("expressions", ()), strict=False):
                leave_out(expression, {"name": letter})
    return plain
