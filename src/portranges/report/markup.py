"""Pieces of HTML: escaped text, tables, commands, and the sources of facts as links.

``web_page`` writes with them. Nothing here depends on ports.
"""

from __future__ import annotations

import re
from html import escape

from portranges import types
from portranges.errors import visible


def text(value: str) -> str:
    """Return *value* as the text of an element or the value of an attribute."""
    return escape(visible(value))


_RANGE = re.compile(r"[0-9]+-[0-9]+")


def prose(value: str) -> str:
    """Return *value* as the text of an element in which no line ends within a range of ports."""
    return _RANGE.sub(r'<span class="range">\g<0></span>', text(value))


def paragraph(value: str, after: str = "") -> str:
    """Return *value* as a paragraph that ends with the markup *after*."""
    return f"<p>{prose(value)}{after and ' ' + after}</p>"


def table(
    caption: str, heads: types.Sequence[str], rows: types.Iterable[types.Iterable[str]]
) -> str:
    """Return a table of cells of markup, the first of each row being its head.

    It scrolls inside a box of its own, which the keyboard can reach.
    """
    head = "".join(f'<th scope="col">{text(each)}</th>' for each in heads)
    body = "\n".join(_row(*row) for row in rows)
    label = text(caption)
    return (
        f'<div class="scroll" role="group" aria-label="{label}" tabindex="0"><table>\n'
        f"<caption>{label}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(head: str, *cells: str) -> str:
    return f'<tr><th scope="row">{head}</th>{"".join(f"<td>{each}</td>" for each in cells)}</tr>'


def bullets(items: types.Iterable[str], kind: str = "") -> str:
    """Return a list of items of markup; *kind* is its class in the style sheet."""
    body = "\n".join(f"<li>{each}</li>" for each in items)
    return f'<ul class="{kind}">\n{body}\n</ul>' if kind else f"<ul>\n{body}\n</ul>"


def folded(title: str, body: str) -> str:
    """Return *body* below *title*, collapsed until a reader opens it."""
    return f"<details>\n<summary>{text(title)}</summary>\n{body}\n</details>"


def command(line: str) -> str:
    """Return a command line, which scrolls inside its box."""
    return f'<pre tabindex="0"><code>{text(line)}</code></pre>'


def cited(*sources: types.Source) -> str:
    """Return *sources* as a note, with a link to each that has a known address."""
    return f'<small class="source">{"; ".join(map(_linked, dict.fromkeys(sources)))}</small>'


# A document of a source, or several in a sentence.
_DOCUMENT = re.compile(
    r"(?P<url>https?://[^\s<>\"]+[^\s<>\".,;)])"
    r"|RFC (?P<rfc>\d{1,5})"
    r"|(?P<iana>IANA,? Service Name and Transport Protocol Port Number Registry)"
    r"|(?P<repository>[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100})"
    r"(?:@(?P<commit>[0-9a-f]{8,40})|#(?P<issue>\d+))(?![0-9A-Za-z])"
)
# The file that a section begins with, and lines of it.
_FILE = re.compile(r"([\w.+@/-]+)(?::(\d+)(?:-(\d+))?)?")
_SECTION = re.compile(r"section (\d+(?:\.\d+)*)")


def _linked(source: types.Source) -> str:
    document, section = source.document, source.section
    found = _DOCUMENT.match(document)
    if found is None or document[found.end() :][:2] not in ("", " ("):
        # Several documents; the section does not say to which of them it belongs.
        parts: list[str] = []
        end = 0
        for each in _DOCUMENT.finditer(document):
            parts += [text(document[end : each.start()]), _link(each[0], _address(each))]
            end = each.end()
        return "".join(parts) + text(document[end:] + (section and f", {section}"))
    if found["commit"]:
        return _in_repository(found, section)
    return _link(document + (section and f", {section}"), _address(found, section))


def _in_repository(document: re.Match[str], section: str) -> str:
    """Return a link to the file that *section* begins with, without its folders, and the rest."""
    shown, address = document["repository"], _address(document)
    file = _FILE.match(section)
    # A file without a dot in its name is recognized if the section is nothing else.
    if file and (file[0] == section or "." in file[1].rpartition("/")[2]):
        first, last = file[2], file[3]
        lines = f"#L{first}" + (f"-L{last}" if last else "") if first else ""
        address = f"{address.replace('/tree/', '/blob/')}/{file[1]}{lines}"
        shown += f", {file[0].rpartition('/')[2]}"
        section = section[file.end() :]
    elif section:
        section = f", {section}"
    return _link(shown, address) + text(section)


def _link(shown: str, address: str) -> str:
    return f'<a href="{text(address)}">{text(shown.removeprefix("https://"))}</a>'


def _address(document: re.Match[str], section: str = "") -> str:
    """Return the address of a *document*, or of its *section*."""
    if document["url"]:
        return document["url"]
    if document["iana"]:
        return "https://www.iana.org/assignments/service-names-port-numbers"
    if document["rfc"]:
        place = _SECTION.fullmatch(section)
        anchor = f"#section-{place[1]}" if place else ""
        return f"https://www.rfc-editor.org/rfc/rfc{document['rfc']}{anchor}"
    repository = f"https://github.com/{document['repository']}"
    if document["issue"]:
        return f"{repository}/issues/{document['issue']}"
    return f"{repository}/tree/{document['commit']}"
