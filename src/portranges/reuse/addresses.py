"""Addresses as integers of 128 bits, with IPv4 as ``::ffff:a.b.c.d``.

The state machines work with these numbers and test them with the predicates here. A ``Socket``
has addresses of ``ipaddress``.
"""

from __future__ import annotations

from enum import Enum, auto
from ipaddress import IPv4Address, IPv6Address

from portranges import types
from portranges.errors import InvalidSocketError, elide
from portranges.reuse.model import parsed_address, shown_address

MAPPED = 0xFFFF
ANY6 = 0
ANY4 = MAPPED << 32
_WILD = (ANY6, ANY4)
LOOPBACK4 = ANY4 | 0x7F000001
LOOPBACK6 = 1
BROADCAST = ANY4 | 0xFFFFFFFF

# The machine's own address, if the caller does not pass the source of a route: from the
# blocks for documentation (RFC 5737, RFC 3849).
_SOURCE4 = ANY4 | 0xC0000201
_SOURCE6 = 0x20010DB8 << 96 | 1


class Kind(Enum):
    """The kinds of address that bind() and connect() distinguish."""

    WILDCARD = auto()
    BROADCAST = auto()
    MULTICAST = auto()
    LINK_LOCAL = auto()
    HOST = auto()


def kind_of(addr: int) -> Kind:
    """Return the kind of *addr*; BROADCAST is 255.255.255.255, LINK_LOCAL fe80::/10."""
    if is_wild(addr):
        return Kind.WILDCARD
    if addr == BROADCAST:
        return Kind.BROADCAST
    if is_multicast4(addr) or addr >> 120 == 0xFF:
        return Kind.MULTICAST
    return Kind.LINK_LOCAL if addr >> 118 == 0xFE80 >> 6 else Kind.HOST


def is_wild(addr: int) -> bool:
    """Return whether *addr* is ``::``, ``0.0.0.0`` or ``::ffff:0.0.0.0``."""
    return addr in _WILD


def overlap(addr: int, other: int) -> bool:
    """Return whether two addresses of one IP version are equal, or one is the wildcard."""
    return addr == other or addr in _WILD or other in _WILD


def is_mapped(addr: int) -> bool:
    """Return whether *addr* is an IPv4 address."""
    return addr >> 32 == MAPPED


def is_multicast4(addr: int) -> bool:
    """Return whether *addr* is an IPv4 multicast address, in 224/4."""
    return addr >> 28 == (MAPPED << 4 | 0xE)


def is_loopback(addr: int) -> bool:
    """Return whether *addr* is in 127/8, plain or mapped, or is ``::1``."""
    return addr == LOOPBACK6 or addr >> 24 == (MAPPED << 8 | 127)


def address_number(address: IPv4Address | IPv6Address) -> int:
    """Return *address* as 128 bits; an IPv4 address becomes ``::ffff:a.b.c.d``."""
    return int(address) if address.version == 6 else ANY4 | int(address)


def shown_number(number: int) -> str:
    """Return an address of 128 bits as text, ``::ffff:192.0.2.1`` as ``192.0.2.1``."""
    if is_mapped(number):
        return str(IPv4Address(number & 0xFFFFFFFF))
    return str(IPv6Address(number))


def checked_local_addresses(
    values: types.Iterable[types.AddressLike] | None,
) -> frozenset[int] | None:
    """Return the machine's addresses as numbers, None meaning every address, or raise."""
    if values is None:
        return None
    if isinstance(values, str):
        raise TypeError("local_addresses must be addresses, got a str; put it in a list")
    try:
        each = iter(values)
    except TypeError:
        name = type(values).__name__
        raise TypeError(f"local_addresses must be addresses, got {name}") from None
    return frozenset(map(_checked_local, each))


def _checked_local(value: types.AddressLike) -> int:
    """Return *value* as an address that a machine can have, or raise."""
    address = parsed_address(value)
    # Interfaces are listed with fe80::1%eth0. Which interface it is does not matter here.
    if isinstance(address, IPv6Address) and address.scope_id and not address.is_link_local:
        raise InvalidSocketError(
            "only a link-local address has a zone", elide(shown_address(address))
        )
    number = address_number(address)
    if kind_of(number) in (Kind.WILDCARD, Kind.MULTICAST, Kind.BROADCAST):
        raise InvalidSocketError(
            "local_addresses must be addresses of the machine, not a wildcard, multicast or "
            "broadcast address",
            shown_address(address),
        )
    return number


def check_source(source: int, dst: int, is_local: types.Callable[[int], bool]) -> None:
    """Raise unless a connection to *dst* can come from *source*."""
    if is_mapped(source) is not is_mapped(dst) or is_wild(source):
        raise InvalidSocketError(
            "source must be a specific address of the destination's family", shown_number(source)
        )
    _check_local("source", source, is_local)


def _check_local(name: str, addr: int, is_local: types.Callable[[int], bool]) -> None:
    if not is_local(addr):
        raise InvalidSocketError(
            f"{name} must be an address of the machine",
            f"{shown_number(addr)}; pass it in local_addresses",
        )


def route_source(dst: int, local_addresses: frozenset[int] | None) -> int:
    """Return the source address of the route to *dst*, if the caller passes none."""
    v4 = is_mapped(dst)
    if is_loopback(dst):
        return LOOPBACK4 if v4 else LOOPBACK6
    if local_addresses is None:
        return _SOURCE4 if v4 else _SOURCE6
    if dst in local_addresses:
        return dst
    for addr in sorted(local_addresses):
        if is_mapped(addr) is v4 and not is_loopback(addr):
            return addr
    raise InvalidSocketError(
        "connect() requires a local address of the destination's family", "none; pass source="
    )


def accepted_address(
    bound: int,
    *,
    v6only: bool,
    local: int | None,
    peer: int | None,
    is_local: types.Callable[[int], bool],
) -> int:
    """Return the local address of a connection from *peer* to a listener at *bound*.

    *local* is the address that the peer connected to, or None if unknown.
    """
    if peer is not None and is_wild(peer):
        raise InvalidSocketError("peer must be a specific address", shown_number(peer))
    if not is_wild(bound):
        if local is not None and local != bound:
            raise InvalidSocketError(
                "local must be the address that the listener is bound to", shown_number(local)
            )
        near = bound
    elif local is None:
        over_v4 = bound == ANY4 or (peer is not None and is_mapped(peer) and not v6only)
        near = LOOPBACK4 if over_v4 else LOOPBACK6
    else:
        mapped = is_mapped(local)
        if is_wild(local) or (mapped and v6only) or (not mapped and bound == ANY4):
            raise InvalidSocketError(
                "local must be an address that the listener accepts connections at",
                shown_number(local),
            )
        _check_local("local", local, is_local)
        near = local
    if peer is not None and is_mapped(peer) is not is_mapped(near):
        raise InvalidSocketError(
            f"peer must have the IP version of the local address, {shown_number(near)}",
            shown_number(peer),
        )
    return near
