"""The parser of the Linux tables /proc/net/tcp, tcp6, udp and udp6.

It parses text only and works on every system; ``proc`` reads the files. The format, from
net/ipv4/tcp_ipv4.c, udp.c and net/ipv6 of Linux 6.18: after a header, each line is a socket
with number, local and remote address, state, queues, timer, retransmits, uid, timeout and
inode. An address is a sequence of 32-bit numbers in hexadecimal, in the byte order of the
machine; a port is plain hexadecimal. A timer "03:" counts the ticks until TIME_WAIT ends.
"""

from __future__ import annotations

import sys
from functools import partial
from socket import inet_ntop

from portranges import checks, types
from portranges.errors import UnexpectedOutputError, elide
from portranges.families import Family
from portranges.ports import Transport, check_transport, is_digits
from portranges.probe.query import transports_of
from portranges.probe.record import ADDRESS_FAMILIES, SocketRecord, record_of
from portranges.probe.row import Row, SocketState
from portranges.probe.sock_diag import TCP_STATES, Texts

# USER_HZ, the unit of times that Linux reports to programs: 100 on all machines except Alpha.
_TICKS = 100.0

_SIZES = {Family.INET: 8, Family.INET6: 32}
_LONGEST_NUMBER = 20  # digits of 2**64
_FIELDS = 10
_HEX = frozenset("0123456789abcdefABCDEF")


def parse_proc_net(
    text: str,
    transport: types.TcpOrUdpLike,
    family: types.FamilyLike,
    *,
    byteorder: types.ByteOrder = sys.byteorder,
) -> tuple[SocketRecord, ...]:
    """Return the sockets in a table of /proc/net, without owners, in the order of the lines.

    Args:
        text: The content of the file.
        transport: The transport of the file, which the text does not contain.
        family: The family of the file.
        byteorder: The byte order of the machine that wrote it.

    Raises:
        TypeError: An argument has the wrong type.
        UnknownNameError: *transport* or *family* is unknown.
        InvalidValueError: *transport* is neither TCP nor UDP, or *byteorder* is unknown.
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
    of_family = checks.member("family", family, Family)
    order = checks.byteorder(byteorder)
    rows = rows_of(checks.of_type("text", text, str), chosen, of_family, byteorder=order)
    return tuple(map(record_of, rows))


def rows_of(
    text: str, transport: Transport, family: Family, *, byteorder: types.ByteOrder = sys.byteorder
) -> list[Row]:
    """Return the sockets in a table as rows; see ``parse_proc_net``."""
    header, *lines = text.split("\n")
    if header.split()[:2] != ["sl", "local_address"]:
        raise _unexpected(transport, family, "a header", header)
    addresses = Texts(partial(_address, family=family, byteorder=byteorder))
    rows: list[Row] = []
    for line in lines:
        fields = line.split()
        if not fields:
            continue
        try:
            rows.append(_row(fields, transport, family, addresses))
        except (ValueError, LookupError):
            raise _unexpected(transport, family, "a line with a socket", line) from None
    return rows


def decimal(text: str) -> int:
    """Return the number that the decimal digits of *text* form.

    Raises:
        ValueError: *text* has other characters, or is too long for a number of 64 bits.
    """
    if len(text) > _LONGEST_NUMBER or not is_digits(text):
        raise ValueError
    return int(text)


def _row(fields: list[str], transport: Transport, family: Family, addresses: Texts) -> Row:
    """Return one row.

    Raises:
        ValueError: A field is not in the known format.
        LookupError: A field has an unknown value.
    """
    if len(fields) < _FIELDS:
        raise ValueError
    _, local, remote, status, _, timer, _, uid, _, inode, *_ = fields
    address, port = _endpoint(local, addresses)
    remote_address, remote_port = _endpoint(remote, addresses)
    if transport is Transport.UDP:
        state = SocketState.ESTABLISHED if remote_port else SocketState.UNCONNECTED
    else:
        state = TCP_STATES[_hex(status, 2)]
    kind, _, ticks = timer.partition(":")
    left = _hex(ticks, len(ticks)) / _TICKS if _hex(kind, 2) == 3 else None
    # Written as one tuple: joining two makes the whole table 8 % slower.
    return (
        transport,
        family,
        address,
        port,
        remote_address if remote_port else None,
        remote_port or None,
        state,
        None if state is SocketState.TIME_WAIT else decimal(uid),
        decimal(inode),
        None,
        left,
        None,
    )


def _endpoint(text: str, addresses: Texts) -> tuple[str, int]:
    packed, _, port = text.partition(":")
    return addresses[packed], _hex(port, 4)


def _address(packed: str, family: Family, byteorder: types.ByteOrder) -> str:
    octets = bytes.fromhex(packed)
    if len(packed) != _SIZES[family] or len(octets) * 2 != len(packed):
        raise ValueError
    if byteorder == "little":
        octets = b"".join(octets[at : at + 4][::-1] for at in range(0, len(octets), 4))
    return inet_ntop(ADDRESS_FAMILIES[family], octets)


def _hex(text: str, size: int) -> int:
    # int() alone accepts signs, underscores and the digits of every script.
    if not 0 < len(text) == size <= _LONGEST_NUMBER or not _HEX.issuperset(text):
        raise ValueError
    return int(text, 16)


def _unexpected(
    transport: Transport, family: Family, rule: str, line: str
) -> UnexpectedOutputError:
    name = transport.value + ("6" if family is Family.INET6 else "")
    return UnexpectedOutputError(
        f"the socket table from /proc/net/{name}", f"expected {rule}, got {elide(line)}"
    )
