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
