"""Free and reserved ports for tests.

The pytest plugin offers them as fixtures; other test runners use this module. The ports are outside
the ephemeral range, so that the system never allocates them to another socket between two steps of
a test. A port counts as free if it can be bound; no table is consulted.
"""

from __future__ import annotations

import errno
import random
import socket as _socket
import sys
from contextlib import ExitStack
from pathlib import Path

from portranges import advice, checks, system, types
from portranges.errors import InvalidValueError, PortsExhaustedError, SystemReadError
from portranges.families import Family
from portranges.ports import Transport, check_transport
from portranges.portset import PortSet
from portranges.systems import COMMON

__all__ = ["FreePorts", "ReservedPort"]

_TRANSPORTS = {Transport.TCP: _socket.SOCK_STREAM, Transport.UDP: _socket.SOCK_DGRAM}
_FAMILIES = {Family.INET: _socket.AF_INET, Family.INET6: _socket.AF_INET6}
_LOOPBACK = {Family.INET: "127.0.0.1", Family.INET6: "::1"}
_WILDCARD = {Family.INET: "0.0.0.0", Family.INET6: "::"}  # noqa: S104 - bound for a moment only

# Only Windows has it. There, a bind without it may succeed although the port is in use.
_EXCLUSIVE = getattr(_socket, "SO_EXCLUSIVEADDRUSE", None)


class ReservedPort:
    """A port that this process holds, with the sockets that hold it.

    They are bound to the loopback addresses, for TCP and UDP, IPv4 and IPv6, as far as the machine
    has them. None listens. Give one of them to the server under test, and no other process can
    take the port in between.

    Used as a context manager, it releases the port at the end.

    Attributes:
        port: The number.

    Example:
        >>> with FreePorts().reserve() as reserved:
        ...     with reserved.socket as listener:
        ...         listener.listen()
        ...         listener.getsockname() == ("127.0.0.1", reserved.port)
        True
        >>> reserved.is_released
        True
    """

    __slots__ = ("_sockets", "port")

    port: int
    _sockets: dict[tuple[Transport, Family], _socket.socket]

    def __init__(self, port: int, families: types.Iterable[Family]) -> None:
        """Bind the sockets, or raise ``OSError`` and bind none."""
        self.port = port
        self._sockets = _bind(port, families, _LOOPBACK)
        if sys.platform != "win32":
            for (transport, _), each in self._sockets.items():
                # Set after bind(), so that the reservation itself is exclusive. A server that got
                # the socket can be restarted on the port although connections linger.
                if transport is Transport.TCP:
                    each.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)

    @property
    def socket(self) -> _socket.socket:
        """The TCP socket for IPv4, or for IPv6 on a machine without IPv4."""
        return next(iter(self._sockets.values()))

    @property
    def is_released(self) -> bool:
        """Whether every socket is closed."""
        return all(each.fileno() < 0 for each in self._sockets.values())

    def socket_for(
        self, transport: types.TcpOrUdpLike = "tcp", *, family: types.FamilyLike = "inet"
    ) -> _socket.socket:
        """Return the socket of one transport and family.

        Args:
            transport: TCP or UDP.
            family: ``"inet"`` for 127.0.0.1 or ``"inet6"`` for ::1.

        Raises:
            UnknownNameError: *transport* or *family* is unknown.
            InvalidValueError: *transport* is neither TCP nor UDP, or the machine does not have
                *family*.

        Example:
            >>> with FreePorts().reserve() as reserved:
            ...     reserved.socket_for("udp").getsockname() == ("127.0.0.1", reserved.port)
            True
        """
        key = check_transport(transport), checks.member("family", family, Family)
        if key not in self._sockets:
            known = ", ".join(f"{transport} {family}" for transport, family in self._sockets)
            raise InvalidValueError(f"the socket must be one of {known}", f"{key[0]} {key[1]}")
        return self._sockets[key]

    def release(self) -> None:
        """Close all sockets. From now on, every process can bind the port.

        Example:
            >>> reserved = FreePorts().reserve()
            >>> reserved.release()
            >>> reserved.is_released
            True
        """
        for each in self._sockets.values():
            each.close()

    def __enter__(self) -> types.Self:
        """Return the object itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the port."""
        self.release()

    def __repr__(self) -> str:
        """Return the port and its state, for messages of failed tests."""
        return f"<ReservedPort {self.port}{', released' if self.is_released else ''}>"


class FreePorts:
    """Free ports of this machine, each of which is returned only once.

    A port is free if no socket holds it on any address, for TCP and UDP, IPv4 and IPv6. Unless
    the caller passes other ports, the ports are those of ``advice.listen_ports``: outside the
    ephemeral range of this machine, unprivileged, not reserved or excluded here, without a
    registered service or a known use, and not blocked by browsers. If the settings of the machine
    cannot be read, they are outside the default ranges of Linux, Windows and macOS.

    Args:
        among: The ports to choose from, in random order; None means those described above.
        shared_folder: An existing folder in which several processes record the ports they take, so
            that no two of them take the same port.

    Raises:
        TypeError: *among* is not a set of ports.
        InvalidValueError: This machine allocates every port that is suitable.

    Example:
        >>> free = FreePorts()
        >>> one, other = free(), free()
        >>> one != other
        True
        >>> FreePorts([8000])
        <FreePorts 1 port>
    """

    __slots__ = ("_families", "_folder", "_left", "_size")

    def __init__(
        self,
        among: types.PortItems | None = None,
        *,
        shared_folder: types.StrPath | None = None,
    ) -> None:
        """Choose the ports, without testing any."""
        self._left = list(_suitable() if among is None else PortSet(among) - PortSet([0]))
        self._size = len(self._left)
        # Other processes choose at random too. The generator is separate, because a test may seed
        # the global one.
        random.SystemRandom().shuffle(self._left)
        self._folder = None if shared_folder is None else Path(shared_folder)
        # If neither exists, bind() reports the reason.
        self._families = tuple(filter(_has, Family)) or (Family.INET,)

    def __call__(self) -> int:
        """Return a port that was free when it was tested, and was not returned before.

        Between this call and ``bind()``, another program may bind the port. The system does not
        allocate it by itself, so only a program that names this very port can. ``reserve()``
        has no such gap.

        Raises:
            PortsExhaustedError: No port is left. Those that were returned count as in use.
            OSError: A socket cannot be opened at all.
        """
        while self._left:
            # One step, so that several threads never get the same port.
            port = self._left.pop()
            if self._claims(port) and self._is_free(port):
                return port
        raise PortsExhaustedError("free_port", self._size, self._size, 0)

    def reserve(self) -> ReservedPort:
        """Return a free port with the sockets that hold it; the caller releases it.

        Raises:
            PortsExhaustedError: No port is left.

        Example:
            >>> with FreePorts().reserve() as reserved:
            ...     reserved.port > 1023
            True
        """
        while True:
            port = self()
            try:
                return ReservedPort(port, self._families)
            except OSError as error:  # pragma: no cover - bound since it was tested
                _raise_unless_in_use(error)

    def _claims(self, port: int) -> bool:
        """Record *port*, and return whether no other process had recorded it."""
        if self._folder is not None:
            try:
                self._folder.joinpath(str(port)).touch(exist_ok=False)
            except FileExistsError:
                return False
        return True

    def _is_free(self, port: int) -> bool:
        # A wildcard address without SO_REUSEADDR conflicts with every address.
        try:
            sockets = _bind(port, self._families, _WILDCARD)
        except OSError as error:
            _raise_unless_in_use(error)
            return False
        for each in sockets.values():
            each.close()
        return True

    def __repr__(self) -> str:
        """Return how many ports have not been tried yet."""
        count = len(self._left)
        return f"<FreePorts {count} port{'' if count == 1 else 's'}>"


def _suitable() -> PortSet:
    """Return the ports of this machine for a service of its own."""
    systems: list[types.SystemLike] = []
    kept = PortSet.empty()
    try:
        for transport in _TRANSPORTS:
            for family in Family:
                settings = system.read_settings(transport, family=family)
                systems.append(settings.profile)
                kept |= settings.reserved | settings.excluded
    except SystemReadError:
        systems += COMMON
    found = advice.listen_ports(systems, tuple(_TRANSPORTS), excluded=kept)
    if not found:
        allocated = PortSet().union(*(each.ports for each in systems if not isinstance(each, str)))
        raise InvalidValueError(
            "a port for tests must be outside the ephemeral range of the machine", str(allocated)
        )
    return found


def _has(family: Family) -> bool:
    """Return whether this machine has the loopback address of *family*."""
    try:
        with _socket.socket(_FAMILIES[family], _socket.SOCK_DGRAM) as probe:
            probe.bind((_LOOPBACK[family], 0))
    except OSError:
        return False
    return True


def _bind(
    port: int, families: types.Iterable[Family], addresses: types.Mapping[Family, str]
) -> dict[tuple[Transport, Family], _socket.socket]:
    """Return a bound socket for each transport and family; raise ``OSError`` and bind none."""
    with ExitStack() as opened:
        sockets: dict[tuple[Transport, Family], _socket.socket] = {}
        for transport, kind in _TRANSPORTS.items():
            for family in families:
                each = opened.enter_context(_socket.socket(_FAMILIES[family], kind))
                if _EXCLUSIVE is not None:
                    each.setsockopt(_socket.SOL_SOCKET, _EXCLUSIVE, 1)
                if family is Family.INET6:
                    each.setsockopt(_socket.IPPROTO_IPV6, _socket.IPV6_V6ONLY, 1)
                each.bind((addresses[family], port))
                sockets[transport, family] = each
        opened.pop_all()
        return sockets


def _raise_unless_in_use(error: OSError) -> None:
    """Raise *error* unless it is about the port: in use, or not allowed."""
    if error.errno != errno.EADDRINUSE and not isinstance(error, PermissionError):
        raise error
