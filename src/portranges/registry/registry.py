"""Registry: every question about a table of assignments, asked in one way.

What lives here: the checks of the arguments, what is remembered between
questions, a site's own services, and what follows from a table.
What must not: the form of a table, a file format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portranges import types
from portranges.errors import UnknownNameError, elide
from portranges.names import near
from portranges.ports import PortRange, Transport, check_port, check_transport
from portranges.portset import PortSet
from portranges.registry.model import LAST_REGISTERED, TRANSPORTS, Assignment, Cell, State
from portranges.registry.service_names import check_service_name

__all__ = ["Registry"]

# What is remembered between questions: cells for each transport, and names.
# A network's traffic knows a few hundred services. When a memory is full it is
# emptied: no bookkeeping on the way to an answer, and a forgotten cell costs
# some microseconds to find again.
_CELLS = 256
_NAMES = 256

_REGISTERED = PortRange(0, LAST_REGISTERED)


class Registry:
    """A registry of port numbers: whose they are, and what that is called.

    ``portranges.registry.SHIPPED`` is IANA's, as it comes with the library;
    the functions of ``portranges.registry`` ask it. ``from_iana`` reads a
    newer or fuller one, ``with_services`` adds a site's own names. A registry
    does not change, pickles, and may be shared between threads.

    Args:
        table: The rows.
        snapshot: The date of the edition; None where it is not known.

    Example:
        >>> from portranges.registry import SHIPPED
        >>> SHIPPED.services(22, "tcp")
        ('ssh',)
    """

    __slots__ = ("_memory", "_named", "_own", "_sets", "_snapshot", "_table")

    def __init__(self, table: types.RegistryTable, snapshot: types.date | None = None) -> None:
        """Make a registry of *table*, which is not looked at before it is asked."""
        self._table = table
        self._snapshot = snapshot
        self._own: types.OwnCells = {}
        self._memory: dict[str, dict[int, Cell]] = {each: {} for each in TRANSPORTS}
        self._named: dict[str, dict[Transport, tuple[PortRange, ...]]] = {}
        self._sets: dict[tuple[Transport, State], PortSet] = {}

    @staticmethod
    def from_iana(path: types.StrPath) -> Registry:
        """Return the registry that one of IANA's official files holds.

        Args:
            path: ``service-names-port-numbers.csv`` or ``.xml``, as IANA
                publishes them. What is inside decides, not the ending.

        Returns:
            A registry whose assignments have all columns. White space in a
            text is collapsed: the CSV breaks lines where the XML has an
            element, and only thus do both give the same. Rows without a port
            are left out. ``snapshot`` is the edition of an XML file; a CSV
            file does not tell its own.

        Raises:
            TypeError: *path* is no path.
            OSError: The file cannot be read.
            DataError: The file is not IANA's registry, or damaged; the error
                tells the row.

        Complexity:
            Linear in the size of the file, which is limited, as is the
            memory. An XML file is read without following any entity; one with
            a document type is refused.

        Example:
            >>> registry = Registry.from_iana("tests/data/iana/sample.csv")
            >>> registry.lookup(22, "tcp")[0].description
            'The Secure Shell (SSH) Protocol'
        """
        # Loads csv or expat, which nobody needs who asks the shipped table.
        from portranges.registry.official import read_official

        return Registry(*read_official(path))

    def with_services(self, services: types.OwnServices) -> Registry:
        """Return this registry with a site's own services in it.

        On a port and transport that *services* names, its names replace all
        that the registry had there; the rest stays. Such a cell is ASSIGNED
        in the new registry, a Dynamic port too: by the site, not by IANA.

        Args:
            services: The ports of each service: pairs of a port or a range
                and a transport. Of several services on one cell the first is
                the primary one.

        Returns:
            A new registry.

        Raises:
            TypeError: A name, a port or a transport has the wrong type.
            PortSyntaxError: A name breaks RFC 6335, section 5.1.
            InvalidPortError: A port is outside 0 to 65535.
            UnknownNameError: A transport is none of the four.

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
        for name, row in _own_rows(services):
            for port in row.ports:
                rows.setdefault((row.transport, port), {}).setdefault(name.lower(), row)
        own = {each: dict(self._own.get(each, {})) for each in TRANSPORTS}
        for (transport, port), here in rows.items():
            names = tuple(row.service for row in here.values() if row.service is not None)
            own[transport][port] = Cell(State.ASSIGNED, names, tuple(here.values()))
        return _with_own(self._table, self._snapshot, own)

    @property
    def snapshot(self) -> types.date | None:
        """The date of the edition that the registry was made from.

        Returns:
            A date, or None where it is not known.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> SHIPPED.snapshot
            datetime.date(2026, 8, 17)
        """
        return self._snapshot

    # -- one port ------------------------------------------------------------

    def lookup(
        self, port: types.SupportsIndex, transport: str | None = None
    ) -> tuple[Assignment, ...]:
        """Return the rows of a port.

        Args:
            port: The port.
            transport: A ``Transport`` or its value; None for all four.

        Returns:
            The rows in registry order; for all transports those of tcp first,
            then udp, sctp, dccp. Empty where there is no row: always for a
            Dynamic port, mostly for an unassigned one.

        Raises:
            TypeError: An argument has the wrong type.
            InvalidPortError: *port* is outside 0 to 65535.
            UnknownNameError: *transport* is none of the four.

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

    def state(self, port: types.SupportsIndex, transport: str) -> State:
        """Return the state of a port for one transport.

        Args:
            port: The port.
            transport: A ``Transport`` or its value.

        Returns:
            The state; every port has exactly one.

        Raises:
            TypeError: An argument has the wrong type.
            InvalidPortError: *port* is outside 0 to 65535.
            UnknownNameError: *transport* is none of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> [str(SHIPPED.state(port, "sctp")) for port in (80, 443, 23, 1, 50000)]
            ['assigned', 'assigned', 'not-listed', 'not-listed', 'dynamic']
        """
        return self._cell(port, transport).state

    def services(self, port: types.SupportsIndex, transport: str) -> tuple[str, ...]:
        """Return the service names of a port for one transport.

        Args:
            port: The port.
            transport: A ``Transport`` or its value.

        Returns:
            The names in registry order: the primary one first, which need not
            be the best known (2049 is ``shilp``, then ``nfs``). Often empty.

        Raises:
            TypeError: An argument has the wrong type.
            InvalidPortError: *port* is outside 0 to 65535.
            UnknownNameError: *transport* is none of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> SHIPPED.services(80, "tcp")
            ('http', 'www', 'www-http')
        """
        return self._cell(port, transport).services

    def _cell(self, port: types.SupportsIndex, transport: str) -> Cell:
        # The type comes first: True and 1.0 would find what 1 has left here.
        if type(port) is int:
            try:
                return self._memory[transport][port]
            except (KeyError, TypeError):
                # Not remembered yet, or no transport at all, which is told below.
                pass
        return self._find(check_port(port), check_transport(transport))

    def _find(self, port: int, transport: Transport) -> Cell:
        own = self._own.get(transport)
        cell = own.get(port) if own else None
        if cell is None:
            cell = self._table.cell(port, transport)
        memory = self._memory[transport]
        if len(memory) >= _CELLS:
            memory.clear()
        memory[port] = cell
        return cell

    # -- many ports ----------------------------------------------------------

    def ports(self, service: str, transport: str | None = None) -> PortSet:
        """Return the ports that a service has.

        Args:
            service: The name, in upper or lower case; any of several names of
                a port.
            transport: A ``Transport`` or its value; None for any of the four.

        Returns:
            The ports; empty if the service has ports for other transports
            only.

        Raises:
            TypeError: An argument has the wrong type.
            UnknownNameError: No port has the name; the error offers near ones.
                Or *transport* is none of the four.

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
        if not isinstance(service, str):
            raise TypeError(f"service must be a str, got {type(service).__name__} {elide(service)}")
        wanted = None if transport is None else check_transport(transport)
        # Not every letter that lower() turns into ASCII was ASCII before.
        name = service.lower() if service.isascii() else service
        found = self._named.get(name)
        if found is None:
            found = self._search(name)
            if not found:
                raise UnknownNameError("service", service, near(service, self._names()))
            if len(self._named) >= _NAMES:
                self._named.clear()
            self._named[name] = found
        if wanted is not None:
            return PortSet(found.get(wanted, ()))
        return PortSet(ports for ranges in found.values() for ports in ranges)

    def _search(self, name: str) -> dict[Transport, tuple[PortRange, ...]]:
        found: dict[Transport, list[PortRange]] = {}
        for first, last, transport in self._table.named(name):
            found.setdefault(transport, []).append(PortRange(first, last))
        ranges = {each: PortSet(ports).ranges for each, ports in found.items()}
        for transport, cells in self._own.items():
            own = PortSet(
                port for port, cell in cells.items() if name in map(str.lower, cell.services)
            )
            ports = (PortSet(ranges.get(transport, ())) - PortSet(cells)) | own
            ranges[transport] = ports.ranges
        return {each: ports for each, ports in ranges.items() if ports}

    def _names(self) -> Iterable[str]:
        yield from self._table.names()
        for cells in self._own.values():
            for cell in cells.values():
                yield from cell.services

    def assigned(self, transport: str) -> PortSet:
        """Return the ports that are assigned for a transport.

        Args:
            transport: A ``Transport`` or its value.

        Returns:
            The ports whose state is ASSIGNED, with a name or without.

        Raises:
            TypeError: *transport* is not a ``str``.
            UnknownNameError: *transport* is none of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> len(SHIPPED.assigned("tcp")), len(SHIPPED.assigned("sctp"))
            (6155, 278)
        """
        return self._set(transport, State.ASSIGNED)

    def reserved(self, transport: str) -> PortSet:
        """Return the ports that a row reserves for a transport.

        Args:
            transport: A ``Transport`` or its value.

        Returns:
            The ports whose state is RESERVED.

        Raises:
            TypeError: *transport* is not a ``str``.
            UnknownNameError: *transport* is none of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> print(SHIPPED.reserved("tcp") & PortRange(1000, 1100))
            1011-1020,1023-1024,1027,1030-1032
        """
        return self._set(transport, State.RESERVED)

    def unassigned(self, transport: str) -> PortSet:
        """Return the ports that are free to be asked for.

        Args:
            transport: A ``Transport`` or its value.

        Returns:
            The ports whose state is UNASSIGNED; none is above 49151.

        Raises:
            TypeError: *transport* is not a ``str``.
            UnknownNameError: *transport* is none of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> print(SHIPPED.unassigned("tcp") & PortRange(0, 30))
            4,6,8,10,12,14-16,26,28,30
        """
        return self._set(transport, State.UNASSIGNED)

    def not_listed(self, transport: str) -> PortSet:
        """Return the ports that have rows, but none for this transport.

        Args:
            transport: A ``Transport`` or its value.

        Returns:
            The ports whose state is NOT_LISTED.

        Raises:
            TypeError: *transport* is not a ``str``.
            UnknownNameError: *transport* is none of the four.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> len(SHIPPED.not_listed("tcp")), len(SHIPPED.not_listed("dccp"))
            (17, 6197)
        """
        return self._set(transport, State.NOT_LISTED)

    def _set(self, transport: str, state: State) -> PortSet:
        wanted = check_transport(transport)
        if not self._sets:
            self._sets = self._all_sets()
        return self._sets[wanted, state]

    def _all_sets(self) -> dict[tuple[Transport, State], PortSet]:
        """Go through the table once and return the ports of every state."""
        rows: dict[tuple[Transport, State], list[int | PortRange]] = {}
        for first, last, transport, state in self._table.spans():
            # Nearly all are of one port, and a bare number is cheaper.
            ports = first if first == last else PortRange(first, last)
            rows.setdefault((transport, state), []).append(ports)
        by_row = {key: PortSet(ranges) for key, ranges in rows.items()}
        listed = PortSet().union(*by_row.values())
        nothing = PortSet()
        sets: dict[tuple[Transport, State], PortSet] = {}
        for each in TRANSPORTS:
            own = PortSet(self._own.get(each, ()))
            assigned = by_row.get((each, State.ASSIGNED), nothing)
            reserved = by_row.get((each, State.RESERVED), nothing)
            unassigned = by_row.get((each, State.UNASSIGNED), nothing)
            without_row = listed - assigned - reserved - unassigned
            sets[each, State.ASSIGNED] = assigned | own
            sets[each, State.RESERVED] = reserved - own
            sets[each, State.UNASSIGNED] = (unassigned | (_REGISTERED - listed)) - own
            sets[each, State.NOT_LISTED] = without_row - own
        return sets

    # -- copies --------------------------------------------------------------

    def __repr__(self) -> str:
        """Return the edition, and how many cells are a site's own."""
        own = sum(map(len, self._own.values()))
        return f"<Registry snapshot={self._snapshot} own={own}>"

    def __copy__(self) -> Registry:
        """Return the registry itself, which never changes."""
        return self

    def __deepcopy__(self, memo: dict[int, types.Any]) -> Registry:
        """Return the registry itself, which never changes."""
        return self

    def __reduce__(self) -> tuple[types.Any, ...]:
        """Return the pickle form: the rows, not what is remembered."""
        return _with_own, (self._table, self._snapshot, self._own)


def _with_own(
    table: types.RegistryTable, snapshot: types.date | None, own: types.OwnCells
) -> Registry:
    made = Registry(table, snapshot)
    made._own = own
    return made


def _own_rows(services: types.OwnServices) -> Iterable[tuple[str, Assignment]]:
    """Yield a name and a row for each pair in *services*, checked."""
    if not isinstance(services, Mapping):
        raise TypeError(
            f"services must be a mapping, got {type(services).__name__} {elide(services)}"
        )
    for name, pairs in services.items():
        check_service_name(name)
        for ports, transport in _pairs_of(name, pairs):
            yield (
                name,
                Assignment(
                    ports=ports if isinstance(ports, PortRange) else PortRange(ports),
                    transport=check_transport(transport),
                    state=State.ASSIGNED,
                    service=name,
                ),
            )


def _pairs_of(name: str, pairs: types.Any) -> Iterable[tuple[types.Any, types.Any]]:
    if isinstance(pairs, str) or not hasattr(pairs, "__iter__"):
        raise _no_pair(name, pairs)
    for pair in pairs:
        try:
            ports, transport = pair
        except (TypeError, ValueError):
            raise _no_pair(name, pair) from None
        yield ports, transport


def _no_pair(name: str, got: object) -> TypeError:
    return TypeError(
        f"a service must have pairs of ports and transport, got {elide(got)}; "
        f"write {{{name!r}: [(8443, 'tcp')]}}"
    )
