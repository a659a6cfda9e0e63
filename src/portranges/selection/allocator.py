"""An allocator for the ports of a set, in the order of a named algorithm.

It tracks only the ports that it has allocated itself; ``portranges.probe`` lists the sockets of
this machine.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

from portranges import checks, types
from portranges.draws import check_rng
from portranges.errors import InvalidValueError, PortsExhaustedError
from portranges.ports import check_port
from portranges.portset import PortSet
from portranges.selection.keyed import encode
from portranges.selection.lookup import algorithm as algorithm_of_name
from portranges.selection.model import Algorithm
from portranges.selection.pickers import picker_for
from portranges.selection.tables import Table

_TO_BLOCKED = bytes.maketrans(b"\x00\x01", b"\x01\x00")


class Allocator:
    """Allocates the ports of a set, each at most once until it is released.

    A port is in use or free, for all destinations; the destination only determines where
    algorithms that hash it start. With *shared*, a port can be in use for several destinations at
    once, as with connect() on Linux, so every destination can use the whole set.

    The algorithms of systems use a range with two bounds, from the first port of the set to the
    last. Ports between them that are not in the set are skipped like ports that are excluded or
    in use, so the free port after such a hole is chosen more often. The algorithms of RFC 6056
    treat the ports of the set as consecutive.

    An allocator must not be used by several threads at the same time.

    Complexity:
        ``allocate``, ``release`` and ``take`` need constant time, even if the set is nearly full;
        algorithm 5 of RFC 6056 needs up to 256 tries. With *shared*, every destination with ports
        in use has a table of one to eight bytes per port.

    Example:
        >>> import random
        >>> from portranges import PortRange
        >>> ports = Allocator(PortRange(40000, 40003), "rfc6056-3", rng=random.Random(1))
        >>> sorted(ports.allocate("192.0.2.1") for _ in range(4))
        [40000, 40001, 40002, 40003]
        >>> ports.allocate()
        Traceback (most recent call last):
        ...
        portranges.errors.PortsExhaustedError: rfc6056-3 found no port among 4: 4 in use, 0 excluded
        >>> ports.release(40002)
        >>> ports.allocate(), ports.in_use, ports.free
        (40002, 4, 0)
    """

    __slots__ = (
        "_algorithm",
        "_excluded",
        "_in_use",
        "_low",
        "_none",
        "_numbers",
        "_picker",
        "_ports",
        "_probes",
        "_shared",
        "_tables",
        "_uses",
    )

    def __init__(
        self,
        ports: types.PortItems,
        algorithm: types.AlgorithmLike = "rfc6056-3",
        *,
        excluded: types.PortItems = (),
        shared: bool = False,
        rng: types.Rng | None = None,
    ) -> None:
        """Prepare to allocate *ports*.

        Args:
            ports: The ports to allocate. The empty set is accepted and always exhausted.
            algorithm: A name that ``algorithm()`` accepts, or a row, such as one that
                ``Algorithm.replace`` returned.
            excluded: Ports that are never allocated. The algorithm skips them as the systems
                skip reserved ports. They need not be in *ports*.
            shared: Whether a port can be in use for several destinations.
            rng: The source of random bits, such as ``random.Random(seed)``, which makes all choices
                repeatable. None means that of the system.

        Raises:
            TypeError: An argument has the wrong type.
            InvalidPortError: A port is outside 0 to 65535.
            UnknownNameError: No row has the name *algorithm*.
            InvalidValueError: How the algorithm chooses is not published.
        """
        row = algorithm if isinstance(algorithm, Algorithm) else algorithm_of_name(algorithm)
        checks.flag("shared", shared)
        if rng is None:
            # Importing random takes longer than importing this package.
            from random import SystemRandom

            rng = SystemRandom()
        check_rng(rng)
        self._algorithm = row
        self._ports = PortSet(ports)
        self._excluded = self._ports & PortSet(excluded)
        self._shared = shared
        self._in_use = 0
        self._probes = 0
        self._low = self._ports.first if self._ports else 0
        blocked = (self._ports - self._excluded).table.translate(_TO_BLOCKED)
        self._numbers: types.IntArray | None = None
        if not self._ports:
            # One slot that is never free, so that no picker needs to check.
            blocked = b"\x01"
        elif row.counts_holes:
            blocked = blocked[self._low : self._ports.last + 1]
        else:
            self._numbers = array("H", self._ports)
            blocked = bytes(map(blocked.__getitem__, self._numbers))
        self._picker = picker_for(row, blocked, 0 if self._numbers else self._low, rng)
        # Copied for each destination if ports are shared, otherwise the only table.
        self._none = self._picker.table
        self._tables: dict[bytes, Table] = {}
        # The number of destinations for which a slot is in use.
        self._uses: dict[int, int] = {}

    def allocate(self, destination: types.Destination = None) -> int:
        """Choose a free port and mark it as in use.

        Args:
            destination: What the port is for: ``str``, ``bytes``, integers, or tuples of
                them; required if ports are shared.

        Returns:
            A port that was free, for the destination if ports are shared.

        Raises:
            TypeError: *destination* has another type, or is missing although ports are shared.
            PortsExhaustedError: No port is free, or the algorithm gave up before it found one.
                The allocator is unchanged.

        Example:
            >>> import random
            >>> from portranges import PortRange
            >>> shared = Allocator(PortRange(7, 7), "linux-connect", shared=True)
            >>> shared.allocate(("192.0.2.1", 443)), shared.allocate(("192.0.2.2", 443))
            (7, 7)
        """
        key = self._key(destination)
        table = self._none if key is None else self._tables.get(key, self._none)
        found = self._picker.pick(table, destination) if table.free else None
        if found is None:
            excluded = len(self._excluded)
            size = len(self._ports)
            raise PortsExhaustedError(
                self._algorithm.name, size, size - excluded - table.free, excluded
            )
        slot, self._probes = found
        self._take(slot, key)
        return self._low + slot if self._numbers is None else self._numbers[slot]

    def take(self, port: types.SupportsIndex, destination: types.Destination = None) -> None:
        """Mark a given *port* as in use, like an explicit bind().

        Args:
            port: A port of the set.
            destination: What the port is for, as in ``allocate``.

        Raises:
            TypeError: *port* is not an integer, or *destination* is missing or has another type.
            InvalidPortError: *port* is outside 0 to 65535.
            InvalidValueError: *port* is not in the set, excluded or in use.

        Example:
            >>> from portranges import PortRange
            >>> ports = Allocator(PortRange(7, 8))
            >>> ports.take(7)
            >>> ports.allocate()
            8
        """
        number = check_port(port)
        key = self._key(destination)
        if number not in self._ports:
            raise InvalidValueError("port must be in the allocator's set", str(number))
        if number in self._excluded:
            raise InvalidValueError("port must not be excluded", str(number))
        slot = self._slot(number)
        table = self._none if key is None else self._tables.get(key, self._none)
        if not table.is_free(slot):
            raise InvalidValueError("port must be free to be taken", str(number))
        self._take(slot, key)

    def release(self, port: types.SupportsIndex, destination: types.Destination = None) -> None:
        """Mark a *port* in use as free again.

        Args:
            port: A port in use.
            destination: What it was allocated for; required if ports are shared, ignored
                otherwise.

        Raises:
            TypeError: *port* is not an integer, or *destination* is missing or has another type.
            InvalidPortError: *port* is outside 0 to 65535.
            InvalidValueError: *port* is not in use, or not for *destination* if ports are
                shared. The allocator is unchanged.

        Example:
            >>> from portranges import PortRange
            >>> ports = Allocator(PortRange(7, 8))
            >>> ports.release(7)
            Traceback (most recent call last):
            ...
            portranges.errors.InvalidValueError: port must be in use to be released, got 7
        """
        number = check_port(port)
        key = self._key(destination)
        table = self._none if key is None else self._tables.get(key)
        slot = self._slot(number) if number in self._ports else -1
        if table is None or slot < 0 or not table.is_taken(slot):
            raise InvalidValueError("port must be in use to be released", str(number))
        table.give(slot)
        self._in_use -= 1
        if key is not None:
            if table.free == self._none.free:
                del self._tables[key]
            self._uses[slot] -= 1
            if not self._uses[slot]:
                del self._uses[slot]

    def rekey(self) -> None:
        """Draw a new secret key, as Linux does every 10 s.

        It has no effect on algorithms that do not hash the destination.

        Example:
            >>> from portranges import PortRange
            >>> Allocator(PortRange(7, 8), "linux-connect").rekey()
        """
        self._picker.rekey()

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm.

        Returns:
            The row.

        Example:
            >>> Allocator([7]).algorithm
            <Algorithm rfc6056-3: RFC 6056, algorithm 3 (simple hash)>
        """
        return self._algorithm

    @property
    def ports(self) -> PortSet:
        """The ports of the set, including excluded ones.

        Returns:
            A set.

        Example:
            >>> Allocator([7, 8]).ports
            PortSet.parse('7-8')
        """
        return self._ports

    @property
    def excluded(self) -> PortSet:
        """The ports of the set that are never allocated.

        Returns:
            A subset of ``ports``.

        Example:
            >>> Allocator([7, 8], excluded=[8, 9]).excluded
            PortSet.parse('8')
        """
        return self._excluded

    @property
    def in_use(self) -> int:
        """How many ports are in use.

        Returns:
            The number; a shared port counts once per destination.

        Example:
            >>> ports = Allocator([7, 8])
            >>> ports.take(7)
            >>> ports.in_use
            1
        """
        return self._in_use

    @property
    def free(self) -> int:
        """How many ports are neither excluded nor in use for any destination.

        Returns:
            The number; ``free_towards`` returns it for one destination.

        Example:
            >>> ports = Allocator([7, 8], excluded=[8])
            >>> ports.free
            1
        """
        return self._none.free - len(self._uses)

    def free_towards(self, destination: types.Destination) -> int:
        """Return how many ports are free for *destination*.

        Args:
            destination: What a port is for, as in ``allocate``.

        Returns:
            The number; the same as ``free`` if ports are not shared.

        Raises:
            TypeError: *destination* is missing or has another type.

        Example:
            >>> ports = Allocator([7, 8], shared=True)
            >>> ports.take(7, "192.0.2.1")
            >>> ports.free, ports.free_towards("192.0.2.1"), ports.free_towards("192.0.2.2")
            (1, 1, 2)
        """
        key = self._key(destination)
        return (self._none if key is None else self._tables.get(key, self._none)).free

    @property
    def probes(self) -> int:
        """How many ports the last successful ``allocate`` tried.

        This is the number for the algorithm as published, including holes and excluded ports.
        The allocator itself does not try them one by one.

        Returns:
            The number, 0 before the first call.

        Example:
            >>> ports = Allocator([7, 8], "macos-tcp")
            >>> ports.take(7)
            >>> ports.allocate(), ports.probes
            (8, 2)
        """
        return self._probes

    def __repr__(self) -> str:
        """Return the algorithm and the numbers."""
        return (
            f"<{type(self).__name__} {self._algorithm.name}: {len(self._ports)} ports, "
            f"{self._in_use} in use, {len(self._excluded)} excluded>"
        )

    def _key(self, destination: types.Destination) -> bytes | None:
        """Return the key of a destination's table; None for the common one."""
        if not self._shared:
            if destination is not None:
                encode(destination)
            return None
        if destination is None:
            raise TypeError("destination is required, because ports are shared across destinations")
        return encode(destination)

    def _slot(self, port: int) -> int:
        return port - self._low if self._numbers is None else bisect_left(self._numbers, port)

    def _take(self, slot: int, key: bytes | None) -> None:
        table = self._none
        if key is not None:
            table = self._tables.get(key, table)
            if table is self._none:
                table = self._tables[key] = table.copy()
            self._uses[slot] = self._uses.get(slot, 0) + 1
        table.take(slot)
        self._in_use += 1
