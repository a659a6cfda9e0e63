"""What has one home: texts in the source that would show a second implementation."""

from __future__ import annotations

from pathlib import Path

import pytest

import portranges

PACKAGE = Path(portranges.__file__).parent

# A text, and the only modules that may contain it.
HOMES = {
    "json.dumps(": {"cli/output.py"},
    "import wrap": {"layout.py", "report/page.py"},
    "break_on_hyphens": {"layout.py"},
    "get_terminal_size": {"cli/output.py"},
    "\\x1b[1m": {"report/page.py"},
    'action="store_true"': {"cli/arguments.py"},
    "ArgumentTypeError": {"cli/numbers.py", "cli/watch.py"},
    "file=sys.stderr": {"cli/output.py"},
    "__dataclass_fields__": {"records.py"},
    ',..."': {"layout.py"},
}


@pytest.mark.parametrize("text", HOMES)
def test_a_mechanism_of_output_is_written_once(text):
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if text in path.read_text("utf-8")
    }
    assert found == HOMES[text]
