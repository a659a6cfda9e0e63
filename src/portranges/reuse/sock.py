"""The record of a socket inside a state machine, made from the public ``Socket`` and back.

The tables of Linux and of the other systems add their own fields to it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from ipaddress import IPv4Address, IPv6Address

from portranges import types
from portranges.errors import InvalidSocketError
from portranges.ports import Transport
from portranges.reuse.addresses import ANY4, ANY6, address_number
from portranges.reuse.model import Options, Socket, State

_IPV4 = 0xFFFFFFFF
# Each field of Options, and the field of a record that it sets.
_FIELDS = (
    ("reuse_address", "r"),
    ("reuse_port", "rp"),
    ("load_balance", "lb"),
    ("exclusive", "exclusive"),
    ("v6only", "v6only"),
    ("uid", "uid"),
)


class SockBase(ABC):
    """What every system keeps about a socket, or about a closed connection that lingers.

    The short names are close to the kernels': ``r`` is SO_REUSEADDR, ``rp`` SO_REUSEPORT,
    ``lb`` SO_REUSEPORT_LB, ``dev`` the device. ``addr`` is the local address as a number of
    128 bits, ``dst`` and ``dport`` the peer.
    """

    __slots__ = (
        "addr",
        "dev",
        "dport",
        "dst",
        "exclusive",
        "lb",
        "port",
        "privileged",
        "r",
        "rp",
        "tcp",
        "uid",
        "v6",
        "v6only",
    )

    def __init__(
        self,
        *,
        tcp: bool,
        v6: bool,
        v6only: bool | None = None,
        r: bool = False,
        rp: bool = False,
        lb: bool = False,
        exclusive: bool = False,
        uid: int = 0,
        privileged: bool | None = None,
        dev: str | None = None,
        default_v6only: bool = False,
    ) -> None:
        """Create an unbound socket."""
        self.tcp: bool = tcp
        self.v6: bool = v6
        self.v6only: bool = v6 and (default_v6only if v6only is None else v6only)
        self.r: bool = r
        self.rp: bool = rp
        self.lb: bool = lb
        self.exclusive: bool = exclusive
        self.uid: int = uid
        self.privileged: bool = uid == 0 if privileged is None else privileged
        self.dev: str | None = dev
        self.addr: int = ANY6 if v6 else ANY4
        self.port: int = 0
        self.dst: int | None = None
        self.dport: int = 0
        self.begin()

    @abstractmethod
    def begin(self) -> None:
        """Set the fields that a system adds."""

    @abstractmethod
    def enter(self, state: State) -> None:
        """Bring a new record, which has its address and port, into *state*."""

    @abstractmethod
    def shown_state(self) -> State:
        """Return the state in the terms of ``Socket``."""

    @classmethod
    def of(cls, socket: Socket, *, default_v6only: bool) -> types.Self:
        """Return the record of *socket*."""
        sock = cls(
            tcp=socket.transport is Transport.TCP,
            v6=socket.address.version == 6,
            v6only=socket.v6only,
            r=socket.reuse_address,
            rp=socket.reuse_port,
            lb=socket.load_balance,
            exclusive=socket.exclusive,
            uid=socket.uid,
            privileged=socket.privileged,
            dev=socket.device,
            default_v6only=default_v6only,
        )
        sock.port = socket.port
        sock.set_addr(address_number(socket.address))
        sock.enter(socket.state)
        return sock

    def unbound_copy(self, uid: int) -> types.Self:
        """Return an unbound socket of the user *uid* with the options of this one."""
        return type(self)(
            tcp=self.tcp,
            v6=self.v6,
            v6only=self.v6only,
            r=self.r,
            rp=self.rp,
            lb=self.lb,
            exclusive=self.exclusive,
            uid=uid,
            dev=self.dev,
        )

    def connect(
        self, tuples: dict[types.FourTuple, list[types.Self]], dst: int, dport: int
    ) -> None:
        """Set the peer, and enter the 4-tuple in *tuples*."""
        self.dst, self.dport = dst, dport
        tuples.setdefault((self.addr, self.port, dst, dport), []).append(self)

    def disconnect(self, tuples: dict[types.FourTuple, list[types.Self]]) -> None:
        """Remove the 4-tuple from *tuples*, if the socket has a peer."""
        if self.dst is None:
            return
        key = (self.addr, self.port, self.dst, self.dport)
        socks = tuples[key]
        socks.remove(self)
        if not socks:
            del tuples[key]
        self.dst, self.dport = None, 0

    @property
    def wildcard(self) -> int:
        """The wildcard address of the socket's family."""
        return ANY6 if self.v6 else ANY4

    def set_addr(self, addr: int) -> None:
        """Set the local address."""
        self.addr = addr

    def check_v6only(self, options: Options) -> None:
        """Raise if *options* set v6only and the socket is an IPv4 one."""
        if options.v6only is not None and not self.v6:
            raise InvalidSocketError("v6only requires an inet6 socket", "an inet socket")

    def set_options(self, options: Options) -> None:
        """Set the options that every system has."""
        for field, own in _FIELDS:
            given = getattr(options, field)
            if given is not None:
                setattr(self, own, given)

    def public(self) -> Socket:
        """Return the public record.

        The constructor of Socket would check values that were checked already, which takes
        ten times as long as everything else, and a table describes a socket at every refusal.
        """
        socket = object.__new__(Socket)
        v6 = self.v6
        put = object.__setattr__
        put(socket, "transport", Transport.TCP if self.tcp else Transport.UDP)
        put(socket, "address", IPv6Address(self.addr) if v6 else IPv4Address(self.addr & _IPV4))
        put(socket, "port", self.port)
        put(socket, "v6only", self.v6only if v6 else None)
        put(socket, "reuse_address", self.r)
        put(socket, "reuse_port", self.rp)
        put(socket, "load_balance", self.lb)
        put(socket, "exclusive", self.exclusive)
        put(socket, "uid", self.uid)
        put(socket, "privileged", self.privileged)
        put(socket, "device", self.dev)
        put(socket, "state", self.shown_state())
        return socket
