"""What spans say of the other side of a call."""

# Where several are told, the one that says most about who was called.
PEERS = (
    "peer.service",
    "server.address",
    "net.peer.name",
    "http.host",
    "db.system.name",
    "db.system",
    "messaging.system",
    "rpc.system",
)
_KINDS = (
    (("db.system.name", "db.system"), "database"),
    (("messaging.system",), "queue"),
)


def peer(attributes: str) -> str:
    """The name of the other side, empty when untold, as SQL."""
    return f"coalesce({', '.join(_told(attributes, key) for key in PEERS)}, '')"


def peer_kind(attributes: str) -> str:
    """Whether the other side is a `database`, a `queue` or just `external`, as SQL."""
    cases = [
        f"{' OR '.join(f'JSONHas({attributes}, {_quoted(key)})' for key in keys)}, {_quoted(kind)}"
        for keys, kind in _KINDS
    ]
    return f"multiIf({', '.join(cases)}, 'external')"


def _told(attributes: str, key: str) -> str:
    return f"nullIf(JSONExtractString({attributes}, {_quoted(key)}), '')"


def _quoted(word: str) -> str:
    return f"'{word}'"
