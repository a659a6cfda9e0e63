"""The registry that comes with the library, answered from the bytes of ``ports.tsv``.

The bytes are the index. Their lines are sorted by port, so a port is found by binary search
and a name by substring search. Both take microseconds; a dictionary of all rows would take
two milliseconds and a megabyte before the first answer. The file is read on first use.

A line is ``PORT[-PORT] TAB transports TAB state [TAB name[ SPACE name]...]``. Adjacent ports
with equal lines share one line. A port without a line is unassigned for every transport. If a
port has lines but none of them names a transport, IANA's registry has no row for the two.
"""

from __future__ import annotations

from functools import cached_property

from portranges import types
from portranges.errors import DataError
from portranges.ports import PortRange, Transport
from portranges.registry import edition
from portranges.registry.model import LAST_REGISTERED, TRANSPORTS, Assignment, Cell, State
from portranges.registry.registry import Registry
from portranges.registry.table import DYNAMIC, NOT_LISTED, UNASSIGNED
from portranges.source import Source

_FILE = "ports.tsv"
_STATES = {"A": State.ASSIGNED, "R": State.RESERVED, "U": State.UNASSIGNED}
_LETTERS = {each: each.value[0] for each in TRANSPORTS}
_TRANSPORTS = {letter: each for each, letter in _LETTERS.items()}


class ShippedTable:
    """The rows of ``ports.tsv``, read on first use.

    Example:
        >>> TABLE.cell(443, Transport.TCP).services
        ('https',)
    """

    # The lines of the port that was looked up last. Most callers look up every transport.
    _recent: tuple[int, tuple[list[str], ...]] = (-1, ())

    @cached_property
    def _text(self) -> bytes:
        # The module's own loader works from a zip file too and takes 0.1 ms;
        # importlib.resources takes 17 ms.
        spec: types.Any = __spec__
        text: bytes = spec.loader.get_data(spec.origin.rpartition("shipped.")[0] + _FILE)
        if len(text) != edition.SIZE:
            raise DataError(_FILE, f"expected {edition.SIZE} bytes, got {len(text)}; reinstall")
        return text

    def cell(self, port: int, transport: Transport) -> Cell:
        """Return the cell of *port* and *transport*."""
        if port > LAST_REGISTERED:
            return DYNAMIC
        cell = UNASSIGNED
        recent_port, lines = self._recent
        if recent_port != port:
            lines = tuple(self._lines(port))
            self._recent = (port, lines)
        for key, transports, state, *names in lines:
            if _LETTERS[transport] in transports:
                return _cell(key, transport, _STATES[state], names)
            cell = NOT_LISTED
        return cell

    def _lines(self, port: int) -> types.Iterator[list[str]]:
        """Yield the fields of every line of *port*."""
        text = self._text
        start = self._first_line(port)
        key = None
        while start < len(text):
            end = text.index(b"\n", start)
            fields = text[start:end].decode("ascii").split("\t")
            if key is None:
                key = fields[0]
                if int(key.partition("-")[0]) > port:
                    return
            elif fields[0] != key:
                return
            yield fields
            start = end + 1

    def _first_line(self, port: int) -> int:
        """Return the start of the first line whose last port is at least *port*."""
        text = self._text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high) >> 1
            start = text.rfind(b"\n", 0, middle) + 1
            key = text[start : text.index(b"\t", start)]
            if int(key.rpartition(b"-")[2]) < port:
                low = text.index(b"\n", middle) + 1
            else:
                high = start
        return low

    def spans(self) -> types.Iterator[tuple[int, int, Transport, State]]:
        """Yield the ports and the state of every line, once per transport."""
        for line in self._text.decode("ascii").splitlines():
            key, transports, state = line.split("\t", 3)[:3]
            first, last = _ends(key)
            for letter in transports:
                yield first, last, _TRANSPORTS[letter], _STATES[state]

    def named(self, name: str) -> types.Iterator[tuple[int, int, Transport]]:
        """Yield the ports of every line that contains the service *name*."""
        if not name.isascii() or name.split() != [name]:
            return
        text = self._text.lower()
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
        for line in self._text.decode("ascii").splitlines():
            fields = line.split("\t")
            if len(fields) == 4:
                yield from fields[3].split(" ")

    def __reduce__(self) -> str:
        """Return the name of the only instance, so that pickles carry no data."""
        return "TABLE"


def _ends(key: str) -> tuple[int, int]:
    first, _, last = key.partition("-")
    return int(first), int(last or first)


def _cell(key: str, transport: Transport, state: State, names: list[str]) -> Cell:
    ports = PortRange(*_ends(key))
    services = tuple(names[0].split(" ")) if names else ()
    rows = tuple(
        Assignment(ports=ports, transport=transport, state=state, service=service)
        for service in services or (None,)
    )
    return Cell(state, services, rows)


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
snapshot: types.date = edition.DATE
source: Source = edition.SOURCE
