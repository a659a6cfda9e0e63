"""The tables of docs/dialects.md, from the rows of portranges.dialects.

What lives here: one function for each table, and ``TABLES``, which names the
page and the marker of each; build_docs.py puts them into the page.
"""

from __future__ import annotations

import re

import doc_table

from portranges import PortSet, UnrepresentableError, dialects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from portranges.dialects import DataForm, Dialect, MisreadText

PAGE = "docs/dialects.md"

_SEVERAL = PortSet.parse("22,80,8000-8100")


def written_forms() -> str:
    """Return the table of what is written, and where it belongs."""
    return doc_table.table(
        ("Dialect", "Where", "22,80,8000-8100", "With `transport=`", "With `negated=True`"),
        (
            (
                f"[{row.name}](#{row.name})",
                _text(row.place),
                _written(row, _SEVERAL),
                _written(row, PortSet([53]), transport="udp"),
                _written(row, ~PortSet.parse("22,80"), negated=True)
                or _written(row, ~PortSet([22]), negated=True),
            )
            for row in dialects.rows()
        ),
    )


def rules() -> str:
    """Return the table of what differs."""
    return doc_table.table(
        (
            "Dialect",
            "Ports from",
            "Open ends",
            "`80-80`",
            "Names",
            "Transport",
            "Overlap",
            "A text has at most",
            "Known by",
        ),
        (
            (
                row.name,
                str(row.lowest),
                _open_ends(row),
                "read" if row.equal_ends and row.range_signs else "refused",
                "with `services=`" if row.names else "none",
                row.transport_rule,
                row.overlap,
                _most(row),
                row.evidence,
            )
            for row in dialects.rows()
        ),
    )


def odd_texts() -> str:
    """Return the table of the texts that tools read differently."""
    return doc_table.table(
        ("Dialect", "Kind", "Text", "The tool reads"),
        (
            (row.name, odd.fault, _code(odd.text), _answer(odd))
            for row in dialects.rows()
            for odd in row.misread_texts
            if odd.means is not None or odd.note
        ),
    )


def evidence_words() -> str:
    """Return the table of the words for how well a row is known."""
    return doc_table.table(
        ("Word", "Meaning"), ((word, _text(word.meaning)) for word in dialects.Evidence)
    )


def data_forms() -> str:
    """Return the table of what is data."""
    return doc_table.table(
        ("Functions", "Where", "Ports from", "Every port", "To know", "Known by", "Source"),
        (
            (
                f"`to_{form.name}` `from_{form.name}`",
                f"{form.tool}: {_text(form.place)}",
                str(form.lowest),
                _text(form.all_ports),
                _text(" ".join(_limits(form))),
                form.evidence,
                _text("; ".join(map(str, form.sources))),
            )
            for form in dialects.data_forms()
        ),
    )


def details() -> str:
    """Return a section for each dialect."""
    return "\n\n".join(map(_details, dialects.rows()))


TABLES: tuple[tuple[str, str, Callable[[], str]], ...] = (
    (PAGE, "dialect-forms", written_forms),
    (PAGE, "dialect-rules", rules),
    (PAGE, "dialect-odd-texts", odd_texts),
    (PAGE, "dialect-evidence", evidence_words),
    (PAGE, "dialect-data", data_forms),
    (PAGE, "dialect-details", details),
)


def _details(row: Dialect) -> str:
    facts = (
        ("Tool", _text(row.tool) + (f", {_text(row.version)}" if row.version else "")),
        ("Other names", ", ".join(map(_code, row.aliases))),
        ("Where", _text(row.place)),
        ("Several texts are", _text(row.several_texts_mean)),
        ("To know", _text(" ".join(row.notes))),
        ("Known by", f"{row.evidence}: {row.evidence.meaning}"),
        ("Sources", _text("; ".join(map(str, row.sources)))),
    )
    lines = (f"- {label}: {fact}" for label, fact in facts if fact)
    return f"### {row.name}\n\n" + "\n".join(lines)


def _limits(form: DataForm) -> list[str]:
    most = f"{form.max_elements} ports and ranges an entry." if form.max_elements else ""
    return [text for text in (most, *form.notes) if text and text not in most]


def _written(
    row: Dialect, ports: PortSet, *, transport: str | None = None, negated: bool = False
) -> str:
    try:
        texts = dialects.render_rules(ports, row.name, transport=transport, negated=negated)
    except UnrepresentableError:
        return ""
    return " ".join(map(_code, texts))


def _open_ends(row: Dialect) -> str:
    if row.open_first is None or row.open_last is None:
        return ""
    sign = row.range_signs[0]
    first, last = f"{sign}1024", f"1024{sign}"
    return f"{_code(first)} from {row.open_first}, {_code(last)} to {row.open_last}"


def _most(row: Dialect) -> str:
    limits = (
        "1 element" if row.max_elements == 1 else "",
        f"{row.max_slots} slots" if row.max_slots else "",
        f"{row.max_length} characters" if row.max_length else "",
        f"{row.max_texts} texts" if row.max_texts else "",
    )
    return ", ".join(filter(None, limits))


def _answer(odd: MisreadText) -> str:
    words = {None: "refuses it", "": "no port", "0-65535": "every port"}
    note = f", {odd.note}" if odd.note else ""
    return _text(f"{words.get(odd.means, odd.means)}{note}")


def _code(text: str) -> str:
    return f"`{text}`"


def _text(text: str) -> str:
    # What Markdown would take for emphasis, a tag, or a footnote.
    return re.sub(r"[\\*<]|(?<!\w)_", r"\\\g<0>", text)
