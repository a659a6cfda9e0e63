"""A socket as these systems' port tables store it, converted from and to the public Socket."""

from __future__ import annotations

from portranges.reuse.addresses import ANY4, ANY6, Kind, is_mapped, kind_of
from portranges.reuse.model import State
from portranges.reuse.sock import SockBase

_CONNECTIONS = frozenset({State.CONNECTED, State.FIN_WAIT_2, State.TIME_WAIT})


class Sock(SockBase):
    """A socket, or a closed connection that lingers.

    ``bound`` is the address given to bind(). connect() may change the address, and an accepted
    connection, which was never bound, has the wildcard here. ``bound_rp`` is SO_REUSEPORT at
    bind(). ``dropped`` means that the system removed the socket's record after a refused
    connection.
    """

    __slots__ = ("bound", "bound_rp", "dropped", "state")

    def begin(self) -> None:
        """Set the fields that are not in every system's record."""
        self.bound: int = self.addr
        self.bound_rp: bool = False
        self.state: State = State.UNBOUND
        self.dropped: bool = False

    def enter(self, state: State) -> None:
        """Bring a new record, which has its address and port, into *state*.

        The address given to bind() is unknown for a connection; here it is the wildcard.
        """
        self.state = state
        self.bound_rp = self.rp
        if not self.connected:
            self.bound = self.addr

    def shown_state(self) -> State:
        """Return the state."""
        return self.state

    @property
    def connected(self) -> bool:
        """Whether the socket has a peer, or had one and lingers."""
        return self.state in _CONNECTIONS

    def held_at(self, *, v4: bool) -> int | None:
        """Return the address at which the socket holds its port on IPv4 or on IPv6, or None.

        A dual-stack socket at ``::`` holds it at ``0.0.0.0`` too.
        """
        addr = self.addr
        if is_mapped(addr) is v4:
            return addr
        return ANY4 if addr == ANY6 and not self.v6only else None

    @property
    def is_dual(self) -> bool:
        """Whether the socket is at ``::`` on both stacks."""
        return self.addr == ANY6 and not self.v6only

    @property
    def has_option(self) -> bool:
        """Whether the socket has an option that lets sockets share a port."""
        return self.r or self.rp or self.lb

    @property
    def multicast(self) -> bool:
        """Whether the address is a multicast address."""
        return kind_of(self.addr) is Kind.MULTICAST
