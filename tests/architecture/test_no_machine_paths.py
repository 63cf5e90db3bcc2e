"""Nothing that is committed knows the machine it was written on, or a private mirror."""

import json
import re
from pathlib import Path

from tests.architecture.commands import ROOT, sources

HOME = r"(?<![\w.])/(?:home|Users)/[a-z]\w*/"
REGISTRY = "https://registry.npmjs.org/"


def machine_paths() -> re.Pattern[str]:
    """Homes, and every folder beside this checkout."""
    beside = [re.escape(str(path)) + r"(?![\w.-])" for path in ROOT.parent.iterdir() if path.parent != Path("/")]
    return re.compile("|".join([HOME, *(rf"(?<![\w.]){path}" for path in beside)]))


def text(path: Path) -> str:
    """The file's text; nothing for pictures and other binaries."""
    body = path.read_bytes()
    return "" if b"\0" in body else body.decode(errors="replace")


def test_no_file_names_a_path_of_this_machine() -> None:
    pattern = machine_paths()
    found = {str(path.relative_to(ROOT)): match[0] for path in sources() if (match := pattern.search(text(path)))}
    assert found == {}


def test_locks_name_no_private_registry() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()
    for path in (p for p in sources(".json") if p.name == "package-lock.json"):
        packages = json.loads(path.read_text())["packages"].values()
        addresses = {package.get("resolved", REGISTRY) for package in packages if not package.get("link")}
        assert [address for address in addresses if not address.startswith(REGISTRY)] == []
