"""Files and functions stay small enough to read in one go."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.commands import ROOT, sources

FILE_LINES = 400
FUNCTION_LINES = 60


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file with its length in lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_files_stay_under_400_lines() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources(".py", ".ts", ".svelte")}
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > FILE_LINES} == {}


def test_functions_stay_under_60_lines() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{name}": length
        for path in sources(".py")
        for name, length in functions(path)
        if length > FUNCTION_LINES
    }
    assert long == {}
