"""Addresses that cannot be an end of a socket: broadcast, multicast, the wildcard as a peer.

A system has a row for each kind of address that bind() or connect() refuses; ``addresses``
defines the kinds. An interface's own broadcast address is not among them, because netmasks are
not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from portranges.reuse.addresses import Kind, is_mapped, kind_of
from portranges.reuse.others.sock import Sock


class Call(Enum):
    """The call that is given an address."""

    BIND = auto()
    CONNECT = auto()


@dataclass(frozen=True, slots=True)
class AddressRule:
    """The kinds of address that a call refuses, IPv4-mapped ones included.

    ``rule`` is the name of the rule that refuses them. ``tcp`` is True for TCP, False for UDP and
    None for both. With ``early`` the kernel checks the kind before it compares the families of
    the socket and the peer; it always checks an IPv4-mapped address later. With ``even_v6only``
    it checks an IPv4-mapped address even if the socket is IPv6-only.
    """

    rule: str
    call: Call
    kinds: tuple[Kind, ...]
    tcp: bool | None = None
    early: bool = True
    even_v6only: bool = False

    def applies(self, sock: Sock, addr: int, call: Call, *, early: bool | None = None) -> bool:
        """Return whether the row refuses *addr* to *sock*; *early* selects when it is checked."""
        if call is not self.call or self.tcp not in (None, sock.tcp):
            return False
        if early is not None and early is not (self.early and not (sock.v6 and is_mapped(addr))):
            return False
        skipped = sock.v6only and is_mapped(addr) and not self.even_v6only
        return not skipped and kind_of(addr) in self.kinds
