"""What can be subscribed to, and what each room brings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.core.conventions import ALERT_EVENT
from services.streamer.domain.selections import Selection
from services.streamer.ports import NamedFigures, Question


@dataclass(frozen=True, slots=True)
class Figures:
    """The overview: a state, then changes each second. Of figures only the newest waits for a slow reader."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A report by its name, asked for every `interval` seconds; told each time, or only when it changed."""

    name: str
    interval: float
    changes_only: bool = False


Feed = Figures | Selection | Asked | NamedFigures | Question
"""Events of a Selection are lossless: a reader that is too slow for them is ended, and comes back. Log lines are
sampled: what is too much is left out, and counted. Of everything else only the newest waits."""

ROOMS: Final[Mapping[str, tuple[Feed, ...]]] = {
    "dashboard": (Figures(), Selection()),
    "conversations": (Selection(kinds=("ConversationStarted", "MessageSent", "MessageReceived", "TicketCreated")),),
    "campaigns": (Selection(kinds=("CampaignUpdate",)),),
    "erp": (Selection(kinds=("ERPCall", "integration_call")),),
    "ai": (Selection(kinds=("AIInteraction",)),),
    "alerts": (Selection(kinds=(ALERT_EVENT,)),),
    "logs": (Selection(logs=True),),
    "remediations": (Selection(kinds=("remediation",)),),
    "stats": (Asked("stats", 5.0),),
    "health": (Asked("health", 2.0, changes_only=True),),
    "pipeline": (Asked("pipeline", 5.0),),
    "tenant": (Selection(), Asked("stats", 5.0)),
}
