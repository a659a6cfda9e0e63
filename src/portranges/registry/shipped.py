"""The registry that comes with the library, answered from the bytes of its two tables.

The bytes are the index. Their lines are sorted by port, so a port is found by binary search
and a name by substring search. Both take microseconds; a dictionary of all rows would take
two milliseconds and a megabyte before the first answer. Each file is read on first use, the
descriptions only when one is needed.

A line of ``ports.tsv`` is ``PORT[-PORT] TAB transports TAB state [TAB name[ SPACE name]...]``.
Adjacent ports with equal lines and descriptions share one line. A port without a line is
unassigned for every transport. If a port has lines but none of them names a transport, IANA's
registry has no row for the two.

A line of ``descriptions.tsv`` is ``PORT[-PORT] TAB transports TAB description[ TAB
description]...``, one for each name. It has the ports of a line of ``ports.tsv`` and
some or all of its transports. Without a line, the descriptions are empty.
"""

from __future__ import annotations

from functools import cached_property
from itertools import groupby
from operator import itemgetter

from portranges import types
from portranges.errors import DataError
from portranges.ports import LAST_PORT, PortRange, Transport
from portranges.registry import edition
from portranges.registry.model import LAST_REGISTERED, TRANSPORTS, Assignment, Cell, State
from portranges.registry.registry import Registry
from portranges.registry.table import DYNAMIC, NOT_LISTED, UNASSIGNED
from portranges.source import Source

# The ports of the line after the last one.
_BEYOND = (LAST_PORT + 1, LAST_PORT + 1)
_STATES = {"A": State.ASSIGNED, "R": State.RESERVED, "U": State.UNASSIGNED}
_LETTERS = {each: each.value[0] for each in TRANSPORTS}
_TRANSPORTS = {letter: each for each, letter in _LETTERS.items()}


class SortedLines:
    r"""The lines of a file that begin with a port or a range, sorted by port; read on first use.

    Example:
        >>> SortedLines("ports.tsv").of(443)
        [['443', 'tus', 'A', 'https']]
    """

    # The ports that were looked up last, from the first to the last, their lines, and the start
    # of the next line. Most callers look up every transport of a port, or all ports in turn.
    _recent: tuple[int, int, list[list[str]], int] = (-1, -1, [], 0)

    def __init__(self, file: str) -> None:
        """Read *file*, which is next to this module, when it is needed."""
        self._file = file

    @cached_property
    def text(self) -> bytes:
        """The content of the file."""
        # The module's own loader works from a zip file too and takes 0.1 ms;
        # importlib.resources takes 17 ms.
        spec: types.Any = __spec__
        text: bytes = spec.loader.get_data(spec.origin.rpartition("shipped.")[0] + self._file)
        size = edition.FILES[self._file][0]
        if len(text) != size:
            raise DataError(self._file, f"expected {size} bytes, got {len(text)}; reinstall")
        return text

    def __iter__(self) -> types.Iterator[list[str]]:
        """Yield the fields of every line."""
        for line in self.text.decode("utf-8").splitlines():
            yield line.split("\t")

    def of(self, port: int) -> list[list[str]]:
        """Return the fields of every line of *port*."""
        recent = self._recent
        if not recent[0] <= port <= recent[1]:
            recent = self._recent = self._find(port)
        return recent[2]

    def _find(self, port: int) -> tuple[int, int, list[list[str]], int]:
        """Return what ``_recent`` keeps of *port*."""
        _, last, _, start = self._recent
        if port < last or self._ends_at(start)[1] < port:
            start = self._first_line(port)
        first, last = self._ends_at(start)
        if port < first:
            # No line has the ports before this one.
            return port, first - 1, [], start
        lines: list[list[str]] = []
        text = self.text
        while self._ends_at(start)[0] == first:
            end = text.index(b"\n", start)
            lines.append(text[start:end].decode("utf-8").split("\t"))
            start = end + 1
        return first, last, lines, start

    def _ends_at(self, start: int) -> tuple[int, int]:
        """Return the first and the last port of the line that begins at *start*."""
        text = self.text
        if start == len(text):
            return _BEYOND
        return _ends(text[start : text.index(b"\t", start)].decode("ascii"))

    def _first_line(self, port: int) -> int:
        """Return the start of the first line whose last port is at least *port*."""
        text = self.text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high) >> 1
            start = text.rfind(b"\n", 0, middle) + 1
            if self._ends_at(start)[1] < port:
                low = text.index(b"\n", middle) + 1
            else:
                high = start
        return low


class ShippedTable:
    """The rows of ``ports.tsv`` and their descriptions.

    Example:
        >>> TABLE.cell(443, Transport.TCP).services
        ('https',)
    """

    def __init__(self) -> None:
        """Read nothing yet."""
        self._lines = SortedLines("ports.tsv")
        self._descriptions = SortedLines("descriptions.tsv")

    def cell(self, port: int, transport: Transport) -> Cell:
        """Return the cell of *port* and *transport*."""
        if port > LAST_REGISTERED:
            return DYNAMIC
        lines = self._lines.of(port)
        return _cell_in(lines, transport) or (NOT_LISTED if lines else UNASSIGNED)

    def description(self, row: Assignment) -> str:
        """Return the description of *row*, which this table returned."""
        for _, transports, *texts in self._descriptions.of(row.ports.first):
            if _LETTERS[row.transport] in transports:
                if len(texts) == 1:
                    return texts[0]
                services = self.cell(row.ports.first, row.transport).services
                return texts[services.index(str(row.service))]
        return ""

    def rows(self) -> types.Iterator[tuple[int, int, Assignment]]:
        """Yield every row and its ports, in their order."""
        for _, lines in groupby(self._lines, itemgetter(0)):
            of_port = list(lines)
            for transport in TRANSPORTS:
                cell = _cell_in(of_port, transport)
                for row in cell.assignments if cell else ():
                    yield row.ports.first, row.ports.last, row

    def spans(self) -> types.Iterator[tuple[int, int, Transport, State]]:
        """Yield the ports and the state of every line, once per transport."""
        for key, transports, state, *_ in self._lines:
            first, last = _ends(key)
            for letter in transports:
                yield first, last, _TRANSPORTS[letter], _STATES[state]

    def named(self, name: str) -> types.Iterator[tuple[int, int, Transport]]:
        """Yield the ports of every line that contains the service *name*."""
        if not name.isascii() or name.split() != [name]:
            return
        text = self._lines.text.lower()
        wanted = name.encode("ascii")
        at = text.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if text[at - 1 : at] in (b"\t", b" ") and text[end : end + 1] in (b" ", b"\n"):
                start = text.rfind(b"\n", 0, at) + 1
                # The name may equal the letters of a transport or a state.
                if text.count(b"\t", start, at) == 3:
                    key, transports, _ = text[start:at].decode("ascii").split("\t", 2)
                    for letter in transports:
                        yield *_ends(key), _TRANSPORTS[letter]
            at = text.find(wanted, end)

    def names(self) -> types.Iterator[str]:
        """Yield all service names."""
        for _, _, _, *names in self._lines:
            if names:
                yield from names[0].split(" ")

    def __reduce__(self) -> str:
        """Return the name of the only instance, so that pickles carry no data."""
        return "TABLE"


def _ends(key: str) -> tuple[int, int]:
    first, _, last = key.partition("-")
    return int(first), int(last or first)


def _cell_in(lines: list[list[str]], transport: Transport) -> Cell | None:
    """Return the cell of *transport* in the lines of one port; None if none of them names it."""
    for key, transports, state, *names in lines:
        if _LETTERS[transport] in transports:
            ports = PortRange(*_ends(key))
            services = tuple(names[0].split(" ")) if names else ()
            rows = tuple(
                _row(ports, transport, _STATES[state], service) for service in services or (None,)
            )
            return Cell(_STATES[state], services, rows)
    return None


def _row(ports: PortRange, transport: Transport, state: State, service: str | None) -> Assignment:
    row = Assignment(ports=ports, transport=transport, state=state, service=service)
    # The slot is filled when it is read for the first time.
    object.__delattr__(row, "description")
    return row


def _load_description(row: Assignment, name: str) -> str:
    """Load the description of a shipped row, whose slot is empty until it is read."""
    if name != "description":
        raise AttributeError(f"'Assignment' object has no attribute {name!r}", name=name, obj=row)
    text = TABLE.description(row)
    object.__setattr__(row, name, text)
    return text


# Python calls it for an attribute that is missing. Type checkers do not see it, or they would
# accept any name.
setattr(Assignment, "__getattr__", _load_description)  # noqa: B010


TABLE: ShippedTable = ShippedTable()
SHIPPED: Registry = Registry(TABLE, edition.DATE, edition.SOURCE)

lookup: types.AssignmentsOfPort = SHIPPED.lookup
state: types.StateOfPort = SHIPPED.state
services: types.ServicesOfPort = SHIPPED.services
ports: types.PortsOfService = SHIPPED.ports
assigned: types.PortsOfTransport = SHIPPED.assigned
reserved: types.PortsOfTransport = SHIPPED.reserved
unassigned: types.PortsOfTransport = SHIPPED.unassigned
not_listed: types.PortsOfTransport = SHIPPED.not_listed
search: types.SearchRows = SHIPPED.search
compare: types.CompareRegistries = SHIPPED.compare
snapshot: types.date = edition.DATE
source: Source = edition.SOURCE
