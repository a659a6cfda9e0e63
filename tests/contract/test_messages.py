"""Every message of the library is written by one rule: lower case, no period.

The texts themselves are held by the unit tests; this one reads the source, so
that it also sees what no test provokes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import portranges

PACKAGE = Path(portranges.__file__).parent

# A name that is written in capitals may begin a message.
NAMES = ("IANA", "RFC", "PortSet", "PyYAML", "TCP", "TransportPorts", "UDP")


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def texts(node: ast.expr) -> Iterator[tuple[str, bool, bool]]:
    """The pieces of a literal, and whether each begins or ends the message."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, True, True
    elif isinstance(node, ast.JoinedStr):
        last = len(node.values) - 1
        for at, piece in enumerate(node.values):
            if isinstance(piece, ast.Constant):
                yield str(piece.value), at == 0, at == last


# Their texts are the operating system's own.
OF_THE_SYSTEM = {"FileNotFoundError", "OSError", "PermissionError"}


def messages(path: Path) -> Iterator[tuple[int, str, bool, bool]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            if isinstance(node.exc.func, ast.Name) and node.exc.func.id in OF_THE_SYSTEM:
                continue
            for argument in node.exc.args:
                for text, begins, ends in texts(argument):
                    yield node.lineno, text, begins, ends


def test_the_search_finds_messages() -> None:
    # The test below proves nothing should none be found.
    assert sum(1 for path in files() for _ in messages(path)) > 20


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_messages_start_in_lower_case_and_have_no_final_period(path: Path) -> None:
    wrong = [
        f"line {line}: {text!r}"
        for line, text, begins, ends in messages(path)
        if (begins and text[:1].isupper() and not text.startswith(NAMES))
        or (ends and text.endswith(".") and not text.endswith("..."))
    ]
    assert wrong == []
