"""The JSON envelope that every command prints."""

from __future__ import annotations

import json
from typing import Any


def result_of(text: str, command: str | None = None) -> Any:
    """Return the result in the envelope *text*, after checking the envelope."""
    data = json.loads(text)
    assert list(data) == ["schema", "command", "result"]
    assert data["schema"] == 1
    assert command is None or data["command"] == command
    return data["result"]


def error_of(text: str) -> Any:
    """Return the error in the envelope *text*, after checking the envelope."""
    data = json.loads(text)
    assert list(data) == ["schema", "command", "error"]
    assert data["schema"] == 1
    return data["error"]
