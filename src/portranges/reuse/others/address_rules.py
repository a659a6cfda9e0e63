"""Addresses that cannot be an end of a socket: broadcast, multicast, the wildcard as a peer.

A system has a row for each kind of address that bind() or connect() refuses; ``addresses``
defines the kinds. An interface's own broadcast address is not among them, because netmasks are
not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from portranges import types
from portranges.reuse.addresses import Kind, is_mapped, kind_of
from portranges.reuse.model import Rule
from portranges.reuse.others.sock import Sock

__all__ = ["AddressRule", "Call", "refusing_rule"]


class Call(Enum):
    """The call that is given an address."""

    BIND = auto()
    CONNECT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRule:
    """The kinds of address that a call refuses.

    Attributes:
        call: The call.
        kinds: The kinds of address, IPv4-mapped ones included.
        rule: The rule that refuses them.
        tcp: Whether it is about TCP (True), UDP (False) or both (None).
        early: Whether the kernel checks the kind before it compares the families of the
            socket and the peer. It always checks an IPv4-mapped address later.
        even_v6only: Whether the kernel checks an IPv4-mapped address even if the socket is
            IPv6-only.
    """

    call: Call
    kinds: frozenset[Kind]
    rule: Rule
    tcp: bool | None = None
    early: bool = True
    even_v6only: bool = False

    def applies(self, sock: Sock, addr: int, call: Call) -> bool:
        """Return whether the row refuses *addr* to *sock*."""
        if call is not self.call or self.tcp not in (None, sock.tcp):
            return False
        skipped = sock.v6only and is_mapped(addr) and not self.even_v6only
        return not skipped and kind_of(addr) in self.kinds


def refusing_rule(
    address_rules: types.Iterable[AddressRule],
    sock: Sock,
    addr: int,
    call: Call,
    *,
    early: bool | None = None,
) -> Rule | None:
    """Return the rule that refuses *addr*, or None.

    *early* selects the rows that the kernel checks before it compares the families, or after.
    """
    for row in address_rules:
        first = row.early and not (sock.v6 and is_mapped(addr))
        if early in (None, first) and row.applies(sock, addr, call):
            return row.rule
    return None
