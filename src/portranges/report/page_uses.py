"""What a page says about the known uses of a port: its headline and the section of uses."""

from __future__ import annotations

from portranges import types
from portranges.errors import printable
from portranges.layout import listed, many
from portranges.report.model import PortReport
from portranges.report.page_layout import Page
from portranges.uses import Use

_MOST_IN_HEADLINE = 3
_MOST_IN_FULL = 10


def headline(report: PortReport) -> str:
    """Return what the port is, as a sentence without its subject."""
    several = len(report.ports) > 1
    are, lies = ("are", "they lie") if several else ("is", "it lies")
    uses = report.known_for
    known = _known_for(report, uses)
    if not report.services:
        status = _without_service(report)
        status += f", but {known}" if known else ""
    elif report.is_misnamed:
        other = "another service" if len(report.services) == 1 else "other services"
        status = f"{known}, but {are} assigned to {other}, {printable(listed(report.services))}"
    else:
        status = f"{are} assigned to {printable(listed(report.services))}"
        status += f", and {known}" if len(uses) > _MOST_IN_FULL else ""
    category = report.category
    return f"{status}; {lies} in {category.ports}, the {category.label}."


def _without_service(report: PortReport) -> str:
    are, have = ("are", "have") if len(report.ports) > 1 else ("is", "has")
    if report.category.value == "dynamic" or has_no_entry(report):
        return f"{have} no {'IANA registration' if is_iana(report) else 'entry'}"
    states = {entry.state.value for entry in report.registry}
    if "assigned" in states:
        return f"{are} assigned without a name"
    return f"{are} reserved" if "reserved" in states else f"{are} not assigned"


def _known_for(report: PortReport, known: types.Sequence[Use]) -> str:
    """Return what the port is known for, or ``""``."""
    are, have = ("are", "have") if len(report.ports) > 1 else ("is", "has")
    if len(known) > _MOST_IN_HEADLINE:
        # No row says which of so many is the most common, so none is preferred.
        return f"{have} {len(known)} known uses"
    # What follows a comma in a name distinguishes it from another row.
    names = list(dict.fromkeys(use.name.partition(", ")[0] for use in known))
    return f"{are} known for {listed(names)}" if names else ""


def has_no_entry(report: PortReport) -> bool:
    """Return whether the table of a machine or a program does not have the port."""
    states = {entry.state.value for entry in report.registry}
    return states == {"not-listed"} and not is_iana(report)


def is_iana(report: PortReport) -> bool:
    """Return whether the registry of *report* is IANA's."""
    return report.registry_source.document.startswith("IANA")


def add_uses(page: Page, report: PortReport) -> None:
    """Add the known uses: the first ones in full, the others by their names."""
    found = report.uses_by_relevance
    in_full, others = found[:_MOST_IN_FULL], found[_MOST_IN_FULL:]
    parts = [
        page.paragraph(
            f"{use.name} ({', '.join(use.transports)} {use.ports}): {use.note}"
            + (f" ({use.since})" if use.since else ""),
            indent=2,
        )
        for use in in_full
    ]
    if others:
        names = "; ".join(use.name for use in others)
        parts.append(page.paragraph(f"and {many(len(others), 'other')}: {names}", indent=2))
    page.section(
        "Known uses",
        parts or ["none is known to this library"],
        [(use.name, use.source) for use in found],
    )
