"""A socket as these systems' port tables have it, converted from and to the public Socket."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from portranges.ports import Transport
from portranges.reuse.addresses import ANY4, ANY6, MAPPED, Kind, kind_of
from portranges.reuse.model import Socket, State, address_number

__all__ = [
    "Sock",
    "from_socket",
    "to_socket",
]

_CONNECTIONS = frozenset({State.CONNECTED, State.FIN_WAIT_2, State.TIME_WAIT})


class Sock:
    """A socket, or a closed connection that lingers.

    ``r`` is SO_REUSEADDR, ``p`` SO_REUSEPORT, ``lb`` SO_REUSEPORT_LB, ``dev`` the device.
    ``bound`` is the address given to bind(). connect() may change the address, and an accepted
    connection, which was never bound, has the wildcard here. ``bound_p`` is SO_REUSEPORT at
    bind(). ``dropped`` means that the system removed the socket's record after a refused
    connection.
    """

    __slots__ = (
        "addr",
        "bound",
        "bound_p",
        "dev",
        "dport",
        "dropped",
        "dst",
        "exclusive",
        "lb",
        "p",
        "port",
        "privileged",
        "r",
        "state",
        "tcp",
        "uid",
        "v6",
        "v6only",
    )

    def __init__(self, *, tcp: bool, v6: bool, v6only: bool, uid: int = 0) -> None:
        """Create an unbound socket without options."""
        self.tcp: bool = tcp
        self.v6: bool = v6
        self.v6only: bool = v6only
        self.r: bool = False
        self.p: bool = False
        self.bound_p: bool = False
        self.lb: bool = False
        self.exclusive: bool = False
        self.uid: int = uid
        self.privileged: bool = uid == 0
        self.dev: str | None = None
        self.addr = self.bound = ANY6 if v6 else ANY4
        self.port: int = 0
        self.state: State = State.UNBOUND
        self.dst: int | None = None
        self.dport: int = 0
        self.dropped: bool = False

    @property
    def connected(self) -> bool:
        """Whether the socket has a peer, or had one and lingers."""
        return self.state in _CONNECTIONS

    @property
    def v4_address(self) -> int | None:
        """The IPv4 address at which the socket holds its port; 0 is the wildcard.

        A dual-stack socket at ``::`` holds it at ``0.0.0.0`` too.
        """
        if self.addr >> 32 == MAPPED:
            return self.addr & 0xFFFFFFFF
        return 0 if self.addr == ANY6 and not self.v6only else None

    @property
    def v6_address(self) -> int | None:
        """The IPv6 address at which the socket holds its port; 0 is the wildcard."""
        return None if self.addr >> 32 == MAPPED else self.addr

    @property
    def is_dual(self) -> bool:
        """Whether the socket is at ``::`` on both stacks."""
        return self.addr == ANY6 and not self.v6only

    @property
    def multicast(self) -> bool:
        """Whether the address is a multicast address."""
        return kind_of(self.addr) is Kind.MULTICAST


def from_socket(socket: Socket, *, v6only: bool) -> Sock:
    """Return the record of *socket*; *v6only* is the default of the option.

    The address given to bind() is unknown for a connection; here it is the wildcard.
    """
    v6 = socket.address.version == 6
    sock = Sock(
        tcp=socket.transport is Transport.TCP,
        v6=v6,
        v6only=v6 and (v6only if socket.v6only is None else socket.v6only),
        uid=socket.uid,
    )
    sock.r = socket.reuse_address
    sock.p = sock.bound_p = socket.reuse_port
    sock.lb = socket.load_balance
    sock.exclusive = socket.exclusive
    if socket.privileged is not None:
        sock.privileged = socket.privileged
    sock.dev = socket.device
    sock.addr = address_number(socket.address)
    sock.port = socket.port
    sock.state = socket.state
    if not sock.connected:
        sock.bound = sock.addr
    return sock


def to_socket(sock: Sock) -> Socket:
    """Return the public record of *sock*."""
    v6 = sock.v6
    return Socket(
        transport=Transport.TCP if sock.tcp else Transport.UDP,
        address=IPv6Address(sock.addr) if v6 else IPv4Address(sock.addr & 0xFFFFFFFF),
        port=sock.port,
        v6only=sock.v6only if v6 else None,
        reuse_address=sock.r,
        reuse_port=sock.p,
        load_balance=sock.lb,
        exclusive=sock.exclusive,
        uid=sock.uid,
        privileged=sock.privileged,
        device=sock.dev,
        state=sock.state,
    )
