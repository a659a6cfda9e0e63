"""Modules and functions are short enough to be read at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import portranges

PACKAGE = Path(portranges.__file__).parent

MODULE = 600
FUNCTION = 60

# PortSet is one class with one invariant. Ports, ranges and transports are read by functions that
# call each other, and half of their module is documentation.
WHOLE = {"portset.py", "ports.py"}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the name of every function of a module, and its lines without the docstring."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first, *rest = node.body
            lines = (node.end_lineno or 0) - node.lineno + 1
            if ast.get_docstring(node) is not None:
                lines -= (rest[0].lineno if rest else (node.end_lineno or 0) + 1) - first.lineno
            yield node.name, lines


def test_no_module_is_too_long() -> None:
    lengths = {
        path.relative_to(PACKAGE).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in PACKAGE.rglob("*.py")
    }
    assert len(lengths) > 100
    assert {name for name, length in lengths.items() if length > MODULE} <= WHOLE


def test_no_function_is_too_long() -> None:
    found = [(path, *each) for path in PACKAGE.rglob("*.py") for each in functions(path)]
    assert len(found) > 1000
    assert [
        f"{path.relative_to(PACKAGE).as_posix()} {name}: {length} lines"
        for path, name, length in found
        if length > FUNCTION
    ] == []


def test_a_docstring_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        'def one():\n    """A.\n\n    B.\n    """\n    return 1\n\n\ndef two():\n    """A."""\n'
    )
    assert list(functions(path)) == [("one", 2), ("two", 1)]
