"""Makes gen/ from proto/: Python and TypeScript stubs, a descriptor set for Envoy and tests, openapi.json.

Everything is made in a temporary folder first and only differences are written, so that a running process or a
neighbour's test never sees half a tree. gen/inputs.sha256 remembers what it was made from. Where the web app's
packages are not installed, the TypeScript stubs stay as they are, and the stamp too.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tools import copy_protos, openapi, reference

ROOT = Path(__file__).resolve().parent.parent
GEN = ROOT / "gen"
STAMP = "inputs.sha256"
TYPESCRIPT = "typescript"
OPENAPI_SOURCES = [
    *sorted((ROOT / "tools" / "openapi").glob("*.py")),
    ROOT / "services" / "collector" / "convert" / "json_points.py",
]
TYPESCRIPT_PLUGIN = ROOT / "dashboard/node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es"


def files(folder: Path) -> dict[str, bytes]:
    """Every file under a folder: relative name to content."""
    paths = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(paths)}


def fingerprint() -> str:
    """A hash over the protos and the settings the stubs are made with."""
    digest = hashlib.sha256()
    settings = [
        ROOT / "buf.yaml",
        ROOT / "buf.gen.yaml",
        *sorted((ROOT / "tools").glob("*_plugin.py")),
        *OPENAPI_SOURCES,
    ]
    for path in [*settings, *sorted((ROOT / "proto").rglob("*.proto"))]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest() + "\n"


def buf(*arguments: str) -> None:
    """Run buf at the root, with the plugins of this Python's environment."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    subprocess.run(["buf", *arguments], cwd=ROOT, check=True, env={**os.environ, "PATH": path})


def template() -> str:
    """The plugins to run, as JSON: those of buf.gen.yaml whose program is installed."""
    held = yaml.safe_load((ROOT / "buf.gen.yaml").read_text())
    if not TYPESCRIPT_PLUGIN.exists():
        held["plugins"] = [plugin for plugin in held["plugins"] if plugin["out"] != TYPESCRIPT]
    return json.dumps(held)


def generate(target: Path) -> None:
    """Make a whole gen/ in an empty folder."""
    copy_protos.main()
    before = fingerprint()
    buf("generate", "--template", template(), "--output", str(target))
    buf("build", "--exclude-source-info", "--output", str(target / "binnacle.binpb"))
    (target / "openapi.json").write_text(openapi.text(reference.described()))
    if TYPESCRIPT_PLUGIN.exists():
        (target / STAMP).write_text(before)
    else:
        print("No TypeScript stubs: dashboard/node_modules holds no protoc-gen-es (make setup).", file=sys.stderr)
        kept = {name: body for name, body in files(GEN).items() if name.startswith(TYPESCRIPT) or name == STAMP}
        write(target, kept)


def write(folder: Path, contents: dict[str, bytes]) -> None:
    """Write files under a folder, the stamp last."""
    for name in sorted(contents, key=lambda n: n == STAMP):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[name])


def differences(made: dict[str, bytes], held: dict[str, bytes]) -> list[str]:
    """Names of files that differ between two trees."""
    return sorted(name for name in made.keys() | held.keys() if made.get(name) != held.get(name))


def replace(made: dict[str, bytes]) -> None:
    """Bring gen/ to what was made, touching only what differs."""
    held = files(GEN)
    for name in held.keys() - made.keys():
        (GEN / name).unlink()
    write(GEN, {name: made[name] for name in differences(made, held) if name in made})


def is_stale() -> bool:
    """Whether the protos or settings differ from those that gen/ was made from."""
    stamp = GEN / STAMP
    return not stamp.exists() or stamp.read_text() != fingerprint()


def main() -> int:
    """Regenerate, or with --check only compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if gen/ is not current")
    parser.add_argument("--if-stale", action="store_true", help="do nothing if the inputs are those gen/ was made from")
    options = parser.parse_args()
    if options.if_stale and not is_stale():
        return 0
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        made = files(Path(folder))
    if options.check:
        stale = differences(made, files(GEN))
        print("\n".join([f"gen/{name} is not current: run make gen" for name in stale]) or "gen/ is current")
        return 1 if stale else 0
    replace(made)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
