"""Findings in SARIF 2.1.0, which code-scanning services read.

The format is a standard of OASIS. The keys are those that its schema requires and those that
GitHub and GitLab show.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from portranges import __version__, advice, types
from portranges.advice import Finding
from portranges.cli import files

_BRACES = {ord("{"): "{{", ord("}"): "}}"}


def log_of(found: types.Sequence[tuple[str, Finding]]) -> dict[str, object]:
    """Return the log of one run that has *found*, pairs of a file and a finding in it."""
    ids = dict.fromkeys(each.id for _, each in found)
    rows = [row for row in advice.rows() if row.id in ids]
    places = {row.id: place for place, row in enumerate(rows)}
    driver = {
        "name": "portranges",
        "version": __version__,
        "rules": [_rule(row) for row in rows],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(name, each, places[each.id]) for name, each in found],
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }


def _rule(row: advice.Advice) -> dict[str, object]:
    # The severities have the names of the levels.
    return {
        "id": row.id,
        "shortDescription": {"text": row.id.replace("-", " ")},
        "fullDescription": {"text": row.reason},
        "help": {"text": f"{row.reason} [{row.source}]"},
        "defaultConfiguration": {"level": row.severity.value},
    }


def _result(name: str, finding: Finding, rule: int) -> dict[str, object]:
    location = finding.location
    # Single braces would be placeholders.
    text = files.about(location, finding.sentence).translate(_BRACES)
    # GitHub requires a line, for a finding about the whole file as well.
    region = {"startLine": (location and location.line) or 1}
    place: dict[str, object] = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(name)}, "region": region}
    }
    if location is not None and location.pointer:
        place["logicalLocations"] = [{"fullyQualifiedName": location.pointer}]
    return {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": finding.severity.value,
        "message": {"text": text},
        "locations": [place],
    }


def _uri(name: str) -> str:
    """Return the file *name* as a reference relative to the current folder, or as a URI."""
    path = Path(name)
    return (
        path.as_uri()
        if path.is_absolute()
        else quote(path.as_posix().encode(errors="surrogateescape"))
    )
