"""IANA's official files: from columns to assignments.

``iana_csv`` and ``iana_xml`` read the two formats into the same columns; this module
interprets the columns and limits the size of the result.
"""

from __future__ import annotations

import dataclasses

from portranges import types
from portranges.errors import DataError, PortSyntaxError, elide, got
from portranges.ports import PortRange, Transport
from portranges.registry.iana_csv import csv_rows
from portranges.registry.iana_xml import XmlRows
from portranges.registry.model import LAST_REGISTERED, TRANSPORTS, Assignment, State
from portranges.registry.table import RowTable

# The edition of August 2026 has 14,533 rows with 50,000 ports, because some ranges overlap.
# Six times that leaves room for decades of growth and bounds the memory that a hostile file
# can claim.
_MOST_ROWS = 100_000
_MOST_PORTS = 300_000

_SEEN_AT_THE_START = 64

# The fields from ``description`` on are the columns from the fourth on, in the same order.
_TEXTS = [field.name for field in dataclasses.fields(Assignment)][4:]

# A row without a transport applies to all of them.
_TRANSPORTS_OF: dict[str, tuple[Transport, ...]] = {
    "": TRANSPORTS,
    **{each.value: (each,) for each in TRANSPORTS},
}


def read_official(path: types.StrPath) -> tuple[RowTable, types.date | None]:
    """Return the rows of an official file and the date of its edition.

    Args:
        path: The CSV or the XML file.

    Returns:
        The table and the date; the date is None for a CSV file, which does not contain it.

    Raises:
        TypeError: *path* is not a path.
        OSError: The file cannot be read.
        DataError: The file is not IANA's registry, or damaged.

    Source:
        https://www.iana.org/assignments/service-names-port-numbers

    Example:
        >>> table, edition = read_official("tests/data/iana/sample.xml")
        >>> edition
        datetime.date(2026, 8, 17)
    """
    if not isinstance(path, str) and not hasattr(path, "__fspath__"):
        # open() would treat an integer as a file descriptor.
        raise TypeError(f"path must be a path, got {got(path)}")
    name = path if isinstance(path, str) else path.__fspath__()
    if "\0" in name:
        raise DataError(elide(name), "a path must not contain a NUL character")
    with open(path, "rb") as file:  # noqa: PTH123 -- pathlib would be imported for this
        start = file.read(_SEEN_AT_THE_START)
        if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
            file.seek(0)
            xml = XmlRows(file, name)
            return _table_of(xml, name), xml.edition
    with open(path, encoding="utf-8-sig", newline="") as text:  # noqa: PTH123
        return _table_of(csv_rows(text, name), name), None


def state_of(service: str, description: str) -> State:
    """Return the state that a row of the registry has.

    Args:
        service: The service name; ``""`` for a nameless row.
        description: The description.

    Returns:
        ASSIGNED for a row with a name, whatever its description. The description of a row
        without a name gives its state; if it is neither reserved, unassigned nor returned,
        it is assigned ("any private mail system").

    Example:
        >>> state_of("", "Unassigned [was netstat]")
        <State.UNASSIGNED: 'unassigned'>
    """
    if service:
        return State.ASSIGNED
    text = " ".join(description.lower().split())
    if text.startswith("reserved") or text == "iana reserved":
        return State.RESERVED
    given_back = ("de-registered", "removed", "deprecated", "de-comm", "decom")
    if "unassigned" in text or text.startswith(given_back):
        return State.UNASSIGNED
    return State.ASSIGNED


def _table_of(rows: types.Iterable[tuple[str, list[str]]], name: str) -> RowTable:
    """Return the table of *rows*, each of which comes with its position."""
    own: dict[int, list[Assignment]] = {}
    shared: dict[int, list[Assignment]] = {}
    room = _MOST_PORTS
    for count, (place, columns) in enumerate(rows, 1):
        if count > _MOST_ROWS:
            raise DataError(name, f"expected at most {_MOST_ROWS} rows, got more")
        number, transport = columns[1:3]
        if not number:
            continue
        ports = _ports_of(number, name, place)
        if transport not in _TRANSPORTS_OF:
            raise DataError(
                name,
                f"{place}: transport must be tcp, udp, sctp, dccp or empty, got {elide(transport)}",
            )
        room -= len(ports)
        if room < 0:
            raise DataError(name, f"expected at most {_MOST_PORTS} ports on all rows, got more")
        made = [_assignment(ports, each, columns) for each in _TRANSPORTS_OF[transport]]
        target = own if transport else shared
        for port in ports:
            target.setdefault(port, []).extend(made)
    if not own and not shared:
        raise DataError(name, "expected rows with a port number, got none")
    return RowTable(own, shared)


def _ports_of(number: str, name: str, place: str) -> PortRange:
    try:
        # The XML schema allows spaces here; no edition has any.
        ports = PortRange.parse(number.replace(" - ", "-"))
    except PortSyntaxError as error:
        raise DataError(name, f"{place}: {error.reason}") from None
    if ports.last > LAST_REGISTERED:
        raise DataError(name, f"{place}: ports must be in 0..{LAST_REGISTERED}, got {ports}")
    return ports


def _assignment(ports: PortRange, transport: Transport, columns: list[str]) -> Assignment:
    service, _, _, *texts = columns
    return Assignment(
        ports=ports,
        transport=transport,
        state=state_of(service, texts[0]),
        service=service or None,
        **dict(zip(_TEXTS, texts, strict=True)),
    )
