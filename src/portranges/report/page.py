"""A report as a page of text: the order of the facts, the words between them, and the layout.

The page is ASCII, so that it is readable on every terminal and in every pipe. Other letters in
the texts of a registry are escaped.
"""

from __future__ import annotations

from itertools import groupby

from portranges import types
from portranges.layout import grouped
from portranges.report import page_uses, rows, summary
from portranges.report.model import BindRule, PortReport
from portranges.report.page_layout import Page


def render(report: PortReport, *, sources: bool, width: int, styled: bool) -> str:
    """Return *report* as lines of at most *width* columns."""
    lines = summary.verdict(report, width=width)
    page = Page(width=width, styled=styled, sources=sources)
    page.title(summary.subject(report), lines)
    sections = [_category, _registry, _purpose, _ephemeral, _bind, _browsers]
    # A misleading name of the registry comes after what the port is really used for. Wide ranges,
    # which say the least, come last.
    after_registry = sections.index(_registry) + 1
    last = after_registry if report.known_for else len(sections)
    sections.insert(0 if report.is_misnamed else last, page_uses.add_uses)
    for section in (*sections, _commands, _judgement):
        section(page, report)
    return "\n".join(page.lines)


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
    answers = summary.registrations(report)
    if len(answers) == 1 and len(report.registry) > 1:
        parts = [page.paragraph(f"{next(iter(answers))}, on every transport")]
    else:
        heads = {text: ", ".join(transports) for text, transports in answers.items()}
        columns = max(map(len, heads.values())) + 2
        parts = [page.row(head, columns, text) for text, head in heads.items()]
    if summary.is_dynamic(report):
        parts.append(page.paragraph(summary.NEVER_ASSIGNED))
    label = "IANA" if page_uses.is_iana(report) else "Services"
    page.section(label, parts, [("", report.registry_source)])


def _purpose(page: Page, report: PortReport) -> None:
    page.section(
        "Purpose",
        [page.paragraph(" ".join(remark.text for remark in report.purpose))],
        [("", remark.source) for remark in report.purpose],
    )


def _ephemeral(page: Page, report: PortReport) -> None:
    parts: list[str] = []
    if report.allocated_by:
        ranges = grouped((str(entry.ports), entry.name) for entry in report.allocated_by)
        common = [ports for ports, names in ranges.items() if not rows.SHOWN.isdisjoint(names)]
        others = _others({ports: names for ports, names in ranges.items() if ports not in common})
        text = "by default, to outgoing connections and unbound sockets, on"
        if common:
            parts.append(page.paragraph(text))
            parts += [page.row(f"  {each}", 15, ", ".join(ranges[each])) for each in common]
            if others:
                parts.append(page.paragraph(f"and on {others}", indent=2))
        else:
            parts.append(page.paragraph(f"{text} no common system, but on {others}", indent=2))
        parts += _not_allocated(page, report)
        parts.append("portranges ephemeral lists all systems")
    page.section(
        "Allocated",
        parts or [page.paragraph("never, as far as ephemeral ranges are known")],
        [(entry.name, entry.source) for entry in (*report.allocated_by, *report.not_allocated_by)],
    )


# Limits that keep the page short: other ranges, and systems of each.
_OTHER_RANGES = 5
_OTHER_NAMES = 3


def _others(ranges: dict[str, list[str]]) -> str:
    """Return the first ranges, each with its first systems, and how many systems remain."""
    shown = list(ranges.items())[:_OTHER_RANGES]
    texts = [f"{_first_names(names)} ({ports})" for ports, names in shown]
    left_out = sum(map(len, ranges.values())) - sum(len(names) for _, names in shown)
    if left_out:
        texts.append(f"and {left_out} more")
    return "; ".join(texts)


def _first_names(names: list[str]) -> str:
    text = ", ".join(names[:_OTHER_NAMES])
    left_out = len(names) - _OTHER_NAMES
    return f"{text} and {left_out} more" if left_out > 0 else text


def _not_allocated(page: Page, report: PortReport) -> types.Iterator[str]:
    ranges = grouped(
        (str(entry.ports), entry.name + (" (which skips it)" if entry.skips_port else ""))
        for entry in report.not_allocated_by
        if entry.skips_port or entry.name in rows.SHOWN
    )
    if ranges:
        yield "not on"
    for ports, names in ranges.items():
        yield page.row(f"  {ports}", 15, ", ".join(names))


def _bind(page: Page, report: PortReport) -> None:
    # The common systems first.
    rules = sorted(report.bind_rules, key=lambda rule: rule.name not in rows.COMMON)
    free = [rule.name for rule in rules if not rule.privileged]
    guarded = [rule for rule in rules if rule.privileged]
    parts: list[str] = []
    if not guarded:
        parts.append(page.paragraph("any user, on every system whose rule is known"))
    else:
        parts.append(page.row("privileged", 12, ", ".join(rule.name for rule in guarded)))
        if free:
            parts.append(page.row("any user", 12, ", ".join(free)))
        parts += _bind_notes(page, guarded)
    page.section("Who may bind", parts, [(rule.name, rule.source) for rule in report.bind_rules])


def _bind_notes(page: Page, guarded: types.Iterable[BindRule]) -> types.Iterator[str]:
    """Yield the notes of the common systems; those of the others only if no common one has any."""
    noted = [rule for rule in guarded if rule.note]
    shown = [rule for rule in noted if rule.name in rows.COMMON] or noted
    for rule in shown:
        yield page.paragraph(f"{rule.name}: {rule.note}", indent=2)
    if len(shown) < len(noted):
        yield page.paragraph("portranges ephemeral NAME shows the rule of another system")


def _browsers(page: Page, report: PortReport) -> None:
    text = summary.browsers(report)
    page.section("Browsers", [page.paragraph(text)], [("", report.browser_source)])
    if report.not_for_internet:
        parts = [
            page.paragraph(
                f"{each.service} ({', '.join(each.transports)} {each.ports}) should not be "
                f"reachable from the internet: {each.why}",
                indent=2,
            )
            for each in report.not_for_internet
        ]
        sources = [(each.service, each.source) for each in report.not_for_internet]
        page.section("Internet", parts, sources)


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
