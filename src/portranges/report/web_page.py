"""A report as a web page: one file that loads nothing and runs nothing.

The page of text has the same facts and most of the words, in ``summary`` and ``rows``. This
page is ASCII: other letters are character references, so that every output can carry them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from portranges import diagrams, types
from portranges.layout import cut_list
from portranges.portset import PortSet
from portranges.report import rows, summary
from portranges.report.markup import bullets, cited, prose, text
from portranges.report.model import PortReport
from portranges.report.web_sections import Section, answer, commands, facts, sections
from portranges.report.web_style import STYLE

_LONGEST_TITLE = 60

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="portranges {version}">
<meta name="description" content="{description}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
"""


def render(reports: types.Sequence[PortReport]) -> str:
    """Return a page about *reports*, with a part for each if there are several."""
    if len(reports) == 1:
        title, about = _title(reports[0]), summary.first_sentence(reports[0])
        main = _one(reports[0], title)
    else:
        title = _title_of_several(reports)
        about = f"What is known about {title[0].lower()}{title[1:]}."
        main = _several(reports, title)
    # Its package has been imported, but nothing below the command line may import it.
    version = text(sys.modules["portranges"].__version__)
    head = _HEAD.format(version=version, description=text(about), title=text(title), style=STYLE)
    page = "\n".join((f"{head}<main>", *main, "</main>", _foot(reports, version), "</body>"))
    return f"{page}\n</html>\n".encode("ascii", "xmlcharrefreplace").decode()


def _one(report: PortReport, title: str) -> Iterator[str]:
    yield f"<h1>{text(title)}</h1>"
    yield answer(report)
    yield _picture([report], title)
    yield facts(report)
    yield from _in_order(sections(report), [report], level=2)


def _several(reports: types.Sequence[PortReport], title: str) -> Iterator[str]:
    """Yield a part for each report, and a last one with the sections that all have in common."""
    found = [(_name(report), report, [*sections(report)]) for report in reports]
    of_all = [each for each in found[0][2] if all(each in others for _, _, others in found)]
    answers = [
        f'<a href="#{name}">{prose(summary.first_sentence(report))}</a>'
        for name, report, _ in found
    ]
    yield f"<h1>{text(title)}</h1>"
    yield _picture(reports, title)
    yield f'<nav aria-label="Ports">\n{bullets(answers)}\n</nav>'
    for name, report, own in found:
        yield f'<article>\n<h2 id="{name}">{text(_title(report))}</h2>'
        yield answer(report)
        yield facts(report)
        yield from (_markup(each, 3, f"{name}-") for each in own if each not in of_all)
        yield "</article>"
    yield '<article>\n<h2 id="all">All of these ports</h2>'
    yield from _in_order(of_all, reports, level=3)
    yield "</article>"


def _picture(reports: types.Sequence[PortReport], title: str) -> str:
    """Return the ports among the categories and the ephemeral ranges of common systems."""
    ports = PortSet(each.ports for each in reports)
    entries = (*reports[0].allocated_by, *reports[0].not_allocated_by)
    ranges = {each.name: each for each in entries}
    layers = [
        *diagrams.categories(),
        *(
            diagrams.Layer(label=each.system, ports=each.ports, detail=f"ephemeral {each.ports}")
            for each in (ranges[name] for name in rows.COMMON if name in ranges)
        ),
    ]
    if len(ports) > 1:
        layers += diagrams.layers_of(ports, "these ports")
    marks = ports if len(ports) == 1 else ()
    about = f"{title} on the number line"
    return f"<figure>{diagrams.svg(layers, title=about, marks=marks)}</figure>"


def _in_order(
    found: types.Iterable[Section], reports: types.Sequence[PortReport], *, level: int
) -> Iterator[str]:
    """Yield the sections, with the commands before how to judge what they show."""
    own = next((each for each in reports if each.commands), None)
    shown = (
        [] if own is None else [commands(own, heading=f"h{level + 1}", of_several=len(reports) > 1)]
    )
    others = [*found]
    last = [each for each in others if each.name == "worry"]
    yield from (_markup(each, level) for each in others if each not in last)
    yield from (_markup(each, level) for each in (*shown, *last))


def _markup(section: Section, level: int, prefix: str = "") -> str:
    head = f'<h{level} id="{prefix}{section.name}">{text(section.title)}</h{level}>'
    return "\n".join(("<section>", head, *section.parts, "</section>"))


def _title(report: PortReport) -> str:
    transport = _transport(report)
    return f"{summary.subject(report)}{transport and f', {transport.upper()}'}"


def _transport(report: PortReport) -> str:
    """Return the transport of *report*, or ``""`` if it is about several."""
    transports = [each.transport.value for each in report.registry]
    return transports[0] if len(transports) == 1 else ""


def _title_of_several(reports: types.Iterable[PortReport]) -> str:
    ports = PortSet(each.ports for each in reports)
    text_of_ports = cut_list(str(ports), _LONGEST_TITLE).replace(",", ", ")
    return f"Port{'s' if len(ports) > 1 else ''} {text_of_ports}"


def _name(report: PortReport) -> str:
    """Return the name of the part about *report*, for links to it."""
    return "-".join(filter(None, ("port", str(report.port), _transport(report))))


def _foot(reports: types.Sequence[PortReport], version: str) -> str:
    dates = sorted({each.checked[:7] for report in reports for each in _sources(report)})
    checked = f"in {dates[0]}" if len(dates) == 1 else f"between {dates[0]} and {dates[-1]}"
    return (
        f"<footer>\n<p>Registry: {cited(reports[0].registry_source)}. The other sources were last "
        f"checked {text(checked)}.</p>\n<p>Systems are described with their default settings, "
        f"which a machine may change. Written by portranges {version}.</p>\n</footer>"
    )


def _sources(report: PortReport) -> Iterator[types.Source]:
    yield report.browser_source
    yield from (each.source for each in (*report.purpose, *report.judgement))
    yield from (each.source for each in (*report.allocated_by, *report.not_allocated_by))
    yield from (each.source for each in report.bind_rules)
    yield from (each.source for each in report.uses)
    yield from (each.source for each in report.not_for_internet)
