"""PortTable: a machine's port space, with its history.

What lives here: the public class, which checks what it is given and hands
it to the system's own state machine.
What must not: any rule of any system.
"""

from __future__ import annotations

from ipaddress import IPv6Address
from itertools import count
from random import Random

from portranges import types
from portranges.errors import InvalidSocketError, elide
from portranges.ports import PortRange, Transport, check_port
from portranges.reuse import model, procedures
from portranges.reuse.model import Close, Decision, Handle, Socket

__all__ = ["PortTable"]

# One count for all tables: a handle of another table is never taken for one's own.
_numbers = count(1)


class PortTable:
    """The ports of one machine as a state machine, with their history.

    The methods are a program's calls. Each returns a Decision, except close() and advance().
    A refused call leaves the table as it was, with the systems' own exceptions: a connect()
    that fails takes away the port and the address that the socket did not bind itself, and on
    the BSDs a peer that refuses takes away the port altogether. Impossible calls raise
    InvalidSocketError and leave the table unchanged.

    The table is one machine; the other end of a connection is not in it. Pass
    ``refused=True`` for a peer that does not listen, call ``accept()`` for an incoming
    connection, and tell ``close()`` how the connection ends.

    A table is not safe for use by several threads at once: give each thread its own, or
    guard it with a lock.

    Args:
        system: A name of ``reuse.systems()``. Linux is exact; the others
            follow their rules without having been run.
        settings: The machine's settings, as ``reuse.LinuxSettings`` or, for
            the other systems, ``reuse.SystemSettings``; a new machine's by
            default.
        kernel: A Linux kernel release, as ``"6.12"`` or ``"6.12.80"``; 6.18 by
            default. Two numbers mean the last stable release of the series. Other
            systems have a name for each version.
        local_addresses: The machine's addresses, loopback apart; every
            address by default.
        seed: For the choice of automatic ports; a random one by default.

    Raises:
        UnknownNameError: There is no such system.
        InvalidSocketError: An address is not valid, or *kernel* is not a release
            number from 5.15 on.
        TypeError: A value is of another type.

    Complexity:
        bind, connect, accept and close take time in the number of sockets on
        the same port at most; sockets on other ports cost nothing. Where the
        system chooses the port, it tries one after the other, as the real one
        does: at most the range.

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
        """Make a machine without sockets."""
        local = model.checked_local_addresses(local_addresses)
        self.system: types.ReuseSystemName = system
        # Ports are numbers, not secrets: a seed that repeats a run is the point.
        rng = Random(_checked_seed(seed))  # noqa: S311
        self._machine = procedures.machine(system)(settings, kernel, local, rng)

    def __repr__(self) -> str:
        """Return the system and the size."""
        return f"<PortTable {self.system}: {len(self)} open, {self.lingering} lingering>"

    def __len__(self) -> int:
        """Return how many sockets are open."""
        return len(self._machine)

    @property
    def lingering(self) -> int:
        """How many closed connections hold their ports still.

        Returns:
            Their number, in TIME_WAIT and FIN_WAIT2.

        Example:
            >>> PortTable("linux").lingering
            0
        """
        return self._machine.lingering

    @property
    def now(self) -> float:
        """The table's clock.

        Returns:
            Seconds since the table was made, moved by ``advance()`` alone.

        Example:
            >>> table = PortTable("linux")
            >>> table.advance(1.5)
            >>> table.now
            1.5
        """
        return self._machine.now

    def describe(self, handle: Handle) -> Socket:
        """Return what the socket is now: address, port, options, state.

        It is what getsockname() and getsockopt() say. What it is to others, and
        to ``can_bind``, is in ``holders``.

        Args:
            handle: An open socket of this table.

        Returns:
            The record; its port is 0 while the socket has none.

        Raises:
            InvalidSocketError: *handle* is no open socket of this table.
            TypeError: *handle* is no Handle.

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

        They are as other sockets meet them: on illumos ``reuse_port`` is what
        SO_REUSEPORT was at bind(), which counts there. So they are what to give
        to ``can_bind``.

        Args:
            port: A port.
            transport: ``"tcp"`` or ``"udp"``.

        Returns:
            The records, in the order that ``can_bind`` takes: as they were
            bound, or on Linux, where it does not count, as the kernel has them.

        Raises:
            InvalidPortError: The port is outside 0 to 65535.
            InvalidSocketError: The transport is another.

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
        """Make a socket.

        Args:
            transport: ``"tcp"`` or ``"udp"``.
            family: ``"inet"`` or ``"inet6"``.
            v6only: IPV6_V6ONLY; the system's default by default.
            reuse_address: SO_REUSEADDR.
            reuse_port: SO_REUSEPORT.
            load_balance: SO_REUSEPORT_LB, of FreeBSD.
            exclusive: SO_EXCLUSIVEADDRUSE of Windows, SO_EXCLBIND of illumos.
            uid: The owner.
            privileged: Whether it may have a reserved port; by default, if
                *uid* is 0.
            device: The interface it is bound to.

        Returns:
            The socket's handle.

        Raises:
            InvalidSocketError: No system has such a socket.
            TypeError: A value is of another type.

        Example:
            >>> PortTable("linux").socket("tcp", uid=-1)
            Traceback (most recent call last):
            ...
            portranges.errors.InvalidSocketError: uid must not be negative, got -1
        """
        tcp = model.checked_transport(transport) is Transport.TCP
        model.check_type("family", family, str)
        if family not in ("inet", "inet6"):
            raise InvalidSocketError("family must be 'inet' or 'inet6'", elide(family))
        v6 = family == "inet6"
        model.checked_flag("v6only", v6only, none=True)
        if v6only and not v6:
            raise InvalidSocketError("v6only needs family 'inet6'", "'inet' with v6only")
        model.checked_flag("reuse_address", reuse_address)
        model.checked_flag("reuse_port", reuse_port)
        model.checked_flag("load_balance", load_balance)
        model.checked_flag("exclusive", exclusive)
        model.checked_flag("privileged", privileged, none=True)
        model.checked_uid(uid)
        model.checked_device(device)
        handle = Handle(next(_numbers))
        self._machine.socket(
            handle,
            tcp=tcp,
            v6=v6,
            v6only=v6only,
            reuse_address=reuse_address,
            reuse_port=reuse_port,
            uid=uid,
            privileged=privileged,
            device=device,
            load_balance=load_balance,
            exclusive=exclusive,
        )
        return handle

    def bind(
        self,
        handle: Handle,
        address: types.AddressLike,
        port: types.SupportsIndex,
    ) -> Decision:
        """Bind a socket; port 0 lets the system choose.

        Args:
            handle: An open socket of this table.
            address: An address of the socket's family; an inet6 socket takes
                an IPv4 address as ``::ffff:192.0.2.1``.
            port: A port, or 0.

        Returns:
            The decision.

        Raises:
            InvalidSocketError: The handle or the address's family is wrong.
            InvalidPortError: The port is outside 0 to 65535.
            TypeError: A value is of another type.

        Example:
            >>> table = PortTable("linux")
            >>> a = table.socket("tcp", uid=1000)
            >>> print(table.bind(a, "0.0.0.0", 80))
            refused (EACCES): a port below ip_unprivileged_port_start needs CAP_NET_BIND_SERVICE
        """
        return self._machine.bind(handle, self._address(handle, address), check_port(port))

    def listen(self, handle: Handle) -> Decision:
        """Let a socket listen; an unbound one is given a port.

        Args:
            handle: An open socket of this table.

        Returns:
            The decision.

        Raises:
            InvalidSocketError: *handle* is no open socket of this table.
            TypeError: *handle* is no Handle.

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
        """Connect a socket; one without a port is given one.

        Args:
            handle: An open socket of this table.
            address: The peer's address, of the socket's family.
            port: The peer's port, not 0.
            source: The source address of the route, for a socket at the
                wildcard; loopback for a loopback peer, else an address of
                the machine by default.
            refused: Whether the peer refuses the connection.

        Returns:
            The decision.

        Raises:
            InvalidSocketError: The handle, the address or the port is wrong.
            InvalidPortError: The port is outside 0 to 65535.
            TypeError: A value is of another type.

        Example:
            >>> table = PortTable("linux")
            >>> a = table.socket("tcp")
            >>> table.connect(a, "192.0.2.7", 443).allowed
            True
            >>> table.describe(a).state.value
            'connected'
        """
        dport = check_port(port)
        if not dport:
            raise InvalidSocketError("a peer's port must not be 0", "0")
        model.checked_flag("refused", refused)
        return self._machine.connect(
            handle,
            self._address(handle, address),
            dport,
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
            uid: The user who calls accept(), and so owns the new socket on
                Linux; elsewhere the listener's owner does.
            local: The address that the peer connected to; needed where the
                listener's is a wildcard, and loopback by default.
            peer: The peer's address and port; by default one that meets no
                other connection.

        Returns:
            The decision.

        Raises:
            InvalidSocketError: The handle, or an address, is wrong, or the
                peer's port is 0.
            InvalidPortError: The peer's port is outside 0 to 65535.
            TypeError: *peer* is no pair, or a value is of another type.

        Example:
            >>> table = PortTable("linux")
            >>> a = table.socket("tcp")
            >>> table.accept(a).error
            'EINVAL'
        """
        model.checked_uid(uid)
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
        """Set options of a socket; what is None stays as it is.

        Args:
            handle: An open socket of this table.
            reuse_address: SO_REUSEADDR.
            reuse_port: SO_REUSEPORT.
            load_balance: SO_REUSEPORT_LB, of FreeBSD.
            exclusive: SO_EXCLUSIVEADDRUSE of Windows, SO_EXCLBIND of illumos.
            v6only: IPV6_V6ONLY.
            bind_address_no_port: IP_BIND_ADDRESS_NO_PORT.
            local_port_range: IP_LOCAL_PORT_RANGE; 0 for a bound that is not
                set.
            uid: Another owner, as by fchown(2).

        Returns:
            The decision; it is about all options or none.

        Raises:
            InvalidSocketError: The handle or a value is wrong.
            InvalidPortError: A bound is outside 0 to 65535.
            TypeError: A value is of another type.

        Example:
            >>> table = PortTable("linux")
            >>> a = table.socket("tcp", family="inet6")
            >>> table.bind(a, "::", 8080).allowed
            True
            >>> table.set_option(a, v6only=True).error
            'EINVAL'
        """
        for name, value in (
            ("reuse_address", reuse_address),
            ("reuse_port", reuse_port),
            ("load_balance", load_balance),
            ("exclusive", exclusive),
            ("v6only", v6only),
            ("bind_address_no_port", bind_address_no_port),
        ):
            model.checked_flag(name, value, none=True)
        if uid is not None:
            model.checked_uid(uid)
        bounds: tuple[int, int] | None = None
        if local_port_range is not None:
            bounds = _bounds(local_port_range)
        return self._machine.set_option(
            handle,
            reuse_address=reuse_address,
            reuse_port=reuse_port,
            v6only=v6only,
            bind_address_no_port=bind_address_no_port,
            local_port_range=bounds,
            uid=uid,
            load_balance=load_balance,
            exclusive=exclusive,
        )

    def close(self, handle: Handle, how: types.CloseLike = Close.FIRST) -> None:
        """Close a socket.

        Args:
            handle: An open socket of this table.
            how: How its connection ends, if it has one: by default this side
                closes first, and the connection stays in TIME_WAIT.

        Raises:
            InvalidSocketError: The handle or *how* is wrong.
            TypeError: A value is of another type.

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
        self._machine.close(handle, model.checked_close(how))

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Args:
            seconds: How long; not negative.

        Raises:
            InvalidSocketError: *seconds* is negative, or no finite number.
            TypeError: *seconds* is no number.

        Example:
            >>> PortTable("linux").advance(-1)
            Traceback (most recent call last):
            ...
            portranges.errors.InvalidSocketError: seconds must be 0 or more, got -1
        """
        self._machine.advance(model.checked_amount("seconds", seconds))

    def _peer(
        self,
        handle: Handle,
        peer: tuple[types.AddressLike, types.SupportsIndex],
    ) -> tuple[int, int]:
        host, number = _pair("peer must be an address and a port", peer)
        address, port = model.checked_address(host), check_port(number)
        if not port:
            raise InvalidSocketError("a peer's port must not be 0", "0")
        is_ipv6 = isinstance(address, IPv6Address) and address.ipv4_mapped is None
        if is_ipv6 and not self._machine.is_inet6(handle):
            raise InvalidSocketError("an inet socket needs an IPv4 peer", elide(str(address)))
        return model.address_number(address), port

    def _address(self, handle: Handle, address: types.AddressLike) -> int:
        found = model.checked_address(address)
        if found.version == 4 and self._machine.is_inet6(handle):
            raise InvalidSocketError(
                "an inet6 socket needs an IPv6 address", f"{found}; write ::ffff:{found}"
            )
        return model.address_number(found)


def _checked_seed(seed: object) -> int | bytes | None:
    if seed is None or isinstance(seed, bytes):
        return seed
    if isinstance(seed, str):
        # As Random does it, but for texts that are no Unicode, too.
        return seed.encode("utf-8", "surrogatepass")
    if isinstance(seed, int) and not isinstance(seed, bool):
        return seed
    raise TypeError(f"seed must be an int, a str or bytes, got {type(seed).__name__}")


def _number(address: types.AddressLike) -> int:
    return model.address_number(model.checked_address(address))


def _bounds(ports: PortRange | tuple[int, int]) -> tuple[int, int]:
    if isinstance(ports, PortRange):
        return ports.first, ports.last
    low, high = _pair("local_port_range must be a PortRange or two ports", ports)
    first, last = check_port(low), check_port(high)
    if first > last > 0:
        raise InvalidSocketError(
            "local_port_range must not end before it begins", f"{first}-{last}"
        )
    return first, last


def _pair(rule: str, value: tuple[types.T, types.U]) -> tuple[types.T, types.U]:
    """Return *value*, or raise what a wrong type is due where it is no pair."""
    try:
        first, second = value
    except (TypeError, ValueError):
        pass
    else:
        return first, second
    raise TypeError(f"{rule}, got {elide(value)}")
