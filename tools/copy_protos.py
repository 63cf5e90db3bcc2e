"""Copies the third-party protos that the build imports out of installed wheels into third_party/ (git-ignored)."""

import shutil
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "third_party" / "googleapis"
PROTOS = (
    "google/api/annotations.proto",
    "google/api/field_behavior.proto",
    "google/api/http.proto",
    "google/api/httpbody.proto",
    "google/rpc/code.proto",
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
)


def main() -> None:
    """Copy what is missing or different."""
    wheel = distribution("googleapis-common-protos")
    for name in PROTOS:
        source, target = Path(str(wheel.locate_file(name))), TARGET / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


if __name__ == "__main__":
    main()
