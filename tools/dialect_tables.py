"""The tables of docs/reference/tables/dialects.md, from the rows of portranges.dialects.

There is one function per table. ``TABLES`` names the page and the marker of each, and
build_docs.py inserts them.
"""

from __future__ import annotations

import re

import doc_table

from portranges import PortSet, UnrepresentableError, dialects, types
from portranges.dialects import Dialect, MisreadText
from portranges.source import Confidence

PAGE = "docs/reference/tables/dialects.md"
TOPIC_PAGE = "docs/reference/dialects.md"

_SEVERAL = PortSet.parse("22,80,8000-8100")


def written_forms() -> str:
    """Return the table of what is written, and its place in the tool's own text."""
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
    """Return the table of the differences between the dialects."""
    return doc_table.table(
        (
            "Dialect",
            "Ports from",
            "Open ends",
            "`80-80`",
            "Names",
            "Transport",
            "Overlap",
            "Limit per text",
            "Known by",
        ),
        (
            (
                row.name,
                str(row.lowest),
                _open_ends(row),
                "accepted" if row.ranges.equal_ends and row.ranges.signs else "refused",
                _names(row),
                row.frame.rule,
                row.overlap,
                _most(row),
                _known_by(row),
            )
            for row in dialects.rows()
        ),
    )


def misread_texts() -> str:
    """Return the table of the texts that tools interpret differently."""
    return doc_table.table(
        ("Dialect", "Kind", "Text", "The tool reads"),
        (
            (row.name, misread.fault, _code(misread.text), _answer(misread))
            for row in dialects.rows()
            for misread in row.misread_texts
            if misread.means is not None or misread.note
        ),
    )


def refused_texts() -> str:
    """Return the table of the texts that tools accept and ``parse`` refuses on purpose."""
    return doc_table.table(
        ("Dialect", "Text", "Reason"),
        (
            (row.name, _code(refused.text), _text(refused.reason))
            for row in dialects.rows()
            for refused in row.refused_texts
        ),
    )


def known_by_words() -> str:
    """Return the table of the words for how a row is known."""
    confidences = {row.evidence.confidence for row in dialects.rows()}
    confidences |= {form.evidence.confidence for form in dialects.data_forms()}
    used = {row.evidence.verification for row in dialects.rows()} - {dialects.Verification.NONE}
    measured = [word for word in dialects.Verification if word in used]
    return doc_table.table(
        ("Words", "Meaning"),
        (
            *((f"measured: {word}", _text(word.meaning)) for word in measured),
            *(
                (word, _text(word.meaning))
                for word in Confidence
                if word in confidences and word is not Confidence.MEASURED
            ),
        ),
    )


def data_forms() -> str:
    """Return the table of the data forms."""
    return doc_table.table(
        ("Functions", "Where", "Ports from", "Every port", "Notes", "Known by", "Source"),
        (
            (
                f"`to_{form.name}` `from_{form.name}`",
                f"{form.tool}: {_text(form.place)}",
                str(form.lowest),
                _text(form.all_ports),
                _text(" ".join(form.notes)),
                form.evidence.confidence,
                _text("; ".join(map(str, form.evidence.sources))),
            )
            for form in dialects.data_forms()
        ),
    )


def mapping_forms() -> str:
    """Return the table of the forms of port mappings."""
    return doc_table.table(
        ("Form", "Also", "Where", "A port alone is", "Notes", "Known by", "Source"),
        (
            (
                f"`{form.name}`",
                ", ".join(map(_code, form.aliases)),
                _text(form.place),
                "both sides" if form.alone_is_both else "the target",
                _text(" ".join(form.notes)),
                form.evidence.confidence,
                _text("; ".join(map(str, form.evidence.sources))),
            )
            for form in dialects.mapping_forms()
        ),
    )


def details() -> str:
    """Return a section for each dialect."""
    return "\n\n".join(map(_details, dialects.rows()))


TABLES: tuple[tuple[str, str, types.Callable[[], str]], ...] = (
    (PAGE, "dialect-forms", written_forms),
    (PAGE, "dialect-rules", rules),
    (PAGE, "dialect-misread-texts", misread_texts),
    (PAGE, "dialect-refused-texts", refused_texts),
    (PAGE, "dialect-known-by", known_by_words),
    (TOPIC_PAGE, "dialect-data", data_forms),
    (TOPIC_PAGE, "dialect-mappings", mapping_forms),
    (PAGE, "dialect-details", details),
)


def _details(row: Dialect) -> str:
    facts = (
        (
            "Tool",
            _text(row.tool) + (f", {_text(row.evidence.version)}" if row.evidence.version else ""),
        ),
        ("Other names", ", ".join(map(_code, row.aliases))),
        ("Where", _text(row.place)),
        ("Several texts mean", _text(row.several_texts_mean)),
        ("Own names", ", ".join(sorted({f"{own.name} {own.port}" for own in row.names.own}))),
        ("Notes", _text(" ".join(row.notes))),
        ("Known by", _known_by(row)),
        ("Sources", _text("; ".join(map(str, row.evidence.sources)))),
    )
    lines = (f"- {label}: {fact}" for label, fact in facts if fact)
    return f"### {row.name}\n\n" + "\n".join(lines)


def _known_by(row: Dialect) -> str:
    if row.evidence.verification is dialects.Verification.NONE:
        return row.evidence.confidence
    return f"{row.evidence.confidence}: {row.evidence.verification}"


def _written(
    row: Dialect,
    ports: PortSet,
    *,
    transport: types.TransportLike | None = None,
    negated: bool = False,
) -> str:
    try:
        texts = dialects.render_rules(ports, row.name, transport=transport, negated=negated)
    except UnrepresentableError:
        return ""
    return " ".join(map(_code, texts))


def _open_ends(row: Dialect) -> str:
    if row.ranges.open_first is None or row.ranges.open_last is None:
        return ""
    sign = row.ranges.signs[0]
    first, last = f"{sign}1024", f"1024{sign}"
    return f"{_code(first)} from {row.ranges.open_first}, {_code(last)} to {row.ranges.open_last}"


def _names(row: Dialect) -> str:
    words = {
        dialects.NameLookup.NONE: "none",
        dialects.NameLookup.NAMED: "of its transport",
        dialects.NameLookup.ANY: "of any transport",
        dialects.NameLookup.TCP: "of TCP",
        dialects.NameLookup.TCP_OR_UDP: "of TCP and UDP",
    }
    if row.names.lookup is dialects.NameLookup.OWN:
        return f"its own {len({own.name for own in row.names.own}) or 'table'}"
    return words[row.names.lookup]


def _most(row: Dialect) -> str:
    limits = (
        f"{row.limits.max_elements} element{'s' * (row.limits.max_elements > 1)}"
        if row.limits.max_elements
        else "",
        f"{row.limits.max_slots} slots" if row.limits.max_slots else "",
        f"{row.limits.max_length} characters" if row.limits.max_length else "",
        f"{row.limits.max_texts} texts" if row.limits.max_texts else "",
    )
    return ", ".join(filter(None, limits))


def _answer(misread: MisreadText) -> str:
    words = {None: "an error", "": "no port", "0-65535": "every port"}
    note = f" ({misread.note})" if misread.note else ""
    return _text(f"{words.get(misread.means, misread.means)}{note}")


def _code(text: str) -> str:
    return f"`{text}`"


def _text(text: str) -> str:
    # Escape what Markdown would read as emphasis, a tag, or a footnote.
    return re.sub(r"[\\*<]|(?<!\w)_", r"\\\g<0>", text)
