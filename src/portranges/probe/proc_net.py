"""The tables of /proc/net of Linux: text only.

What lives here: the parser of tcp, tcp6, udp and udp6. It is pure and works on
every system.
What must not: a file (``proc``).

Facts, from net/ipv4/tcp_ipv4.c, udp.c and net/ipv6 of Linux 6.18. After a line
of heads each line is a socket: number, local and remote end, state, queues,
timer, retransmits, uid, timeout, inode. An address is the hexadecimal of its
bytes taken as numbers of 32 bits in the byte order of the machine; a port is
plain hexadecimal. A timer of "03:" tells in ticks when TIME_WAIT runs out.
"""

from __future__ import annotations

import sys
from socket import AF_INET, AF_INET6, inet_ntop

from portranges import types
from portranges.errors import UnexpectedOutputError, elide
from portranges.families import Family
from portranges.ports import Transport, check_transport, is_digits
from portranges.probe.model import SocketRecord, SocketState, check_family, record_of
from portranges.probe.query import transports_of
from portranges.probe.sock_diag import TCP_STATES

__all__ = ["parse_proc_net", "rows_of"]

# USER_HZ, in which Linux tells times to programs: 100 on all machines but Alpha.
_TICKS = 100.0

_SIZES = {Family.INET: 8, Family.INET6: 32}
_FAMILIES = {Family.INET: AF_INET, Family.INET6: AF_INET6}
_LONGEST_NUMBER = 20  # digits of 2 ** 64
_FIELDS = 10


def parse_proc_net(
    text: str,
    transport: types.TcpOrUdpLike,
    family: types.FamilyLike,
    *,
    byteorder: types.ByteOrder = sys.byteorder,
) -> tuple[SocketRecord, ...]:
    """Return the sockets of a table of /proc/net.

    Args:
        text: What the file holds.
        transport: Which file it is: the text does not tell.
        family: As *transport*.
        byteorder: That of the machine that wrote it.

    Returns:
        The records, without owners, in the order of the lines.

    Raises:
        UnknownNameError: *transport* or *family* is none.
        InvalidValueError: *transport* is neither TCP nor UDP.
        UnexpectedOutputError: *text* is not such a table.

    Complexity:
        Linear in *text*.

    Source:
        Linux 6.18, net/ipv4/tcp_ipv4.c, get_tcp4_sock().

    Example:
        >>> text = '''  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt
        ...    0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  33 0 5 1
        ... '''
        >>> parse_proc_net(text, "tcp", "inet", byteorder="little")
        (<SocketRecord tcp 127.0.0.1:8080 listen>,)
    """
    (chosen,) = transports_of(check_transport(transport))
    rows = rows_of(text, chosen, check_family(family), byteorder=byteorder)
    return tuple(map(record_of, rows))


def rows_of(
    text: str,
    transport: Transport,
    family: Family,
    *,
    byteorder: types.ByteOrder = sys.byteorder,
) -> list[types.ProbeRow]:
    """Return the sockets of a table as rows; else as ``parse_proc_net``."""
    heads, *lines = text.split("\n")
    if heads.split()[:2] != ["sl", "local_address"]:
        raise _unexpected(transport, family, "a line of heads", heads)
    addresses: dict[str, str] = {}
    rows: list[types.ProbeRow] = []
    for line in lines:
        fields = line.split()
        if not fields:
            continue
        try:
            rows.append(_row(fields, transport, family, addresses, byteorder))
        except (ValueError, LookupError):
            raise _unexpected(transport, family, "a line of a socket", line) from None
    return rows


def _row(
    fields: list[str],
    transport: Transport,
    family: Family,
    addresses: dict[str, str],
    byteorder: types.ByteOrder,
) -> types.ProbeRow:
    """Return one row; ValueError or LookupError where a field is none that is known."""
    if len(fields) < _FIELDS:
        raise ValueError
    _, local, remote, status, _, timer, _, uid, _, inode, *_ = fields
    address, port = _end(local, family, addresses, byteorder)
    remote_address, remote_port = _end(remote, family, addresses, byteorder)
    if transport is Transport.UDP:
        state = SocketState.ESTABLISHED if remote_port else SocketState.UNCONNECTED
    else:
        state = TCP_STATES[_hex(status, 2)]
    kind, _, ticks = timer.partition(":")
    left = _hex(ticks, len(ticks)) / _TICKS if _hex(kind, 2) == 3 else None
    return (
        transport,
        family,
        address,
        port,
        remote_address if remote_port else None,
        remote_port or None,
        state,
        None if state is SocketState.TIME_WAIT else _decimal(uid),
        _decimal(inode),
        None,
        left,
    )


def _end(
    text: str, family: Family, addresses: dict[str, str], byteorder: types.ByteOrder
) -> tuple[str, int]:
    packed, _, port = text.partition(":")
    address = addresses.get(packed)
    if address is None:
        octets = bytes.fromhex(packed)
        if len(packed) != _SIZES[family] or len(octets) * 2 != len(packed):
            raise ValueError
        if byteorder == "little":
            octets = b"".join(octets[at : at + 4][::-1] for at in range(0, len(octets), 4))
        address = addresses[packed] = inet_ntop(_FAMILIES[family], octets)
    return address, _hex(port, 4)


def _hex(text: str, size: int) -> int:
    # int() alone takes signs, underscores and the digits of every script.
    if not 0 < len(text) == size <= _LONGEST_NUMBER or not _HEX.issuperset(text):
        raise ValueError
    return int(text, 16)


_HEX = frozenset("0123456789abcdefABCDEF")


def _decimal(text: str) -> int:
    if len(text) > _LONGEST_NUMBER or not is_digits(text):
        raise ValueError
    return int(text)


def _unexpected(
    transport: Transport, family: Family, rule: str, line: str
) -> UnexpectedOutputError:
    name = transport.value + ("6" if family is Family.INET6 else "")
    return UnexpectedOutputError(
        f"the socket table from /proc/net/{name}", f"expected {rule}, got {elide(line)}"
    )
