"""PortTable, which checks its arguments and passes them to the system's state machine.

The state machines are ``linux.machine`` and ``others.machine``.
"""

from __future__ import annotations

from ipaddress import IPv6Address
from itertools import count
from random import Random

from portranges import checks, types
from portranges.errors import InvalidSocketError, elide
from portranges.ports import PortRange, Transport, check_port
from portranges.reuse import addresses, decisions, model
from portranges.reuse.model import Close, Decision, Handle, Options, Socket

# All tables share one counter, so that a handle of another table is recognized.
_numbers = count(1)


class PortTable:
    """The ports of one machine as a state machine, with their history.

    The methods are a program's calls. Each returns a Decision, except close() and advance(). A
    refused call leaves the table unchanged, with two exceptions. After a connect() that fails, the
    socket loses the port and the address that were chosen for it. On the BSDs, it also loses a port
    that it bound itself, if the peer refuses the connection. Impossible calls raise
    InvalidSocketError and leave the table unchanged.

    The table models one machine. The other end of a connection is not in it. Pass ``refused=True``
    for a peer that does not listen, call ``accept()`` for an incoming connection, and pass to
    ``close()`` how the connection ends.

    A table is not safe for use by several threads at once: give each thread its own, or
    guard it with a lock.

    Args:
        system: A name of ``reuse.systems()``. Linux is modelled exactly; the other systems are
            modelled from their source or documents, and were not run.
        settings: The machine's settings, as ``reuse.LinuxSettings`` or, for the other
            systems, ``reuse.SystemSettings``; the defaults of a new machine if None.
        kernel: A Linux kernel release, as ``"6.12"`` or ``"6.12.80"``; 6.18 by
            default. Two numbers mean the last stable release of the series. Other
            systems have a name for each version.
        local_addresses: The machine's addresses, as for ``can_bind``.
        seed: The seed for automatic ports; a random one by default.

    Raises:
        UnknownNameError: The system is unknown.
        InvalidSocketError: An address is not valid, or *kernel* is not a release
            number from 5.15 on.
        TypeError: A value has the wrong type.

    Complexity:
        bind, connect, accept and close take time at most linear in the number of sockets
        on the same port; sockets on other ports do not matter. If the system chooses the
        port, it tries one after another, at most all of the range.

    Source:
        Linux 6.18, net/ipv4/inet_connection_sock.c, inet_hashtables.c, udp.c.

    Example:
        >>> table = PortTable("linux")
        >>> a = table.socket("tcp", reuse_address=True)
        >>> table.bind(a, "0.0.0.0", 8080).allowed, table.listen(a).allowed
        (True, True)
        >>> b = table.socket("tcp", reuse_address=True)
        >>> print(table.bind(b, "127.0.0.1", 8080).rule.id)
        linux-listener
    """

    __slots__ = ("_machine", "system")

    def __init__(
        self,
        system: types.ReuseSystemName = "linux",
        *,
        settings: types.ReuseSettings | None = None,
        kernel: str | None = None,
        local_addresses: types.Iterable[types.AddressLike] | None = None,
        seed: int | str | bytes | None = None,
    ) -> None:
        """Create a machine without sockets."""
        local = addresses.checked_local_addresses(local_addresses)
        self.system: types.ReuseSystemName = decisions.name_of(system)
        # Ports are not secrets, and a seed must reproduce a run.
        rng = Random(_checked_seed(seed))  # noqa: S311
        self._machine = decisions.machine(system)(settings, kernel, local, rng)

    def __repr__(self) -> str:
        """Return the system and the size."""
        return f"<PortTable {self.system}: {len(self)} open, {self.lingering} lingering>"

    def __len__(self) -> int:
        """Return how many sockets are open."""
        return len(self._machine)

    @property
    def lingering(self) -> int:
        """How many closed connections still hold their ports, in TIME_WAIT or FIN_WAIT2.

        Example:
            >>> PortTable("linux").lingering
            0
        """
        return self._machine.lingering

    @property
    def now(self) -> float:
        """Seconds since the table was created; only ``advance()`` moves the clock.

        Example:
            >>> table = PortTable("linux")
            >>> table.advance(1.5)
            >>> table.now
            1.5
        """
        return self._machine.now

    def describe(self, handle: Handle) -> Socket:
        """Return the socket's current address, port, options and state.

        These are the values of getsockname() and getsockopt(). ``holders`` has those that
        other sockets, and ``can_bind``, are compared with.

        Args:
            handle: An open socket of this table.

        Returns:
            The record; its port is 0 while the socket has none.

        Raises:
            InvalidSocketError: *handle* is not an open socket of this table.
            TypeError: *handle* is not a Handle.

        Example:
            >>> table = PortTable("linux", seed=1)
            >>> a = table.socket("udp")
            >>> table.bind(a, "127.0.0.1", 0).allowed, table.describe(a).port > 0
            (True, True)
        """
        return self._machine.describe(handle)

    def holders(
        self, port: types.SupportsIndex, transport: types.TcpOrUdpLike
    ) -> tuple[Socket, ...]:
        """Return every socket that holds *port*, lingering ones included.

        These records can be passed to ``can_bind``: their values are those that new sockets
        are compared with. On illumos ``reuse_port`` is SO_REUSEPORT as it was at bind().

        Args:
            port: A port.
            transport: ``"tcp"`` or ``"udp"``.

        Returns:
            The records in the order that ``can_bind`` expects, which is the order in which they
            were bound. On Linux, where the order does not matter, it is the order of the kernel.

        Raises:
            InvalidPortError: The port is outside 0..65535.
            InvalidSocketError: The transport is neither TCP nor UDP.

        Example:
            >>> PortTable("linux").holders(80, "tcp")
            ()
        """
        tcp = model.checked_transport(transport) is Transport.TCP
        return tuple(self._machine.holders(check_port(port), tcp=tcp))

    def socket(
        self,
        transport: types.TcpOrUdpLike,
        *,
        family: types.FamilyName = "inet",
        v6only: bool | None = None,
        reuse_address: bool = False,
        reuse_port: bool = False,
        load_balance: bool = False,
        exclusive: bool = False,
        uid: int = 0,
        privileged: bool | None = None,
        device: str | None = None,
    ) -> Handle:
        """Create a socket.

        Args:
            transport: ``"tcp"`` or ``"udp"``.
            family: ``"inet"`` or ``"inet6"``.
            v6only: IPV6_V6ONLY; None for the system's default.
            reuse_address: SO_REUSEADDR.
            reuse_port: SO_REUSEPORT.
            load_balance: SO_REUSEPORT_LB of FreeBSD.
            exclusive: SO_EXCLUSIVEADDRUSE of Windows, SO_EXCLBIND of illumos.
            uid: The owner.
            privileged: Whether it may use a privileged port; by default, if *uid* is 0.
            device: The interface that it is bound to.

        Returns:
            The socket's handle.

        Raises:
            InvalidSocketError: Such a socket cannot exist on the system.
            UnknownNameError: The family is unknown.
            TypeError: A value has the wrong type.

        Example:
            >>> PortTable("linux").socket("tcp", uid=-1)
            Traceback (most recent call last):
            ...
            portranges.errors.InvalidSocketError: uid must be in 0..4294967294, got -1
        """
        tcp = model.checked_transport(transport) is Transport.TCP
        v6 = _is_inet6(family, v6only=v6only)
        handle = Handle(next(_numbers))
        self._machine.socket(
            handle,
            tcp=tcp,
            v6=v6,
            v6only=v6only,
            r=checks.flag("reuse_address", reuse_address),
            rp=checks.flag("reuse_port", reuse_port),
            lb=checks.flag("load_balance", load_balance),
            exclusive=checks.flag("exclusive", exclusive),
            privileged=checks.of_type("privileged", privileged, bool, optional=True),
            uid=model.checked_uid(uid),
            dev=model.checked_device(device),
        )
        return handle

    def bind(
        self, handle: Handle, address: types.AddressLike, port: types.SupportsIndex
    ) -> Decision:
        """Bind a socket; with port 0 the system chooses the port.

        Args:
            handle: An open socket of this table.
            address: An address of the socket's family; for an inet6 socket an IPv4 address
                is written ``::ffff:192.0.2.1``.
            port: A port, or 0.

        Returns:
            The decision.

        Raises:
            InvalidSocketError: The handle is not of an open socket, or the address is not
                of its family.
            InvalidPortError: The port is outside 0..65535.
            TypeError: A value has the wrong type.

        Example:
            >>> table = PortTable("linux")
            >>> a = table.socket("tcp", uid=1000)
            >>> print(table.bind(a, "0.0.0.0", 80))
            refused (EACCES): a port below ip_unprivileged_port_start requires CAP_NET_BIND_SERVICE
        """
        return self._machine.bind(handle, self._address(handle, address), check_port(port))

    def listen(self, handle: Handle) -> Decision:
        """Make a socket listen; the system chooses a port for an unbound one.

        Args:
            handle: An open socket of this table.

        Returns:
            The decision.

        Raises:
            InvalidSocketError: *handle* is not an open socket of this table.
            TypeError: *handle* is not a Handle.

        Example:
            >>> table = PortTable("linux")
            >>> table.listen(table.socket("udp")).error
            'EOPNOTSUPP'
        """
        return self._machine.listen(handle)

    def connect(
        self,
        handle: Handle,
        address: types.AddressLike,
        port: types.SupportsIndex,
        *,
        source: types.AddressLike | None = None,
        refused: bool = False,
    ) -> Decision:
        """Connect a socket; the system chooses a port for an unbound one.

        Args:
            handle: An open socket of this table.
            address: The peer's address, of the socket's family.
            port: The peer's port. Linux accepts 0 and sends to it; the other systems refuse it.
            source: The source address of the route, for a socket at the wildcard address;
                by default loopback for a loopback peer, and otherwise an address of the
                machine.
            refused: Whether the peer refuses the connection.

        Returns:
            The decision.

        Raises:
            InvalidSocketError: The handle, the address or the port is not valid.
            InvalidPortError: The port is outside 0..65535.
            TypeError: A value has the wrong type.

        Example:
            >>> table = PortTable("linux")
            >>> a = table.socket("tcp")
            >>> table.connect(a, "192.0.2.7", 443).allowed
            True
            >>> table.describe(a).state.value
            'connected'
        """
        checks.flag("refused", refused)
        return self._machine.connect(
            handle,
            self._address(handle, address),
            check_port(port),
            source=None if source is None else _number(source),
            refused=refused,
        )

    def accept(
        self,
        handle: Handle,
        *,
        uid: int = 0,
        local: types.AddressLike | None = None,
        peer: tuple[types.AddressLike, types.SupportsIndex] | None = None,
    ) -> Decision:
        """Accept a connection; the decision's ``handle`` is the new socket.

        Args:
            handle: A listening socket of this table.
            uid: The user who calls accept() and owns the new socket on Linux; on other
                systems the listener's owner owns it.
            local: The address that the peer connected to, for a listener at a wildcard
                address; loopback by default.
            peer: The peer's address and port; by default a peer that no other connection
                has.

        Returns:
            The decision.

        Raises:
            InvalidSocketError: The handle or an address is not valid, or the peer's port
                is 0.
            InvalidPortError: The peer's port is outside 0..65535.
            TypeError: *peer* is not a pair, or a value has the wrong type.

        Example:
            >>> table = PortTable("linux")
            >>> a = table.socket("tcp")
            >>> table.accept(a).error
            'EINVAL'
        """
        uid = model.checked_uid(uid)
        far = None if peer is None else self._peer(handle, peer)
        near = None if local is None else _number(local)
        return self._machine.accept(handle, Handle(next(_numbers)), uid=uid, local=near, peer=far)

    def set_option(
        self,
        handle: Handle,
        *,
        reuse_address: bool | None = None,
        reuse_port: bool | None = None,
        load_balance: bool | None = None,
        exclusive: bool | None = None,
        v6only: bool | None = None,
        bind_address_no_port: bool | None = None,
        local_port_range: PortRange | tuple[int, int] | None = None,
        uid: int | None = None,
    ) -> Decision:
        """Set options of a socket; None leaves an option unchanged.

        Args:
            handle: An open socket of this table.
            reuse_address: SO_REUSEADDR.
            reuse_port: SO_REUSEPORT.
            load_balance: SO_REUSEPORT_LB of FreeBSD.
            exclusive: SO_EXCLUSIVEADDRUSE of Windows, SO_EXCLBIND of illumos.
            v6only: IPV6_V6ONLY.
            bind_address_no_port: IP_BIND_ADDRESS_NO_PORT.
            local_port_range: IP_LOCAL_PORT_RANGE; 0 leaves a bound unset.
            uid: A new owner, as fchown(2) sets it.

        Returns:
            The decision; all options are set, or none.

        Raises:
            InvalidSocketError: The handle or a value is not valid.
            InvalidPortError: A bound is outside 0..65535.
            TypeError: A value has the wrong type.

        Example:
            >>> table = PortTable("linux")
            >>> a = table.socket("tcp", family="inet6")
            >>> table.bind(a, "::", 8080).allowed
            True
            >>> table.set_option(a, v6only=True).error
            'EINVAL'
        """
        flags = {
            "reuse_address": reuse_address,
            "reuse_port": reuse_port,
            "load_balance": load_balance,
            "exclusive": exclusive,
            "v6only": v6only,
            "bind_address_no_port": bind_address_no_port,
        }
        for name, value in flags.items():
            checks.of_type(name, value, bool, optional=True)
        options = Options(
            **flags,
            uid=None if uid is None else model.checked_uid(uid),
            local_port_range=None if local_port_range is None else _bounds(local_port_range),
        )
        return self._machine.set_option(handle, options)

    def disconnect(self, handle: Handle) -> Decision:
        """Dissolve the connection of a socket, as connect() with AF_UNSPEC does; Linux only.

        The peer of a TCP connection gets a reset. The socket can be used again: it keeps its
        port and its address only if bind() named them.

        Args:
            handle: An open socket of this table.

        Returns:
            The decision.

        Raises:
            InvalidSocketError: The handle is not of an open socket, or the system is not Linux.
            TypeError: *handle* is not a Handle.

        Example:
            >>> table = PortTable("linux")
            >>> a = table.socket("udp")
            >>> table.connect(a, "192.0.2.7", 53).allowed, table.disconnect(a).allowed
            (True, True)
            >>> table.describe(a).port
            0
        """
        return self._machine.disconnect(handle)

    def close(self, handle: Handle, how: types.CloseLike = Close.FIRST) -> None:
        """Close a socket.

        Args:
            handle: An open socket of this table.
            how: How its connection ends, if it has one. By default this side closes first,
                and the connection stays in TIME_WAIT.

        Raises:
            InvalidSocketError: *handle* is not an open socket of this table.
            UnknownNameError: *how* is unknown.
            TypeError: A value has the wrong type.

        Example:
            >>> table = PortTable("linux")
            >>> a = table.socket("tcp")
            >>> table.connect(a, "192.0.2.7", 443).allowed
            True
            >>> table.close(a)
            >>> table.lingering
            1
            >>> table.advance(60)
            >>> table.lingering
            0
        """
        self._machine.close(handle, checks.member("how", how, Close))

    def advance(self, seconds: float) -> None:
        """Advance the clock.

        Args:
            seconds: How much time passes; not negative.

        Raises:
            InvalidSocketError: *seconds* is negative or not finite.
            TypeError: *seconds* is not a number.

        Example:
            >>> PortTable("linux").advance(-1)
            Traceback (most recent call last):
            ...
            portranges.errors.InvalidSocketError: seconds must not be negative, got -1
        """
        self._machine.advance(model.checked_seconds("seconds", seconds))

    def _peer(
        self, handle: Handle, peer: tuple[types.AddressLike, types.SupportsIndex]
    ) -> tuple[int, int]:
        host, number = _pair("peer must be an address and a port", peer)
        address, port = model.checked_address(host), check_port(number)
        if not port:
            raise InvalidSocketError("a peer's port must not be 0", "0")
        is_ipv6 = isinstance(address, IPv6Address) and address.ipv4_mapped is None
        if is_ipv6 and not self._machine.is_inet6(handle):
            raise InvalidSocketError("an inet socket requires an IPv4 peer", elide(str(address)))
        return addresses.address_number(address), port

    def _address(self, handle: Handle, address: types.AddressLike) -> int:
        found = model.checked_address(address)
        if found.version == 4 and self._machine.is_inet6(handle):
            raise InvalidSocketError(
                "an inet6 socket requires an IPv6 address", f"{found}; write ::ffff:{found}"
            )
        return addresses.address_number(found)


def _checked_seed(seed: object) -> int | bytes | None:
    if isinstance(seed, str):
        # As Random does, but without an error for lone surrogates.
        return seed.encode("utf-8", "surrogatepass")
    if seed is None or (isinstance(seed, (bytes, int)) and not isinstance(seed, bool)):
        return seed
    raise TypeError(f"seed must be an int, a str or bytes, got {type(seed).__name__}")


def _is_inet6(family: str, *, v6only: bool | None) -> bool:
    v6 = checks.word("family", family, ("inet", "inet6")) == "inet6"
    if checks.of_type("v6only", v6only, bool, optional=True) and not v6:
        raise InvalidSocketError("v6only requires family 'inet6'", "'inet' with v6only")
    return v6


def _number(address: types.AddressLike) -> int:
    return addresses.address_number(model.checked_address(address))


def _bounds(ports: PortRange | tuple[int, int]) -> tuple[int, int]:
    if isinstance(ports, PortRange):
        return ports.first, ports.last
    low, high = _pair("local_port_range must be a PortRange or two ports", ports)
    first, last = check_port(low), check_port(high)
    if first > last > 0:
        raise InvalidSocketError(
            "local_port_range must not end before it starts", f"{first}-{last}"
        )
    return first, last


def _pair(rule: str, value: tuple[types.T, types.U]) -> tuple[types.T, types.U]:
    """Return *value* if it is a pair, or raise TypeError."""
    try:
        first, second = value
    except (TypeError, ValueError):
        pass
    else:
        return first, second
    raise TypeError(f"{rule}, got {elide(value)}")
