"""The JSON envelope that every command prints."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

# A longer text takes seconds to compare with its schema.
_LONGEST = 300_000


def result_of(text: str, command: str | None = None) -> Any:
    """Return the result in the envelope *text*, after checking the envelope."""
    data = json.loads(text)
    assert list(data) == ["schema", "command", "result"]
    assert data["schema"] == 1
    assert command is None or data["command"] == command
    assert len(text) > _LONGEST or faults(data) == []
    return data["result"]


def error_of(text: str) -> Any:
    """Return the error in the envelope *text*, after checking the envelope."""
    data = json.loads(text)
    assert list(data) == ["schema", "command", "error"]
    assert data["schema"] == 1
    assert faults(data) == []
    return data["error"]


def faults(data: Any, *, command: str | None = None) -> list[str]:
    """Return where *data*, an envelope, differs from the schema of its command."""
    found = []
    for error in _validator(command or data["command"]).iter_errors(data):
        errors = [error]
        while errors:
            each = errors.pop()
            errors += each.context
            found.append(f"{each.json_path}: {each.message}"[:500])
    return found


@cache
def _validator(command: str) -> Draft202012Validator:
    text = (files("portranges.cli") / "schemas" / f"{command}.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))


def completed(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the reports of ``explain --json``, each with the facts that it names."""
    return [_complete(report, result) for report in result["reports"]]


def _complete(report: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    transports = {entry["transport"] for entry in report["registry"]}
    ranges = [
        {
            "name": name,
            "system": about["system"],
            **about["ephemeral"],
            "skips_port": name in report["skipped_by"],
        }
        for name, about in facts["systems"].items()
        if about["ephemeral"] is not None
    ]
    complete = {
        **report,
        "category": {"name": report["category"], **facts["categories"][report["category"]]},
        "registry_source": facts["registry_source"],
        "browser_source": facts["browser_source"],
        "purpose": [facts["remarks"][number] for number in report["purpose"]],
        "judgement": [facts["remarks"][number] for number in report["judgement"]],
        "uses": [{"name": name, **facts["uses"][name]} for name in report["uses"]],
        "not_for_internet": [
            {"service": service, **facts["not_for_internet"][service]}
            for service in report["not_for_internet"]
        ],
        "allocated_by": [each for each in ranges if each["name"] in report["allocated_by"]],
        "not_allocated_by": [each for each in ranges if each["name"] not in report["allocated_by"]],
        "bind_rules": [
            {
                "name": name,
                "system": about["system"],
                "privileged": name in report["privileged_on"],
                **about["privilege"],
            }
            for name, about in facts["systems"].items()
            if about["privilege"] is not None
        ],
        "commands": [
            {
                "system": each["system"],
                "command": each["command"].replace("{port}", str(report["port"])),
                "shows": each["shows"],
                "source": each["source"],
            }
            for each in facts["commands"]
            if report["port"] and not transports.isdisjoint(each["transports"])
        ],
    }
    del complete["skipped_by"], complete["privileged_on"]
    return complete
