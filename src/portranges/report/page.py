"""A report as a page of text: the order of the facts, the words between them, and the layout.

The page is ASCII, so that it is readable on every terminal and in every pipe. Other letters in
the texts of a registry are escaped.
"""

from __future__ import annotations

from itertools import groupby
from textwrap import wrap

from portranges import checks, types
from portranges.errors import printable
from portranges.layout import grouped, listed, wrapped
from portranges.report.model import EphemeralRange, PortReport, TransportState

_MIN_WIDTH = 60
_LABEL = 14  # columns of the labels on the left


def render(report: PortReport, *, sources: bool, width: int, styled: bool) -> str:
    """Return *report* as lines of at most *width* columns."""
    width = checks.integer("width", width, least=_MIN_WIDTH)
    page = Page(width=width, styled=styled, sources=sources)
    subject = f"Port {report.port}" if len(report.ports) == 1 else f"Ports {report.ports}"
    page.title(subject)
    page.lines += wrap(f"{subject} {_headline(report)}", width)
    for section in (_category, _registry, _purpose, _ephemeral, _bind, _browsers, _uses):
        section(page, report)
    _commands(page, report)
    _judgement(page, report)
    return "\n".join(page.lines)


class Page:
    """The lines of a page, section by section."""

    def __init__(self, *, width: int, styled: bool, sources: bool = False) -> None:
        """Begin a page of at most *width* columns."""
        self.lines: list[str] = []
        self._width = width
        self._styled = styled
        self._sources = sources

    def title(self, text: str) -> None:
        """Add a heading."""
        self.lines.append(self._bold(text))

    def section(
        self,
        label: str,
        parts: types.Iterable[str],
        sources: types.Iterable[tuple[str, types.Source]] = (),
    ) -> None:
        """Add a section: *label* beside the first line of its *parts*.

        Each of *sources* names the part that it supports, ``""`` for the whole section.
        """
        lines = [line for part in parts for line in part.split("\n")]
        if self._sources:
            of = grouped((str(source), what) for what, source in sources)
            for source_text, whats in of.items():
                lead = ", ".join(filter(None, dict.fromkeys(whats)))
                lines += self._fill(f"[{lead}: {source_text}]" if lead else f"[{source_text}]", 2)
        head, *rest = lines
        self.lines += ["", self._bold(label.ljust(_LABEL)) + head]
        self.lines += [" " * _LABEL + line if line else "" for line in rest]

    def paragraph(self, text: str, *, indent: int = 0) -> str:
        """Return *text*, wrapped; the second and later lines are indented."""
        return "\n".join(self._fill(text, indent))

    def row(self, head: str, columns: int, text: str) -> str:
        """Return *head* in a column of its own and *text*, wrapped, beside it."""
        lines = wrapped(text, self._width - _LABEL - columns)
        return head.ljust(columns) + ("\n" + " " * columns).join(lines)

    def _fill(self, text: str, indent: int) -> list[str]:
        return wrapped(text, self._width - _LABEL, below=" " * indent)

    def _bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._styled else text


def _headline(report: PortReport) -> str:
    names = list(dict.fromkeys(name for entry in report.registry for name in entry.services))
    several = len(report.ports) > 1
    are, have, lies = ("are", "have", "they lie") if several else ("is", "has", "it lies")
    if names:
        status = f"{are} assigned to {printable(listed(names))}"
    elif report.category.value == "dynamic" or _has_no_entry(report):
        what = "IANA registration" if _is_iana(report) else "entry"
        status = f"{have} no {what}"
    else:
        states = {entry.state.value for entry in report.registry}
        status = f"{are} reserved" if "reserved" in states else f"{are} not assigned"
        if "assigned" in states:
            status = f"{are} assigned without a name"
    category = report.category
    return f"{status}; {lies} in {category.ports}, the {category.label}."


def _category(page: Page, report: PortReport) -> None:
    category = report.category
    ports = category.ports
    page.section(
        "Category",
        [
            page.paragraph(f"{category.label}, {ports}, {len(ports):,} numbers", indent=2),
            page.paragraph(f"also called {' or '.join(category.other_labels)}", indent=2),
        ],
        [("", category.source)],
    )


def _registry(page: Page, report: PortReport) -> None:
    answers: dict[str, list[str]] = {}
    for entry in report.registry:
        text = "not listed" if _has_no_entry(report) else _STATES[entry.state.value]
        if entry.services:
            text = f"{text} to {printable(_described(entry))}"
        elif entry.descriptions and entry.descriptions[0].lower() not in ("", entry.state.value):
            text = f"{text} ({printable(entry.descriptions[0])})"
        answers.setdefault(text, []).append(entry.transport.value)
    if len(answers) == 1 and len(report.registry) > 1:
        parts = [page.paragraph(f"{next(iter(answers))}, on every transport")]
    else:
        heads = {text: ", ".join(transports) for text, transports in answers.items()}
        columns = max(map(len, heads.values())) + 2
        parts = [page.row(head, columns, text) for text, head in heads.items()]
    if any(entry.state.value == "dynamic" for entry in report.registry):
        parts.append(page.paragraph("IANA never assigns dynamic ports to services"))
    label = "IANA" if _is_iana(report) else "Services"
    page.section(label, parts, [("", report.registry_source)])


def _described(entry: TransportState) -> str:
    """Return the names with their descriptions, or all with one if they have the same."""
    if len({*entry.descriptions}) == 1:
        names, texts = [", ".join(entry.services)], entry.descriptions[:1]
    else:
        names, texts = [*entry.services], entry.descriptions
    parts = zip(names, texts, strict=True)
    return ", ".join(f"{name} ({text})" if text else name for name, text in parts)


def _has_no_entry(report: PortReport) -> bool:
    """Return whether the table of a machine or a program does not have the port."""
    states = {entry.state.value for entry in report.registry}
    return states == {"not-listed"} and not _is_iana(report)


def _is_iana(report: PortReport) -> bool:
    return report.registry_source.document.startswith("IANA")


_STATES = {
    "assigned": "assigned",
    "reserved": "reserved: not available for regular assignment",
    "unassigned": "unassigned",
    "not-listed": "not listed for this transport",
    "dynamic": "no registration",
}


def _purpose(page: Page, report: PortReport) -> None:
    page.section(
        "Purpose",
        [page.paragraph(" ".join(remark.text for remark in report.purpose))],
        [("", remark.source) for remark in report.purpose],
    )


def _ephemeral(page: Page, report: PortReport) -> None:
    parts: list[str] = []
    if report.allocated_by:
        parts.append(page.paragraph("by default, to outgoing connections and unbound sockets, on"))
        parts += _by_ports(page, report.allocated_by)
    if report.allocated_by and report.not_allocated_by:
        parts.append("not on")
        parts += _by_ports(page, report.not_allocated_by)
    page.section(
        "Allocated",
        parts or [page.paragraph("on no system whose ephemeral range is known")],
        [(entry.name, entry.source) for entry in (*report.allocated_by, *report.not_allocated_by)],
    )


def _by_ports(page: Page, entries: types.Sequence[EphemeralRange]) -> types.Iterator[str]:
    names = grouped(
        (str(entry.ports), entry.name + (" (which skips it)" if entry.skips_port else ""))
        for entry in entries
    )
    for ports, having in names.items():
        yield page.row(f"  {ports}", 15, ", ".join(having))


def _bind(page: Page, report: PortReport) -> None:
    free = [rule.name for rule in report.bind_rules if not rule.privileged]
    guarded = [rule for rule in report.bind_rules if rule.privileged]
    parts: list[str] = []
    if not guarded:
        parts.append(page.paragraph("any user, on every system whose rule is known"))
    else:
        names = ", ".join(rule.name for rule in guarded)
        parts.append(page.row("privileged", 12, names))
        if free:
            parts.append(page.row("any user", 12, ", ".join(free)))
        notes = grouped((rule.note, rule.name) for rule in guarded if rule.note)
        parts += [
            page.paragraph(f"{', '.join(having)}: {note}", indent=2)
            for note, having in notes.items()
        ]
    page.section("Who may bind", parts, [(rule.name, rule.source) for rule in report.bind_rules])


def _browsers(page: Page, report: PortReport) -> None:
    it, is_on = ("them", "they are") if len(report.ports) > 1 else ("it", "it is")
    text = (
        f"refuse to connect to {it}, because {is_on} on their list of blocked ports"
        if report.browser_blocked
        else f"connect to {it}; {is_on} not on their list of blocked ports"
    )
    page.section("Browsers", [page.paragraph(text)], [("", report.browser_source)])


def _uses(page: Page, report: PortReport) -> None:
    parts = [
        page.paragraph(
            f"{use.name} ({', '.join(use.transports)} {use.ports}): {use.note}", indent=2
        )
        for use in report.uses
    ]
    page.section(
        "Also used by",
        parts or ["no other use known to this library"],
        [(use.name, use.source) for use in report.uses],
    )


def _commands(page: Page, report: PortReport) -> None:
    if not report.commands:
        return
    parts = [f"for {report.port}, and likewise for the others"] if len(report.ports) > 1 else []
    for system, commands in groupby(report.commands, lambda command: command.system):
        parts.append(f"on {system}")
        for command in commands:
            parts += [f"  {command.command}", page.row("   ", 4, command.shows)]
    page.section(
        "Find holder",
        parts,
        [(command.command.split()[0], command.source) for command in report.commands],
    )


def _judgement(page: Page, report: PortReport) -> None:
    if not report.judgement:
        return
    page.section(
        "If in use",
        [page.paragraph(remark.text) for remark in report.judgement],
        [("", remark.source) for remark in report.judgement],
    )
