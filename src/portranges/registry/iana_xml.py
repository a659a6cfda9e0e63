"""IANA's XML file, read row by row into the columns of the CSV file.

Elements and attributes become columns as in IANA's own style sheet; ``official`` interprets
the columns. Expat reports each element as it passes, so the tree of the five megabytes is
never built. No entity is expanded, because a document type, the only place to declare one, is
rejected.
"""

from __future__ import annotations

from datetime import date
from xml.parsers import expat

from portranges import types
from portranges.errors import DataError, elide
from portranges.registry.iana_columns import COLUMNS, LARGEST_FILE, collapsed

_NAMESPACE = "http://www.iana.org/assignments"
_ROOT = f"{_NAMESPACE} registry"
_REGISTRY = "service-names-port-numbers"

# The children of a record that are one column each. Person xrefs, assignee
# and the other xrefs make the columns Contact, Assignee and Reference.
_COLUMN_OF = {
    "name": "Service Name",
    "number": "Port Number",
    "protocol": "Transport Protocol",
    "description": "Description",
    "sc": "Service Code",
    "unauthorized": "Unauthorized Use Reported",
    "note": "Assignment Notes",
}

_CHUNK = 1 << 16

# The deepest nesting in IANA's file is an xref in a note in a record. Every open level costs
# memory until it is closed.
_DEEPEST = 16

# The longest text of the registry has about 3,000 characters.
_LONGEST_TEXT = 100_000

# Expat keeps a tag or a comment until it is complete and scans it again with every chunk, so
# longer tokens would take quadratic time.
_LONGEST_TOKEN = 1 << 20

# Distinct names of elements, attributes and namespaces, all of which the parser keeps until
# the end; IANA's file has about thirty.
_MOST_NAMES = 1000


class XmlRows:
    """The rows of an XML file; can be iterated once.

    Attributes:
        edition: The date of the edition; None until it has been read.

    Args:
        file: The file, opened for bytes.
        name: The name of the file in error messages.

    Example:
        >>> with open("tests/data/iana/sample.xml", "rb") as file:
        ...     place, columns = next(iter(XmlRows(file, "sample.xml")))
        >>> place, columns[:4]
        ('record 1', ['', '0', 'tcp', 'Reserved'])
    """

    def __init__(self, file: types.BinaryIO, name: str) -> None:
        """Prepare to read *file*; nothing is read yet."""
        self.edition: date | None = None
        self._file = file
        self._name = name
        self._rows: list[tuple[str, list[str]]] = []
        self._count = 0
        # The open elements, outermost first.
        self._open: list[str] = []
        self._text: list[str] = []
        self._size = 0
        self._record: dict[str, str] = {}
        # The texts of the xrefs, per column that they form.
        self._shown: dict[str, list[str]] = {}
        self._xref: dict[str, str] | None = None
        self._xref_text: list[str] = []

    def __iter__(self) -> types.Iterator[tuple[str, list[str]]]:
        """Yield the position of each record (the first is 1) and its columns.

        Raises:
            DataError: The file is not IANA's XML; the error reports the record or the line.
        """
        # Without a given encoding, the file could name one that Python decodes with a table.
        parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        # Without a handler the namespaces would not be counted among the names.
        parser.StartNamespaceDeclHandler = _ignore
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        fed = done = 0
        try:
            while chunk := self._file.read(_CHUNK):
                fed += len(chunk)
                if fed > LARGEST_FILE:
                    raise self._error(f"expected at most {LARGEST_FILE} bytes, got more")
                parser.Parse(chunk)
                # -1 if a newer expat waits for more input before it continues.
                done = max(done, parser.CurrentByteIndex)
                if fed - done > _LONGEST_TOKEN:
                    raise self._error(
                        f"expected tags and comments of at most {_LONGEST_TOKEN} bytes, got more"
                    )
                if len(parser.intern) > _MOST_NAMES:
                    raise self._error(
                        f"expected at most {_MOST_NAMES} names of elements and attributes, got more"
                    )
                yield from self._rows
                self._rows.clear()
            parser.Parse(b"", True)
            yield from self._rows
        except expat.ExpatError as error:
            raise self._error(f"invalid XML, {error}") from error

    def _error(self, reason: str) -> DataError:
        return DataError(self._name, reason)

    def _doctype(self, name: str, *_: object) -> None:
        raise self._error(
            f"expected IANA's XML without a document type, got <!DOCTYPE {name[:40]}>"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin the root, a record, a column of it, or an element inside a column."""
        depth = len(self._open)
        if depth >= _DEEPEST:
            raise self._error(f"expected at most {_DEEPEST} levels of elements, got more")
        name = tag.rpartition(" ")[2]
        self._open.append(name)
        if depth == 0:
            self._check_root(tag, attributes)
        elif depth == 1:
            self._text = []
            self._size = 0
            self._record = {
                "Registration Date": attributes.get("date", ""),
                "Modification Date": attributes.get("updated", ""),
            }
            self._shown = {"Contact": [], "Assignee": [], "Reference": []}
            if name == "record":
                self._spend(sum(map(len, self._record.values())))
        elif self._open[1] == "record":
            if name == "xref":
                self._xref, self._xref_text = attributes, []
            elif depth == 2:
                self._begin_column(name)
            else:
                # <br/> and <paragraph> are displayed as white space.
                self._text.append(" ")
                self._spend(1)

    def _begin_column(self, tag: str) -> None:
        column = "Assignee" if tag == "assignee" else _COLUMN_OF.get(tag)
        if column in self._record:
            raise self._error(f"record {self._count + 1}: expected one <{tag}>, got two")
        if column is not None:
            self._record[column] = ""
        self._text = []

    def _characters(self, text: str) -> None:
        if self._xref is not None:
            self._xref_text.append(text)
        elif self._open[1:2] in (["record"], ["updated"]):
            self._text.append(text)
        else:
            return
        self._spend(len(text))

    def _spend(self, characters: int) -> None:
        """Count the characters of the current record, whose size is limited."""
        self._size += characters
        if self._size > _LONGEST_TEXT:
            raise self._error(
                f"record {self._count + 1}: expected at most {_LONGEST_TEXT} characters, got more"
            )

    def _end(self, _: str) -> None:
        tag = self._open.pop()
        depth = len(self._open)
        if depth == 1:
            if tag == "record":
                self._end_record()
            elif tag == "updated":
                self.edition = self._date(collapsed("".join(self._text)))
        elif depth > 1 and self._open[1] == "record":
            if tag == "xref":
                self._end_xref()
            elif depth == 2:
                if tag in _COLUMN_OF:
                    self._record[_COLUMN_OF[tag]] = "".join(self._text)
                self._text = []
            else:
                self._text.append(" ")

    def _end_xref(self) -> None:
        shown = _shown(self._xref or {}, collapsed("".join(self._xref_text)))
        person = (self._xref or {}).get("type") == "person"
        self._xref = None
        parent = self._open[-1]
        if parent == "record":
            texts = self._shown["Contact" if person else "Reference"]
        elif parent == "assignee":
            texts = self._shown["Assignee"]
        else:
            texts = self._text
        texts.append(shown)
        self._spend(len(shown))

    def _end_record(self) -> None:
        self._count += 1
        record = self._record
        # An <assignee/> without an xref is an empty column.
        record |= {column: "".join(texts) for column, texts in self._shown.items() if texts}
        record.setdefault("Assignee", record.get("Contact", ""))
        columns = [collapsed(record.get(column, "")) for column in COLUMNS]
        self._rows.append((f"record {self._count}", columns))

    def _check_root(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == _ROOT and attributes.get("id") == _REGISTRY:
            return
        namespace, _, name = tag.rpartition(" ")
        shown = f"<{name} id={attributes['id']!r}>" if "id" in attributes else f"<{name}>"
        raise self._error(
            f"expected <registry id={_REGISTRY!r}> in the namespace {_NAMESPACE}, "
            f"got {elide(shown)} in {elide(namespace) if namespace else 'none'}"
        )

    def _date(self, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self._error(f"expected a date in <updated>, got {elide(text)}") from None


def _ignore(*_: object) -> None:
    pass


def _shown(xref: dict[str, str], text: str) -> str:
    """Return the text of an xref in IANA's style sheet and CSV file."""
    kind, data = xref.get("type", ""), xref.get("data", "")
    if kind in ("person", "note"):
        return f"[{data}]"
    section = xref.get("section", "")
    if section[:1].isdigit():
        section = f"Section {section}"
    document = text or (data.upper() if kind == "rfc" else data)
    return f"[{document}, {section}]" if section else f"[{document}]"
