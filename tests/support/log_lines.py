"""Log lines of known templates."""

import random
from collections.abc import Callable
from dataclasses import dataclass

_NAMES = [
    "alice",
    "bob",
    "carol",
    "dave",
    "erin",
    "frank",
    "grace",
    "heidi",
    "ivan",
    "judy",
    "mallory",
    "niaj",
    "olivia",
    "peggy",
    "rupert",
    "sybil",
]
_THINGS = ["lamp", "chair", "table", "sofa", "desk", "shelf", "rug", "mirror", "clock", "vase"]
_PATHS = ["/api/users", "/api/orders", "/api/carts", "/login", "/logout", "/search", "/api/users/me/settings"]

_VALUES: dict[str, Callable[[random.Random], str]] = {
    "n": lambda rng: str(rng.randrange(100_000)),
    "f": lambda rng: f"{rng.uniform(0, 500):.2f}",
    "ms": lambda rng: f"{rng.randrange(5_000)}ms",
    "ip": lambda rng: ".".join(str(rng.randrange(256)) for _part in range(4)),
    "uuid": lambda rng: "-".join(f"{rng.getrandbits(4 * size):0{size}x}" for size in (8, 4, 4, 4, 12)),
    "hex": lambda rng: f"0x{rng.getrandbits(64):016x}",
    "name": lambda rng: rng.choice(_NAMES),
    "thing": lambda rng: rng.choice(_THINGS),
    "path": lambda rng: rng.choice(_PATHS),
    "quoted": lambda rng: f'"{rng.choice(_NAMES)} {rng.choice(_THINGS)}"',
    "mail": lambda rng: f"{rng.choice(_NAMES)}@{rng.choice(_THINGS)}.example",
    "url": lambda rng: f"https://{rng.choice(_THINGS)}.example/{rng.choice(_NAMES)}",
}
# What stands between braces varies.
_MADE_OF = (
    "user {name} logged in from {ip}",
    "user {name} logged out",
    "{name} bought a {thing} for {f} EUR",
    "cache hit for key {uuid}",
    "cache miss for key {uuid}",
    "connection to {ip}:{n} refused",
    "connection to {ip}:{n} timed out after {ms}",
    "payment of {f} EUR for order {n} accepted",
    "payment of {f} EUR for order {n} declined",
    "GET {path} answered {n} in {ms}",
    "queue depth is {n}",
    "worker {n} started",
    "worker {n} stopped",
    "could not send mail to {mail}: mailbox full",
    "fetched {url} in {ms}",
    "unexpected token {quoted} at line {n}",
    "disk usage at {f} percent on device {hex}",
    "retry {n} of {n} for job={uuid}, queue={thing}",
    "configuration reloaded",
    "could not acquire lock held by {name} (waited {ms})",
)
LEVELS = (2, 2, 2, 1, 1, 4, 4, 2, 3, 2, 1, 2, 2, 4, 1, 3, 3, 3, 2, 5)


def _template(text: str) -> str:
    for name in _VALUES:
        text = text.replace(f"{{{name}}}", "<*>")
    # An address with its port is one thing that varies.
    return text.replace("<*>:<*>", "<*>")


TEMPLATES = tuple(_template(text) for text in _MADE_OF)


@dataclass(frozen=True, slots=True)
class MadeLine:
    """A line and what it was made of."""

    text: str
    template: str
    level: int


def templated(rng: random.Random, count: int) -> list[MadeLine]:
    """So many lines, each template about as often as any other."""
    return [_line(rng, rng.randrange(len(_MADE_OF))) for _line_number in range(count)]


def _line(rng: random.Random, number: int) -> MadeLine:
    text = _MADE_OF[number]
    for name, value in _VALUES.items():
        while f"{{{name}}}" in text:
            text = text.replace(f"{{{name}}}", value(rng), 1)
    return MadeLine(text, TEMPLATES[number], LEVELS[number])
