"""What a page says about the known uses of a port: its headline and the section of uses."""

from __future__ import annotations

from portranges import types
from portranges.errors import printable
from portranges.layout import listed, many
from portranges.report.model import PortReport
from portranges.report.page_layout import Page
from portranges.uses import Use

MOST_IN_HEADLINE = 3
_MOST_IN_FULL = 10


def headline(report: PortReport) -> str:
    """Return what the port is, and its category, as a sentence without its subject."""
    category = report.category
    lies = "they lie" if len(report.ports) > 1 else "it lies"
    return f"{status(report)}; {lies} in {category.ports}, the {category.label}."


def status(report: PortReport, description: str = "") -> str:
    """Return what the port is: its services, followed by *description*, and its known uses."""
    are = "are" if len(report.ports) > 1 else "is"
    uses = report.known_for
    known = _known_for(report, uses)
    services = printable(listed(report.services)) + description if report.services else ""
    if not services:
        return _without_service(report) + (f", but {known}" if known else "")
    if report.is_misnamed:
        other = "another service" if len(report.services) == 1 else "other services"
        return f"{known}, but {are} assigned to {other}, {services}"
    return f"{are} assigned to {services}" + (f", and {known}" if len(uses) > _MOST_IN_FULL else "")


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
    if len(known) > MOST_IN_HEADLINE:
        # No row states which of so many is the most common, so none is preferred.
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
        parts or ["none known to this library"],
        [(use.name, use.source) for use in found],
    )
