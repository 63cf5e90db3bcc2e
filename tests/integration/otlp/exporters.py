"""Runs OpenTelemetry's exporters as programs of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
NODE = FOLDER / "node"
SECONDS = 60.0


def run_python(protocol: str, endpoint: str, service: str, token: str = "") -> str:
    """What Python's exporters complained of; empty when all went well."""
    return _run([sys.executable, str(FOLDER / "export.py"), protocol, endpoint, service], FOLDER, token=token)


def run_node(protocol: str, endpoint: str, service: str) -> str:
    """What Node's exporters complained of; empty when all went well."""
    return _run(["node", "export.mjs", protocol, endpoint, service], NODE)


def why_no_node() -> str:
    """Installs Node's exporters where they are missing; why that cannot be, or empty."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "no node and npm on this machine"
    stamp = NODE / "node_modules" / ".package-lock.json"
    if stamp.exists() and stamp.stat().st_mtime >= (NODE / "package-lock.json").stat().st_mtime:
        return ""
    fault = _run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], NODE, patience=180.0)
    return f"npm ci failed: {fault}" if fault else ""


def _run(command: list[str], folder: Path, patience: float = SECONDS, token: str = "") -> str:
    # As OpenTelemetry's own setting says it: for every exporter, values as in URLs.
    own = {"OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{token}"} if token else {}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=patience, check=False, env=os.environ | own
    )
    return "" if done.returncode == 0 else f"exit {done.returncode}\n{done.stdout}{done.stderr}"
