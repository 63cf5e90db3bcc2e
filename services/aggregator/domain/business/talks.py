"""Which conversations there are, where messages may name them or not."""

from collections.abc import Mapping, Sequence

from services.aggregator.ports.business import Talk


def active_talks(traffic: Sequence[Talk], started: Mapping[str, str]) -> int:
    """Different conversations with traffic.

    What names no conversation belongs to the newest one that was `started` with the party, else to the party itself.
    """
    return len({_conversation(talk, started) for talk in traffic})


def _conversation(talk: Talk, started: Mapping[str, str]) -> tuple[str, str]:
    if talk.conversation_id:
        return "conversation", talk.conversation_id
    named = started.get(talk.party)
    return ("conversation", named) if named else ("party", talk.party)
