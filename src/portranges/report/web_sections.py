"""The sections of a web page about one report: its facts, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from portranges import ephemeral, types
from portranges.layout import listed, many
from portranges.report import rows, summary
from portranges.report.markup import bullets, cited, command, folded, paragraph, prose, table, text
from portranges.report.model import BindRule, EphemeralRange, PortReport, Remark
from portranges.source import Confidence
from portranges.uses import SensitiveService, Use

# A use that is known in another way is marked.
_CERTAIN = {
    Confidence.MEASURED,
    Confidence.SOURCE,
    Confidence.DOCUMENT,
    Confidence.STANDARD,
}

# What is beyond is folded away.
_MOST_USES = 10

# Labels that are a word of their own on a line of text.
_LABELS = {"bind": "Who may bind"}


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page.

    Attributes:
        name: Its name, for links to it.
        title: Its heading.
        parts: Markup.

    Example:
        >>> from portranges import explain
        >>> [section.title for section in sections(explain(60454))][-1]
        'When to worry'
    """

    name: str
    title: str
    parts: tuple[str, ...]


def answer(report: PortReport) -> str:
    """Return the answer: what the port is."""
    return f'<p class="answer">{prose(summary.first_sentence(report))}</p>'


def facts(report: PortReport) -> str:
    """Return the facts that readers want first."""
    pairs = summary.facts(report, called=_system)
    if found := report.not_for_internet:
        services = listed([each.service for each in found])
        pairs.append(("internet", f"{services} should not be reachable from the internet"))
    items = "\n".join(
        f"<div><dt>{text(_LABELS.get(label, label.capitalize()))}</dt><dd>{prose(value)}</dd></div>"
        for label, value in pairs
        # The purpose, which follows, has the same words.
        if label != "note"
    )
    return f'<dl class="facts">\n{items}\n</dl>'


def sections(report: PortReport) -> Iterator[Section]:
    """Yield the sections, except for the commands."""
    yield _purpose(report)
    # A misleading name of the registry comes after what the port is really used for.
    first, second = (_uses, _registration) if report.is_misnamed else (_registration, _uses)
    yield first(report)
    yield second(report)
    yield _systems(report)
    yield _exposure(report)
    if report.judgement:
        # The last remark is about a listener, which is what one worries about.
        *others, listener = report.judgement
        yield Section("worry", "When to worry", _remarks((listener, *others)))


def _purpose(report: PortReport) -> Section:
    category = report.category
    members = (
        f"The {category.label} are the {len(category.ports):,} numbers {category.ports}, "
        f"also called {' or '.join(category.other_labels)}."
    )
    parts = (paragraph(members, cited(category.source)), *_remarks(report.purpose))
    return Section("purpose", "What the number is for", parts)


def _remarks(remarks: types.Iterable[Remark]) -> tuple[str, ...]:
    return tuple(paragraph(each.text, cited(each.source)) for each in remarks)


def _registration(report: PortReport) -> Section:
    found = summary.registrations(report)
    cells = ((text(", ".join(of)), prose(answer)) for answer, of in found.items())
    parts = [table("Registration", ("Transport", "State"), cells)]
    if summary.is_dynamic(report):
        parts.append(paragraph(f"{summary.NEVER_ASSIGNED}."))
    return Section("registration", "Registration", tuple(parts))


def _uses(report: PortReport) -> Section:
    narrow = report.known_for
    wide = [use for use in report.uses_by_relevance if use not in narrow]
    parts = [*_listed_uses(narrow)]
    if wide:
        subject = "The ports are" if len(report.ports) > 1 else "The port is"
        also = "also " if narrow else ""
        parts.append(paragraph(f"{subject} {also}part of ranges that these use:"))
        parts += _listed_uses(wide)
    none = paragraph("None is known to this library.")
    return Section("uses", "Known uses", tuple(parts or [none]))


def _listed_uses(uses: types.Sequence[Use]) -> Iterator[str]:
    if uses:
        yield bullets(map(_use, uses[:_MOST_USES]))
    if others := uses[_MOST_USES:]:
        yield folded(f"And {many(len(others), 'other')}", bullets(map(_use, others)))


def _use(use: Use) -> str:
    since = f" ({use.since})" if use.since else ""
    doubt = "" if use.confidence in _CERTAIN else f" ({use.confidence.meaning})"
    return _entry(use.name, use, f"{use.note}{since}{doubt}")


def _entry(name: str, row: Use | SensitiveService, words: str) -> str:
    where = f"{', '.join(row.transports)} {row.ports}"
    return f"<strong>{text(name)}</strong> ({prose(where)}): {prose(words)}. {cited(row.source)}"


def _systems(report: PortReport) -> Section:
    ranges = {each.name: each for each in (*report.allocated_by, *report.not_allocated_by)}
    rules = {each.name: each for each in report.bind_rules}
    cells = {
        name: _cells(report, name, ranges.get(name), rules.get(name)) for name in (ranges | rules)
    }
    shown = dict.fromkeys((*rows.COMMON, *sorted(rows.SHOWN)))
    it = _it(report)
    heads = ("System", "Ephemeral range", f"Allocates {it}", f"Who may bind {it}")
    parts = [
        paragraph(
            "For an outgoing connection, and for a socket that binds port 0, a system allocates "
            "a port of its ephemeral range."
        ),
        table("Common systems", heads, (cells[name] for name in shown if name in cells)),
    ]
    if notes := [*_notes(rules[name] for name in rows.COMMON if name in rules)]:
        parts.append(bullets(notes))
    evidence = ((*cells[name], _evidence(ranges.get(name), rules.get(name))) for name in cells)
    everything = table("All systems", (*heads, "Notes and sources"), evidence)
    parts.append(folded(f"All {len(cells)} systems, with notes and sources", everything))
    return Section("systems", "On each system", tuple(parts))


def _cells(
    report: PortReport, name: str, entry: EphemeralRange | None, rule: BindRule | None
) -> tuple[str, ...]:
    allocates = "unknown"
    if entry:
        is_allocated = entry in report.allocated_by
        allocates = "yes" if is_allocated else "no, skipped" if entry.skips_port else "no"
    bind = "unknown" if rule is None else "privileged only" if rule.privileged else "any user"
    title = entry.system if entry else rule.system if rule else name
    return tuple(map(prose, (title, str(entry.ports) if entry else "not fixed", allocates, bind)))


def _notes(rules: types.Iterable[BindRule]) -> Iterator[str]:
    for rule in rules:
        if rule.privileged and rule.note:
            yield f"<strong>{text(rule.system)}:</strong> {prose(rule.note)}."


def _evidence(entry: EphemeralRange | None, rule: BindRule | None) -> str:
    note = f"{prose(rule.note)}. " if rule and rule.privileged and rule.note else ""
    return note + cited(*(each.source for each in (entry, rule) if each))


def _exposure(report: PortReport) -> Section:
    parts = [paragraph(f"Browsers {summary.browsers(report)}.", cited(report.browser_source))]
    if found := report.not_for_internet:
        these = "These services" if len(found) > 1 else "This service"
        parts += [
            paragraph(f"{these} should not be reachable from the internet:"),
            bullets((_entry(each.service, each, each.why) for each in found), "warning"),
        ]
    return Section("exposure", "Browsers and the internet", tuple(parts))


def commands(report: PortReport, *, heading: str, of_several: bool) -> Section:
    """Return the commands that show which process holds the port; *heading* is for systems."""
    own = f"<code>portranges {report.port} --here</code>"
    parts = [f"<p>On the machine, {own} shows the process and the settings for the port.</p>"]
    if of_several or len(report.ports) > 1:
        parts.append(paragraph(f"These are for {report.port}, and alike for the others."))
    for system, group in groupby(report.commands, lambda each: each.system):
        parts.append(f"<{heading}>{text(system)}</{heading}>")
        for each in group:
            parts += [command(each.command), paragraph(f"Shows {each.shows}.")]
    it = "them" if of_several else _it(report)
    return Section("commands", f"See which process holds {it}", tuple(parts))


def _it(report: PortReport) -> str:
    return "them" if len(report.ports) > 1 else "it"


def _system(name: str) -> str:
    return ephemeral.profile(types.cast("types.SystemName", name)).title
