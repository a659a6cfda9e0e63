"""All formats in one order, one of them by its name, and the format of a text.

Other packages add formats by an entry point of the group ``portranges.rulesets``, whose object is
a ``Format``.
"""

from __future__ import annotations

import re
from functools import cache

from portranges.checks import of_type, plain
from portranges.errors import DataError, InvalidValueError, UnknownNameError, elide, got
from portranges.names import Index
from portranges.rulesets import documents, json_text
from portranges.rulesets.model import Format
from portranges.rulesets.rows import FORMATS
from portranges.rulesets.rows_aws import AWS
from portranges.rulesets.rows_clouds import CLOUDS
from portranges.rulesets.rows_containers import CONTAINERS
from portranges.rulesets.rows_frontends import FRONTENDS, LISTS
from portranges.rulesets.rows_lists import CONFIGURATIONS

_OWN = (*FORMATS, *FRONTENDS, *AWS, *CONTAINERS, *CLOUDS)
_GROUP = "portranges.rulesets"

# A text whose outermost value is a list, as YAML writes it.
_YAML_LIST = re.compile(r"(?:---.*\n|#.*\n|[ \t]*\n)*+- ")

# The beginning of a text in which its format must show.
_HEAD = 65536


def formats() -> tuple[Format, ...]:
    """Return the row of every format that is read, with those that other packages add.

    Returns:
        The rows in a fixed order; the added ones come last. An entry point that cannot be used is
        left out: the functions that need it raise ``DataError``.

    Example:
        >>> [row.name for row in formats()][:2]
        ['iptables', 'ip6tables']
    """
    return tuple(dict.fromkeys(_index().values()))


@cache
def _index() -> Index[Format]:
    return Index.of("format", [*_OWN, *_added()[0]], argument="format")


@cache
def _added() -> tuple[list[Format], dict[str, DataError]]:
    """Return the formats of other packages, and the entry points that cannot be used."""
    # Reading the names of the installed packages takes longer than reading most files.
    from importlib.metadata import entry_points

    found: list[Format] = []
    broken: dict[str, DataError] = {}
    taken = {name for row in _OWN for name in (row.name, *row.aliases)}
    for point in sorted(entry_points(group=_GROUP), key=lambda each: each.name):
        try:
            row = point.load()
        except Exception as error:  # noqa: BLE001 - a package from outside can raise anything
            reason = f"{type(error).__name__} {elide(str(error))}"
        else:
            reason = _fault(row, taken)
            if not reason:
                found.append(row)
                taken |= {row.name, *row.aliases}
        if reason:
            broken[point.name] = DataError(f"the entry point {point.name!r} of {_GROUP}", reason)
    return found, broken


def _fault(row: object, taken: set[str]) -> str:
    """Return why *row* is not a further format; ``""`` if it is one."""
    if not isinstance(row, Format):
        return f"expected a Format, got {elide(row)}"
    for name in (row.name, *row.aliases):
        if name in taken:
            return f"a format must have names of its own, got {elide(name)}"
    for sign in row.signs:
        try:
            re.compile(sign, re.MULTILINE)
        except re.error as error:
            return f"signs must be regular expressions, got {elide(sign)}: {error}"
    return ""


def find(name: str) -> Format:
    """Return the row of the format *name*.

    Raises:
        TypeError: *name* is not a ``str``.
        UnknownNameError: It is unknown.
        InvalidValueError: It is a format of named lists.
        DataError: It is an entry point that cannot be used.
    """
    try:
        return _index().find(name)
    except UnknownNameError as unknown:
        if any(plain(name) in (row.name, *row.aliases) for row in (*LISTS, *CONFIGURATIONS)):
            rule = "format must be a format of rules"
            raise InvalidValueError(rule, f"{elide(name)}; ports_by_name() reads it") from None
        raise _added()[1].get(plain(name), unknown) from None


def detect(text: str) -> Format:
    """Return the format of *text*, by its beginning.

    Args:
        text: The content of a file.

    Returns:
        The format whose sign (``Format.signs``) comes first in the text. If several begin at the
        same place, the longest one counts.

    Raises:
        TypeError: *text* is not a ``str``.
        InvalidValueError: No format has a sign in it.
        PortSyntaxError: The text is JSON that is incomplete or has an error.

    Complexity:
        Linear in the length of *text* if that is JSON. Otherwise only the first 65,536 characters
        are searched.

    Example:
        >>> detect("*filter").name
        'iptables'
    """
    return detect_document(of_type("text", text, str))[0]


def detect_document(text: str) -> tuple[Format, documents.Document | None]:
    """Return the format of *text*, with its data if that had to be read from JSON."""
    head = text[:_HEAD]
    rows = formats()
    found = _first(head, [(sign, row) for row in rows for sign in row.signs])
    if found is None and documents.is_json(head):
        document = json_text.load(text)
        return detect_data(document.data), document
    if found is None:
        # YAML: a key of the outermost mapping, or of a mapping in the outermost list.
        start = "(?:- +| +)" if _YAML_LIST.match(head) else "(?:- +)?"
        keys = [
            (rf"^{start}([\"']?){re.escape(key)}\1 *:(?: |$)", row)
            for row in rows
            for key in row.keys
        ]
        found = _first(head, keys)
    if found is None:
        raise _unknown("text", elide(head[:60]))
    return found, None


def _first(head: str, signs: list[tuple[str, Format]]) -> Format | None:
    """Return the format whose sign comes first in *head*; of two at one place, the longer."""
    found = [
        (match.start(), -match.end(), row)
        for sign, row in signs
        if (match := re.search(sign, head, re.MULTILINE))
    ]
    return min(found, key=lambda each: each[:2])[2] if found else None


def detect_data(data: object) -> Format:
    """Return the format of parsed *data*, by the keys of its outermost objects."""
    for row in formats():
        if documents.has_key(data, row.keys):
            return row
    raise _unknown("data", got(data))


def _unknown(what: str, found: str) -> InvalidValueError:
    names = ", ".join(row.name for row in formats())
    hints = [f"name the format if it is one of {names}", *map(str, _added()[1].values())]
    return InvalidValueError(
        f"{what} must have the form of a known format", "; ".join([found, *hints])
    )
