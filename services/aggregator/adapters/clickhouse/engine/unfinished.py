"""Inserts that a kill cut short: the embedded engine notes an insert's token before the part it names is in its place.

Killed in between, it would take the repeated insert for one it has, and the rows would be lost. So before the engine
opens a store, every token whose part is not there is taken back, in the engine's own words.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

LOGS = "store/*/*/deduplication_logs"
ADDED, DROPPED = "1", "2"
# partition, first block, last block, level, and a mutation's number
PART = re.compile(r"(?P<partition>(?!tmp|delete).+?)_(?P<first>\d+)_(?P<last>\d+)_\d+(?:_\d+)?")

LINE = re.compile(r"[12]\t[^\t]+\t[^\t]+\n")

Spans = Mapping[str, list[tuple[int, int]]]


def forget_unfinished(store: Path) -> int:
    """Take back the tokens of inserts that never came to be; how many. The store must not be open."""
    return sum(_forget(folder) for folder in store.glob(LOGS))


def _forget(folder: Path) -> int:
    logs = sorted(folder.glob("deduplication_log_*.txt"), key=lambda path: int(path.stem.rpartition("_")[2]))
    if not logs:
        return 0
    held = _held(line for log in logs for line in _lines(log))
    there = _spans(path.name for path in folder.parent.iterdir() if path.is_dir())
    lost = {token: part for token, part in held.items() if not _covered(part, there)}
    if lost:
        with logs[-1].open("a") as log:
            log.writelines(f"{DROPPED}\t{part}\t{token}\n" for token, part in lost.items())
            log.flush()
            os.fsync(log.fileno())
    return len(lost)


def _lines(log: Path) -> list[str]:
    """The whole lines of a log, which holds no others afterwards: a full disk may have torn some."""
    told = log.read_text(errors="replace").splitlines(keepends=True)
    whole = [line for line in told if LINE.fullmatch(line)]
    if whole != told:
        fresh = log.with_suffix(".new")
        fresh.write_text("".join(whole))
        os.replace(fresh, log)
    return whole


def _held(lines: Iterable[str]) -> dict[str, str]:
    """Tokens the engine knows, with the parts they name."""
    held: dict[str, str] = {}
    for line in lines:
        operation, part, token = line.rstrip("\n").split("\t")
        if operation == ADDED:
            held[token] = part
        else:
            held.pop(token, None)
    return held


def _spans(names: Iterable[str]) -> Spans:
    """The blocks of each partition that parts hold; what is still being made has another name."""
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for name in names:
        if part := PART.fullmatch(name):
            spans[part["partition"]].append((int(part["first"]), int(part["last"])))
    return spans


def _covered(name: str, there: Spans) -> bool:
    """Whether a part, or one that it was merged into, is there."""
    part = PART.fullmatch(name)
    if part is None:
        return True
    first, last = int(part["first"]), int(part["last"])
    return any(low <= first and last <= high for low, high in there.get(part["partition"], ()))
