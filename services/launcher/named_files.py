"""Files of YAML that are named on the command line, with lists of things, and what a suite says of these."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

from services.core.errors import InvalidInput
from services.launcher.administering.suite_client import SuiteClient
from services.launcher.failures import LauncherError
from services.runtime.yaml_files import load

Held = TypeVar("Held", bound=Message)
Holds = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind(Generic[Held]):
    """What the files are of: the name of the list and of the resource, how files end, what one holds, who is who."""

    name: str
    endings: tuple[str, ...]
    read: Callable[[Holds], Sequence[Held]]
    identity: Callable[[Held], str]


@dataclass(frozen=True, slots=True)
class NamedFiles(Generic[Held]):
    """The things of several files, and from which each is."""

    kind: Kind[Held]
    things: Sequence[Held]
    places: Sequence[str]

    def applied(self, client: SuiteClient, how: Holds) -> Holds:
        """What the suite answers to applying them. Raises LauncherError, naming the files."""
        told = [json_format.MessageToDict(one, preserving_proto_field_name=True) for one in self.things]
        try:
            return client.ask("POST", f"/api/v1/{self.kind.name}:apply", {self.kind.name: told, **how})
        except LauncherError as refusal:
            raise LauncherError(self.explained(str(refusal))) from refusal

    def explained(self, text: str) -> str:
        """What a suite says of `rules[3]`, as of the rule of a file."""
        return re.sub(rf"{self.kind.name}\[(\d+)\]", self._place, text)

    def _place(self, found: re.Match[str]) -> str:
        number = int(found[1])
        return self.places[number] if number < len(self.places) else found[0]


def read_files(kind: Kind[Held], paths: Sequence[Path]) -> NamedFiles[Held]:
    """The things of files. Raises LauncherError with all that is wrong."""
    things: list[Held] = []
    places: list[str] = []
    faults: list[str] = []
    for path in files_named(paths, kind.endings):
        try:
            found = kind.read(held_by(path))
        except InvalidInput as fault:
            faults += [f"{path}: {each.field}: {each.description}" for each in fault.violations]
            continue
        things += found
        places += [f"{path}: {kind.identity(one) or f'{kind.name}[{number}]'}" for number, one in enumerate(found)]
    if faults:
        raise LauncherError("\n".join(faults))
    return NamedFiles(kind, things, places)


def files_named(paths: Sequence[Path], endings: Sequence[str]) -> Iterator[Path]:
    """The files named, and those below the folders named, by name.

    Raises LauncherError for a folder without any: who mistakes one for another must not delete all there is.
    """
    for path in paths:
        found = [path]
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.suffix in endings and each.is_file())
        if not found:
            raise LauncherError(f"{path} holds no file that ends with {' or '.join(endings)}.")
        yield from found


def held_by(path: Path) -> Holds:
    """What a YAML file holds. Raises LauncherError for one that cannot be read."""
    try:
        held = load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise LauncherError(f"{path} cannot be read: {error}.") from error
    except InvalidInput as fault:
        raise LauncherError(f"{path}: {fault}") from fault
    if not isinstance(held, dict):
        raise LauncherError(f"{path} holds no fields.")
    return held
