"""Registry: look up ports and services in a table of assignments.

The same class serves the shipped table, IANA's official files and a site's own services on
top of either. It checks arguments and caches answers; the tables only find rows.
"""

from __future__ import annotations

from dataclasses import replace

from portranges import checks, types
from portranges.errors import UnknownNameError
from portranges.names import near
from portranges.ports import PortRange, Transport, check_port, check_transport
from portranges.portset import PortSet
from portranges.registry.comparison import differences
from portranges.registry.contents import (
    all_names,
    all_rows,
    all_sets,
    all_spans,
    matching,
    named_ranges,
)
from portranges.registry.model import TRANSPORTS, Assignment, Cell, Difference, State
from portranges.registry.own_services import own_rows
from portranges.source import Source

# Sizes of the caches: cells per transport, and names. Real traffic uses a few hundred
# services. A full cache is emptied: that needs no bookkeeping, and finding a cell again takes
# microseconds.
_CELLS = 256
_NAMES = 256

# The types of transport that a cache may be searched for.
_KEY_TYPES = (Transport, str)

_OWN = ", with the caller's own services"


class Registry:
    """A registry of port numbers, which finds services by port and ports by service.

    ``portranges.registry.SHIPPED`` is IANA's registry as it comes with the library; the
    functions of ``portranges.registry`` are its methods. ``read_iana`` reads another edition
    with all columns, ``from_services`` a machine's own table; ``with_services`` adds a site's own
    names. A registry is immutable, can be pickled and can be shared between threads.

    Args:
        table: The rows.
        snapshot: The date of the edition; None if unknown.
        source: Where the rows come from; None if unknown.

    Example:
        >>> from portranges.registry import SHIPPED
        >>> SHIPPED.services(22, "tcp")
        ('ssh',)
    """

    __slots__ = ("_memory", "_named", "_own", "_sets", "_snapshot", "_source", "_table")

    def __init__(
        self,
        table: types.RegistryTable,
        snapshot: types.date | None = None,
        source: Source | None = None,
    ) -> None:
        """Make a registry of *table*, which is read on first use."""
        self._table = table
        self._snapshot = snapshot
        self._source = source or _edition("a registry of the caller's", snapshot)
        self._own: types.OwnCells = {}
        self._memory: dict[str, dict[int, Cell]] = {each: {} for each in TRANSPORTS}
        self._named: dict[str, dict[Transport, tuple[PortRange, ...]]] = {}
        self._sets: dict[tuple[Transport, State], PortSet] = {}

    @staticmethod
    def read_iana(path: types.StrPath) -> Registry:
        """Read one of IANA's official files.

        Args:
            path: ``service-names-port-numbers.csv`` or ``.xml``, as published by IANA. The
                content decides the format, not the file name.

        Returns:
            A registry whose assignments have all columns. White space in texts is collapsed,
            because the CSV has line breaks where the XML has elements. Rows without a port
            are left out. ``snapshot`` is the edition of an XML file; a CSV file does not
            contain it.

        Raises:
            TypeError: *path* is not a path.
            OSError: The file cannot be read.
            DataError: The file is damaged or is not IANA's registry; the error reports the
                row.

        Complexity:
            Time and memory are linear in the size of the file, which is limited. No entity
            of an XML file is expanded; a file with a document type is rejected.

        Example:
            >>> registry = Registry.read_iana("tests/data/iana/sample.csv")
            >>> registry.lookup(22, "tcp")[0].description
            'The Secure Shell (SSH) Protocol'
        """
        # It imports csv and expat, which the shipped table does not need.
        from portranges.registry.official import read_official

        table, snapshot = read_official(path)
        document = "IANA, Service Name and Transport Protocol Port Number Registry"
        return Registry(table, snapshot, _edition(document, snapshot))

    @staticmethod
    def from_services(text: str, *, name: str = "the table of services") -> Registry:
        """Return the registry of a machine's or a program's own table of services.

        Programs look names up in such a table, not in IANA's registry, and the two differ.

        Args:
            text: The content of ``/etc/services`` or of nmap's ``nmap-services``. Lines for
                protocols without ports (``ddp``) and nmap's ``unknown`` lines are left out. A line
                that does not have the form ``name port/transport`` is skipped, as the C library
                skips it; ``source.section`` reports how many there are. A number with a leading
                zero is skipped too, because C libraries read it differently.
            name: What the text is, for errors and ``source``.

        Returns:
            A registry in which these services are assigned, also to Dynamic ports. All other ports
            up to 49151 are not listed: the table does not show whether IANA assigned them. The
            first name of a line comes first, then its aliases; if several lines have one port and
            transport, those of the first line come first. Comments are the descriptions.

        Raises:
            TypeError: An argument is not a ``str``.
            DataError: No line has a service. The error reports the first line that was skipped.
            InvalidValueError: *name* is empty.

        Complexity:
            Linear in the length of the text, which is limited to ten million characters.

        Source:
            services(5), the comments in nmap-services, and nss/nss_files/files-service.c of glibc.

        Example:
            >>> registry = Registry.from_services("http 80/tcp www  # WorldWideWeb HTTP")
            >>> registry.services(80, "tcp"), registry.lookup(80, "tcp")[0].description
            (('http', 'www'), 'WorldWideWeb HTTP')
            >>> Registry.from_services("http 80")
            Traceback (most recent call last):
            ...
            portranges.errors.DataError: cannot use the table of services: expected lines with a \
service, a port and a transport, got none; line 1: expected 'name port/transport', got 'http 80'
        """
        from portranges.registry.services_file import services_table

        checks.of_type("name", name, str)
        table, skipped = services_table(text, name)
        section = ""
        if skipped:
            first, *others = skipped
            section = f"line {first} skipped"
            if others:
                section = f"{len(skipped)} lines skipped, the first is line {first}"
        source = Source(document=name, section=section, checked="unknown")
        return Registry(table, source=source)

    def with_services(self, services: types.OwnServices) -> Registry:
        """Return this registry with a site's own services added.

        For every port and transport in *services*, the given names replace those of the
        registry; all other entries stay. The state there is ASSIGNED, even for a Dynamic
        port: the site assigned it, not IANA.

        Args:
            services: For each service name, pairs of a port or range and a transport. The
                first of several services for one port and transport is the primary one.

        Returns:
            A new registry.

        Raises:
            TypeError: A name, a port or a transport has the wrong type.
            PortSyntaxError: A name breaks RFC 6335, section 5.1.
            InvalidPortError: A port is outside 0 to 65535.
            UnknownNameError: A transport is not one of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> ours = SHIPPED.with_services({
            ...     "billing": [(8443, "tcp")],
            ...     "wireguard": [(51820, "udp")],
            ... })
            >>> ours.services(8443, "tcp"), SHIPPED.services(8443, "tcp")
            (('billing',), ('pcsync-https',))
        """
        rows: dict[tuple[Transport, int], dict[str, Assignment]] = {}
        for name, row in own_rows(services):
            for port in row.ports:
                rows.setdefault((row.transport, port), {}).setdefault(name.lower(), row)
        own = {each: dict(self._own.get(each, {})) for each in TRANSPORTS}
        for (transport, port), here in rows.items():
            names = tuple(row.service for row in here.values() if row.service is not None)
            own[transport][port] = Cell(State.ASSIGNED, names, tuple(here.values()))
        document = self._source.document.removesuffix(_OWN) + _OWN
        made = Registry(self._table, self._snapshot, replace(self._source, document=document))
        made._own = own
        return made

    @property
    def source(self) -> Source:
        """Where the rows come from.

        Returns:
            The document and its edition.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> SHIPPED.source.section
            'edition of 2026-08-17'
        """
        return self._source

    @property
    def snapshot(self) -> types.date | None:
        """The date of the edition.

        Returns:
            A date, or None if unknown.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> SHIPPED.snapshot
            datetime.date(2026, 8, 17)
        """
        return self._snapshot

    # -- one port ------------------------------------------------------------

    def lookup(
        self, port: types.SupportsIndex, transport: types.TransportLike | None = None
    ) -> tuple[Assignment, ...]:
        """Return the rows of a port.

        Args:
            port: The port.
            transport: A ``Transport`` or its value; None means all four.

        Returns:
            The rows in registry order; for all transports tcp first, then udp, sctp, dccp.
            Empty for every Dynamic port and for most unassigned ones.

        Raises:
            TypeError: An argument has the wrong type.
            InvalidPortError: *port* is outside 0 to 65535.
            UnknownNameError: *transport* is not one of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> for row in SHIPPED.lookup(8282):
            ...     print(row.transport, row.state, row.service)
            tcp assigned libelle
            udp assigned libelle-disc
            sctp reserved None
            dccp reserved None
        """
        if transport is not None:
            return self._cell(port, transport).assignments
        tcp, udp, sctp, dccp = (self._cell(port, each).assignments for each in TRANSPORTS)
        return tcp + udp + sctp + dccp

    def state(self, port: types.SupportsIndex, transport: types.TransportLike) -> State:
        """Return the state of a port for one transport.

        Args:
            port: The port.
            transport: A ``Transport`` or its value.

        Returns:
            The state. Every port has exactly one.

        Raises:
            TypeError: An argument has the wrong type.
            InvalidPortError: *port* is outside 0 to 65535.
            UnknownNameError: *transport* is not one of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> [str(SHIPPED.state(port, "sctp")) for port in (80, 443, 23, 1, 50000)]
            ['assigned', 'assigned', 'not-listed', 'not-listed', 'dynamic']
        """
        return self._cell(port, transport).state

    def services(
        self, port: types.SupportsIndex, transport: types.TransportLike | None = None
    ) -> tuple[str, ...]:
        """Return the service names of a port.

        Args:
            port: The port.
            transport: A ``Transport`` or its value; None means all four.

        Returns:
            The names in registry order, often empty. The primary name comes first; it need
            not be the best known (2049 is ``shilp``, then ``nfs``).

        Raises:
            TypeError: An argument has the wrong type.
            InvalidPortError: *port* is outside 0 to 65535.
            UnknownNameError: *transport* is not one of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> SHIPPED.services(80, "tcp")
            ('http', 'www', 'www-http')
            >>> SHIPPED.services(512)
            ('exec', 'comsat', 'biff')
        """
        if transport is not None:
            return self._cell(port, transport).services
        # Each name once, as most services have the same port for several transports.
        cells = (self._cell(port, each) for each in TRANSPORTS)
        return tuple(dict.fromkeys(name for cell in cells for name in cell.services))

    def _cell(self, port: types.SupportsIndex, transport: types.TransportLike) -> Cell:
        # The type is checked first: True and 1.0 would find the entry of 1.
        if type(port) is int and type(transport) in _KEY_TYPES:
            try:
                return self._memory[transport][port]
            except KeyError:
                # Not cached yet, or not a transport, which is reported below.
                pass
        return self._find(check_port(port), check_transport(transport))

    def _find(self, port: int, transport: Transport) -> Cell:
        cell = self._own.get(transport, {}).get(port) or self._table.cell(port, transport)
        memory = self._memory[transport]
        if len(memory) >= _CELLS:
            memory.clear()
        memory[port] = cell
        return cell

    # -- many ports ----------------------------------------------------------

    def ports(self, service: str, transport: types.TransportLike | None = None) -> PortSet:
        """Return the ports of a service.

        Args:
            service: The name, in upper or lower case. Every name of a port counts, not only
                the primary one.
            transport: A ``Transport`` or its value; None means any of the four.

        Returns:
            The ports; empty if the service has ports only for other transports.

        Raises:
            TypeError: An argument has the wrong type.
            UnknownNameError: No port has that name (the error suggests similar ones), or
                *transport* is not one of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> SHIPPED.ports("HTTP-alt", "tcp")
            PortSet.parse('591,8008,8080')
            >>> SHIPPED.ports("domian")
            Traceback (most recent call last):
            ...
            portranges.errors.UnknownNameError: unknown service, got 'domian'; \
did you mean 'domain' or 'domiq' or 'domain-s'?
        """
        checks.of_type("service", service, str)
        wanted = None if transport is None else check_transport(transport)
        # lower() turns some letters outside ASCII into ASCII.
        name = service.lower() if service.isascii() else service
        found = self._named.get(name)
        if found is None:
            found = named_ranges(self._table, self._own, name)
            if not found:
                raise UnknownNameError(
                    "service", service, near(service, all_names(self._table, self._own))
                )
            if len(self._named) >= _NAMES:
                self._named.clear()
            self._named[name] = found
        if wanted is not None:
            return PortSet(found.get(wanted, ()))
        return PortSet(ports for ranges in found.values() for ports in ranges)

    def assigned(self, transport: types.TransportLike) -> PortSet:
        """Return the ports that are assigned for a transport.

        Args:
            transport: A ``Transport`` or its value.

        Returns:
            The ports whose state is ASSIGNED, with a name or without.

        Raises:
            TypeError: *transport* is not a ``str``.
            UnknownNameError: *transport* is not one of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> len(SHIPPED.assigned("tcp")), len(SHIPPED.assigned("sctp"))
            (6155, 278)
        """
        return self._set(transport, State.ASSIGNED)

    def reserved(self, transport: types.TransportLike) -> PortSet:
        """Return the ports that are reserved for a transport by a row of the registry.

        Args:
            transport: A ``Transport`` or its value.

        Returns:
            The ports whose state is RESERVED.

        Raises:
            TypeError: *transport* is not a ``str``.
            UnknownNameError: *transport* is not one of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> print(SHIPPED.reserved("tcp") & PortRange(1000, 1100))
            1011-1020,1023-1024,1027,1030-1032
        """
        return self._set(transport, State.RESERVED)

    def unassigned(self, transport: types.TransportLike) -> PortSet:
        """Return the ports that are available for assignment.

        Args:
            transport: A ``Transport`` or its value.

        Returns:
            The ports whose state is UNASSIGNED; none is above 49151.

        Raises:
            TypeError: *transport* is not a ``str``.
            UnknownNameError: *transport* is not one of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> print(SHIPPED.unassigned("tcp") & PortRange(0, 30))
            4,6,8,10,12,14-16,26,28,30
        """
        return self._set(transport, State.UNASSIGNED)

    def not_listed(self, transport: types.TransportLike) -> PortSet:
        """Return the ports that may be assigned or reserved, but have no row for a transport.

        Args:
            transport: A ``Transport`` or its value.

        Returns:
            The ports whose state is NOT_LISTED.

        Raises:
            TypeError: *transport* is not a ``str``.
            UnknownNameError: *transport* is not one of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> len(SHIPPED.not_listed("tcp")), len(SHIPPED.not_listed("dccp"))
            (17, 6197)
        """
        return self._set(transport, State.NOT_LISTED)

    def _set(self, transport: types.TransportLike, state: State) -> PortSet:
        wanted = check_transport(transport)
        if not self._sets:
            self._sets = all_sets(self._table, self._own)
        return self._sets[wanted, state]

    def spans(self) -> tuple[PortRange, ...]:
        """Return the ranges within which all ports have the same rows.

        Returns:
            Adjacent ranges, ascending, that together contain every port. Neighbours may have the
            same rows.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> [str(span) for span in SHIPPED.spans()][-3:]
            ['49150', '49151', '49152-65535']
        """
        return all_spans(self._table, self._own)

    # -- all rows ------------------------------------------------------------

    def __iter__(self) -> types.Iterator[Assignment]:
        """Yield every row once, ordered by the first port that has it, then by transport.

        The rows of a site's own services replace the registry's, as in ``lookup``.
        """
        return all_rows(self._table, self._own)

    def __len__(self) -> int:
        """Return the number of rows."""
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        """Return True, without counting: every registry has rows."""
        return True

    def __contains__(self, row: Assignment) -> bool:
        """Return whether *row* is one of the rows; a port or a name raises TypeError."""
        ports = checks.of_type("row", row, Assignment).ports
        return any(row in self.lookup(port, row.transport) for port in ports)

    def search(self, text: str) -> tuple[Assignment, ...]:
        """Return the rows whose service name or description contains *text*.

        Args:
            text: One or several words, in upper or lower case. Each must be in the name or in the
                description, in any order.

        Returns:
            The rows, the best match first. A row whose name is the word comes before one whose name
            begins with it, then one whose name contains it, one whose description has it as a
            separate word, and one whose description contains it. A row is ranked by its
            worst-matching word, then by the others. Rows that match equally well are in the order
            of their ports.

        Raises:
            TypeError: *text* is not a ``str``.
            InvalidValueError: *text* has no word, or more than 100 characters.

        Complexity:
            Linear in the number of rows: about a tenth of a second for the shipped registry.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> for row in SHIPPED.search("secure shell")[:2]:
            ...     print(row.ports, row.transport, row.service, "-", row.description)
            22 tcp ssh - The Secure Shell (SSH) Protocol
            22 udp ssh - The Secure Shell (SSH) Protocol
        """
        return matching(self, text)

    def compare(self, newer: Registry) -> types.Iterator[Difference]:
        """Yield what *newer* adds to this registry, removes from it and changes in it.

        States, names and descriptions are compared; the shipped registry has no other text. A row
        that reports an unassigned port does not differ from no row.

        Args:
            newer: The other registry.

        Yields:
            The differences by port, adjacent ports with the same difference as one.

        Raises:
            TypeError: *newer* is not a ``Registry``.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> ours = SHIPPED.with_services({"own": [(8443, "tcp")]})
            >>> for each in SHIPPED.compare(ours):
            ...     print(each.kind, each.ports, each.before[0].service, each.after[0].service)
            changed 8443 pcsync-https own
        """
        return differences(self, checks.of_type("newer", newer, Registry))

    # -- copies --------------------------------------------------------------

    def __repr__(self) -> str:
        """Return the edition and the number of a site's own cells."""
        own = sum(map(len, self._own.values()))
        edition = f"snapshot={self._snapshot}" if self._snapshot else f"source={str(self.source)!r}"
        return f"<Registry {edition} own={own}>"

    def __copy__(self) -> Registry:
        """Return the registry itself, which is immutable."""
        return self

    def __deepcopy__(self, memo: dict[int, types.Any]) -> Registry:
        """Return the registry itself, which is immutable."""
        return self

    def __reduce__(self) -> tuple[types.Any, ...]:
        """Return the rows without the caches."""
        # pickle stores the second part of a state in slots.
        slots = {"_own": self._own}
        return Registry, (self._table, self._snapshot, self._source), (None, slots)


def _edition(document: str, snapshot: types.date | None) -> Source:
    section = "edition unknown" if snapshot is None else f"edition of {snapshot}"
    return Source(document=document, section=section, checked=str(snapshot or "unknown"))
