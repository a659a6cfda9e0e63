"""The short forms of a report: one line, and the verdict that a page begins with.

Both answer what is asked first: what the port is, what uses it and which systems allocate it. Like
the page, they are ASCII.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest

from portranges import checks, types
from portranges.errors import printable
from portranges.layout import cut, grouped, labels, listed, many, wrapped
from portranges.report import rows
from portranges.report.model import PortReport, TransportState
from portranges.report.page_layout import bold
from portranges.report.page_uses import MOST_IN_HEADLINE, has_no_entry, headline, status
from portranges.uses import Use

MIN_WIDTH = 60

_LABEL = 11  # columns of the labels on the left

# Limits that keep the verdict short.
_MOST_NAMES = 3
_LONGEST_DESCRIPTION = 50


def brief(report: PortReport) -> str:
    """Return *report* as one line."""
    several = len(report.ports) > 1
    description = ""
    if len(report.services) == 1 and not several:
        found = next(each for each in report.registry if each.services).descriptions[:1]
        description = f" ({printable(_short(found[0]))})" if any(found) else ""
    parts = [
        f"{report.ports} {status(report, description)}",
        f"{report.category.value} port{'s' if several else ''}",
    ]
    for what, names in (
        ("privileged on", [rule.name for rule in report.bind_rules if rule.privileged]),
        ("allocated on", [entry.name for entry in report.allocated_by]),
    ):
        if common := [name for name in rows.COMMON if name in names]:
            parts.append(f"{what} {', '.join(common)}")
    if report.browser_blocked:
        parts.append("blocked by browsers")
    return "; ".join(parts)


def verdict(report: PortReport, *, width: int, styled: bool = False) -> list[str]:
    """Return the first lines of a page: what the port is, and one label per further fact."""
    width = checks.integer("width", width, least=MIN_WIDTH)
    lines = wrapped(first_sentence(report), width)
    if styled:
        lines = [*map(bold, lines)]
    return [*lines, *labels(facts(report), label_width=_LABEL, width=width)]


def first_sentence(report: PortReport) -> str:
    """Return what the port is, as a sentence."""
    return f"{subject(report)} {headline(report)}"


def facts(report: PortReport, *, called: types.Callable[[str], str] = str) -> list[tuple[str, str]]:
    """Return the facts that readers want first, besides that sentence: labels and texts.

    *called* returns the name of a system in the texts.
    """
    parts = [
        ("assigned", _assigned(report)),
        ("used by", _used_by(report)),
        ("allocated", _allocated(report, called)),
        ("bind", _bind(report, called)),
        ("browsers", "refuse to connect" if report.browser_blocked else ""),
        ("note", report.purpose[0].text if report.port in rows.SPECIAL else ""),
    ]
    return [(label, text) for label, text in parts if text]


def subject(report: PortReport) -> str:
    """Return what the report is about, as the title of its page."""
    return f"Port {report.port}" if len(report.ports) == 1 else f"Ports {report.ports}"


_STATES = {
    "assigned": "assigned",
    "reserved": "reserved: not available for regular assignment",
    "unassigned": "unassigned",
    "not-listed": "not listed for this transport",
    "dynamic": "no registration",
}

NEVER_ASSIGNED = "IANA never assigns dynamic ports to services"


def registrations(report: PortReport) -> dict[str, list[str]]:
    """Return what the registry has on the port, each with the transports for which it is so."""
    answers: dict[str, list[str]] = {}
    for entry in report.registry:
        text = "not listed" if has_no_entry(report) else _STATES[entry.state.value]
        if entry.services:
            text = f"{text} to {described(entry)}"
        elif entry.descriptions and entry.descriptions[0].lower() not in ("", entry.state.value):
            text = f"{text} ({printable(entry.descriptions[0])})"
        answers.setdefault(text, []).append(entry.transport.value)
    return answers


def is_dynamic(report: PortReport) -> bool:
    """Return whether ``NEVER_ASSIGNED`` applies."""
    return any(entry.state.value == "dynamic" for entry in report.registry)


def browsers(report: PortReport) -> str:
    """Return what browsers do with the port, as a sentence without its subject."""
    it, is_on = ("them", "they are") if len(report.ports) > 1 else ("it", "it is")
    if report.browser_blocked:
        return f"refuse to connect to {it}, because {is_on} on their list of blocked ports"
    return f"connect to {it}; {is_on} not on their list of blocked ports"


def described(entry: TransportState) -> str:
    """Return the services with their descriptions, or all with one if they have the same."""
    if len({*entry.descriptions}) == 1:
        names, texts = [", ".join(entry.services)], entry.descriptions[:1]
    else:
        # An entry that someone else made may have fewer descriptions.
        names, texts = [*entry.services], entry.descriptions[: len(entry.services)]
    parts = zip_longest(names, texts, fillvalue="")
    return printable(", ".join(f"{name} ({text})" if text else name for name, text in parts))


def _assigned(report: PortReport) -> str:
    """Return the first services of each transport, with their descriptions."""
    named = (
        (_first_services(each), each.transport.value) for each in report.registry if each.services
    )
    return "; ".join(f"{', '.join(names)}: {text}" for text, names in grouped(named).items())


def _first_services(entry: TransportState) -> str:
    shown = replace(
        entry,
        services=entry.services[:_MOST_NAMES],
        descriptions=tuple(map(_short, entry.descriptions[:_MOST_NAMES])),
    )
    left_out = len(entry.services) - _MOST_NAMES
    return described(shown) + (f" and {many(left_out, 'other')}" if left_out > 0 else "")


def _short(description: str) -> str:
    return cut(description, _LONGEST_DESCRIPTION)


def _first(texts: types.Sequence[str], count: int) -> str:
    """Return the first of *count* texts as a phrase, with how many are left out."""
    left_out = count - len(texts)
    return listed([*texts, many(left_out, "other")] if left_out else texts)


def _used_by(report: PortReport) -> str:
    """Return the first known uses, unless the headline names them."""
    found = report.known_for
    if found:
        in_headline = len(found) <= MOST_IN_HEADLINE and (not report.services or report.is_misnamed)
        return "" if in_headline else _first_uses(found)
    # A wide range says little about one of its ports.
    return f"programs with a wide range: {_first_uses(report.uses)}" if report.uses else ""


def _first_uses(found: types.Sequence[Use]) -> str:
    # Some names have "and" and commas.
    names = [use.name for use in found[:_MOST_NAMES]]
    left_out = len(found) - len(names)
    return "; ".join([*names, f"and {many(left_out, 'other')}"] if left_out else names)


def _allocated(report: PortReport, called: types.Callable[[str], str]) -> str:
    if not report.allocated_by:
        return "never, as far as ephemeral ranges are known"
    common = [entry for entry in report.allocated_by if entry.name in rows.COMMON]
    others = len(report.allocated_by) - len(common)
    if not common:
        return f"not on {_systems(rows.COMMON, called)}, but on {many(others, 'other system')}"
    ranges = grouped((str(entry.ports), called(entry.name)) for entry in common)
    texts = [f"{', '.join(names)} ({ports})" for ports, names in ranges.items()]
    return "by default on " + _first(texts, len(texts) + others)


def _bind(report: PortReport, called: types.Callable[[str], str]) -> str:
    guarded = {rule.name for rule in report.bind_rules if rule.privileged}
    if not guarded:
        return "any user"
    common = [name for name in rows.COMMON if name in guarded]
    if not common:
        return f"any user, except on {many(len(guarded), 'less common system')}"
    free = [name for name in rows.COMMON if name not in guarded]
    without = f", not on {_systems(free, called)}" if free else ""
    return f"privileged on {_systems(common, called)}{without}"


def _systems(names: types.Iterable[str], called: types.Callable[[str], str]) -> str:
    return listed([*map(called, names)])
