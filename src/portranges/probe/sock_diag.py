"""The sock_diag messages in which Linux requests and reports sockets.

Requests and the parser of the answer work on bytes only, on every system; ``netlink`` sends and
receives them. The format, from include/uapi/linux/inet_diag.h and netlink.h: each message starts
with a nlmsghdr of length (u32), type (u16), flags (u16), sequence number (u32) and port id (u32).
For type 20 or 18, an inet_diag_msg of 72 bytes follows: family, state, timer, retrans (u8 each),
source and destination port (u16, big-endian), source and destination address (16 bytes each),
interface (u32), cookie (u64), expires in ms, rqueue, wqueue, uid and inode (u32 each). Then come
attributes, each with length (u16), type (u16) and data, padded to 4 bytes. Everything except ports
and addresses is in the byte order of the machine.
"""

from __future__ import annotations

import os
import struct
import sys
from functools import partial
from socket import AF_INET, AF_INET6, inet_ntop

from portranges import checks, types
from portranges.errors import SystemReadError, UnexpectedOutputError, reason_of
from portranges.families import Family
from portranges.ports import Transport, check_transport
from portranges.probe import row as col
from portranges.probe.query import transports_of
from portranges.probe.record import SocketRecord, record_of
from portranges.probe.row import Row, SocketState

# The numbers that Linux uses; the parsing system may have others.
FAMILIES = {Family.INET: 2, Family.INET6: 10}
PROTOCOLS = {Transport.TCP: 6, Transport.UDP: 17}

# include/net/tcp_states.h. A socket in NEW_SYN_RECV is reported as SYN_RECV, and a socket that is
# only bound (since Linux 6.8) as CLOSE.
TCP_STATES = {
    1: SocketState.ESTABLISHED,
    2: SocketState.SYN_SENT,
    3: SocketState.SYN_RECEIVED,
    4: SocketState.FIN_WAIT_1,
    5: SocketState.FIN_WAIT_2,
    6: SocketState.TIME_WAIT,
    7: SocketState.CLOSED,
    8: SocketState.CLOSE_WAIT,
    9: SocketState.LAST_ACK,
    10: SocketState.LISTEN,
    11: SocketState.CLOSING,
    12: SocketState.SYN_RECEIVED,
    13: SocketState.CLOSED,
}

_WHAT = "the socket table by sock_diag"

_DUMP_REQUEST = 0x301  # NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
_TCP_OF_ALL = 18  # TCPDIAG_GETSOCK
_NOOP, _ERROR, _DONE = 1, 2, 3
_MAX_ERRNO = 4095
_HEADER = 16
_MESSAGE = 88  # the header and inet_diag_msg
_V6ONLY = 11  # INET_DIAG_SKV6ONLY
_EXPIRY_TIMER = 3  # in TIME_WAIT, and in FIN_WAIT_2 without a process


class KernelRefusedError(OSError):
    """The kernel refused the request; the errno comes from its answer."""


def pack_requests(
    transport: Transport, states: types.Iterable[SocketState], port: int | None = None
) -> tuple[bytes, ...]:
    """Return the requests for the sockets in some states, on one local port or on all.

    For TCP, one request of the older type has no family and returns both, so that the kernel
    walks its table only once. Port 0 means "any port" to the kernel; no socket has it.
    """
    wanted = set(states)
    ends = struct.pack(">H46x", port or 0)
    if transport is Transport.TCP:
        bits = sum(1 << number for number, state in TCP_STATES.items() if state in wanted)
        head = struct.pack("=IHHII", 76, _TCP_OF_ALL, _DUMP_REQUEST, 1, 0)
        return (
            head + bytes([FAMILIES[Family.INET], 0, 0, 0]) + ends + struct.pack("=II", bits, 0),
        )
    # The kernel reports an unconnected UDP socket as CLOSE.
    bits = (SocketState.ESTABLISHED in wanted) << 1 | (SocketState.UNCONNECTED in wanted) << 7
    head = struct.pack("=IHHII", 72, _BY_FAMILY, _DUMP_REQUEST, 1, 0)
    return tuple(
        head + struct.pack("=BBBBI", number, PROTOCOLS[transport], 0, 0, bits) + ends
        for number in FAMILIES.values()
    )


def parse_sock_diag(
    data: bytes, transport: types.TcpOrUdpLike, *, byteorder: types.ByteOrder = sys.byteorder
) -> tuple[SocketRecord, ...]:
    """Return the sockets in an answer of sock_diag, without owners.

    A socket that is listed twice, by its cookie, is returned once.

    Args:
        data: The received messages up to the end of the answer, concatenated. Several answers may
            follow each other, as for UDP, where each family is one request.
        transport: The transport that was requested; the messages do not contain it.
        byteorder: The byte order of the machine that wrote them.

    Raises:
        TypeError: An argument has the wrong type.
        UnknownNameError: *transport* is unknown.
        InvalidValueError: *transport* is neither TCP nor UDP, or *byteorder* is unknown.
        UnexpectedOutputError: *data* does not consist of such messages, or is incomplete.
        SystemReadError: The kernel refused the request.

    Complexity:
        Linear in *data*.

    Source:
        Linux, include/uapi/linux/inet_diag.h, netlink.h.

    Example:
        >>> done = bytes.fromhex("14000000 0300 0200 01000000 00000000 00000000")
        >>> parse_sock_diag(done, "tcp", byteorder="little")
        ()
    """
    (chosen,) = transports_of(check_transport(transport))
    checks.of_type("data", data, bytes)
    byteorder = checks.byteorder(byteorder)
    blocks: types.AttributeBlocks = {}
    try:
        if not add_blocks(data, blocks, byteorder=byteorder):
            raise _unexpected("expected an end of the answer", "none")
    except KernelRefusedError as refusal:
        raise SystemReadError(_WHAT, reason_of(refusal)) from None
    rows = rows_of(blocks, chosen, byteorder=byteorder)
    return tuple(map(record_of, rows))


class Texts(dict[bytes | str, str]):
    """The texts of addresses; a table contains few different ones, each many times."""

    def __init__(self, text: types.Callable[[types.Any], str]) -> None:
        """Keep the function that converts an address to text."""
        super().__init__()
        self._text = text

    def __missing__(self, packed: bytes | str) -> str:
        """Convert *packed*, and keep the text."""
        text = self[packed] = self._text(packed)
        return text


_SOCKETS = (_BY_FAMILY, _TCP_OF_ALL)
_BYTE_ORDERS = {"little": "<", "big": ">"}


def add_blocks(
    data: bytes, blocks: types.AttributeBlocks, *, byteorder: types.ByteOrder = sys.byteorder
) -> bool:
    """Add the messages of *data* to *blocks* by length and family; return whether an end is last.

    The length of a message depends on its attributes, which are the same for nearly all
    sockets. struct then unpacks messages of one length in half the time that it needs for them
    one by one.

    Raises:
        UnexpectedOutputError: *data* does not consist of complete messages.
        KernelRefusedError: The kernel refused the request.
    """
    size = len(data)
    unpack = struct.Struct(f"{_BYTE_ORDERS[byteorder]}IH").unpack_from
    if size >= _MESSAGE:
        # Most datagrams have messages of one length, type and family: compare column by column.
        length, kind = unpack(data)
        if length >= _MESSAGE and length % 4 == 0 == size % length and kind in _SOCKETS:
            count = size // length
            if all(data[at::length].count(data[at]) == count for at in (0, 1, 2, 3, 4, 5, 16)):
                blocks.setdefault((length, data[16]), []).append(data)
                return False
    offset, ended = 0, False
    while offset < size:
        if size - offset < _HEADER:
            raise _unexpected(f"expected a header of {_HEADER} bytes", size - offset)
        length, kind = unpack(data, offset)
        least = _MESSAGE if kind in _SOCKETS else _HEADER
        if not least <= length <= size - offset:
            sizes = f"{least} to {size - offset}" if size - offset >= least else f"{least}"
            raise _unexpected(f"expected a message of {sizes} bytes", length)
        message = data[offset : offset + length]
        if kind in _SOCKETS:
            blocks.setdefault((length, message[16]), []).append(message)
            ended = False
        elif _is_last(message, kind, byteorder):
            ended = True
        offset += length + 3 & ~3
    return ended


def rows_of(
    blocks: types.AttributeBlocks,
    transport: Transport,
    *,
    byteorder: types.ByteOrder = sys.byteorder,
) -> list[Row]:
    """Return the sockets in *blocks*, each once.

    Raises:
        UnexpectedOutputError: A family or a state is unknown.
    """
    # By cookie: a socket that opens during the dump moves those behind it in a hash chain, and
    # the kernel may list one of them twice.
    rows: dict[int, Row] = {}
    for (length, family), messages in blocks.items():
        block = b"".join(messages)
        found = _rows(block, length, family, transport, byteorder)
        if length > _MESSAGE and family == FAMILIES[Family.INET6]:
            _add_v6only(found, block, length, byteorder)
        # Nearly all sockets are in one block, which need not be copied.
        rows = rows | found if rows else found
    return list(rows.values())


def _rows(
    block: bytes, length: int, number: int, transport: Transport, byteorder: types.ByteOrder
) -> dict[int, Row]:
    """Return the rows of messages of one length and family, by cookie."""
    if number == FAMILIES[Family.INET]:
        family, texts = Family.INET, Texts(lambda packed: inet_ntop(AF_INET, packed[:4]))
    elif number == FAMILIES[Family.INET6]:
        family, texts = Family.INET6, Texts(partial(inet_ntop, AF_INET6))
    else:
        raise _unexpected("expected a family of 2 or 10", number)
    states, is_tcp, waits = TCP_STATES, transport is Transport.TCP, SocketState.TIME_WAIT
    connected, unconnected = SocketState.ESTABLISHED, SocketState.UNCONNECTED
    native = struct.iter_unpack(
        f"{_BYTE_ORDERS[byteorder]}17xBB5x16s16s4xQI8xII{length - _MESSAGE}x", block
    )
    ports = struct.iter_unpack(f">20xHH{length - 24}x", block)
    try:
        return {
            cookie: (
                transport,
                family,
                texts[address],
                port,
                texts[remote_address] if remote_port else None,
                remote_port or None,
                state,
                None if state is waits else uid,
                inode,
                None,
                expires / 1000 if timer == _EXPIRY_TIMER else None,
                None,
            )
            for (code, timer, address, remote_address, cookie, expires, uid, inode), (
                port,
                remote_port,
            ) in zip(native, ports, strict=True)
            for state in (states[code] if is_tcp else connected if remote_port else unconnected,)
        }
    except KeyError as error:
        raise _unexpected("expected a state of 1 to 13", error.args[0]) from None


def _add_v6only(
    rows: dict[int, Row], block: bytes, length: int, byteorder: types.ByteOrder
) -> None:
    """Add the value of IPV6_V6ONLY to the *rows* of sockets without a remote address."""
    high, low = block[22::length], block[23::length]
    for at, port in enumerate(zip(high, low, strict=True)):
        if port == (0, 0):
            message = block[at * length : (at + 1) * length]
            (cookie,) = struct.unpack_from(f"{_BYTE_ORDERS[byteorder]}Q", message, 60)
            row = rows[cookie]
            rows[cookie] = (*row[: col.V6ONLY], _v6only(message, byteorder), *row[col.EXPIRES_IN :])


def _is_last(message: bytes, kind: int, byteorder: types.ByteOrder) -> bool:
    """Return whether a message that does not describe a socket ends the answer."""
    if kind in (_ERROR, _DONE):
        # Both start with a negative errno. A kernel without udp_diag, or one that gives up in the
        # middle of its table, ends the answer normally with _DONE: netlink_dump_done().
        name = "an error" if kind == _ERROR else "an end"
        if len(message) < _HEADER + 4:
            raise _unexpected(f"expected {name} of 20 bytes or more", len(message))
        code = -int.from_bytes(message[16:20], byteorder, signed=True)
        if kind == _ERROR or code > 0:
            # No errno is larger (include/linux/err.h), and strerror() takes a C int.
            known = 0 < code <= _MAX_ERRNO
            raise KernelRefusedError(code, os.strerror(code) if known else f"error {code}")
        return True
    if kind != _NOOP:
        raise _unexpected("expected a message of type 1, 2, 3, 18 or 20", kind)
    return False


def _v6only(message: bytes, byteorder: types.ByteOrder) -> bool | None:
    """Return the value of the attribute INET_DIAG_SKV6ONLY, or None if it is absent."""
    unpack = struct.Struct(f"{_BYTE_ORDERS[byteorder]}HH").unpack_from
    offset, stop = _MESSAGE, len(message)
    while stop - offset >= 4:
        length, kind = unpack(message, offset)
        if not 4 <= length <= stop - offset:
            raise _unexpected(f"expected an attribute of 4 to {stop - offset} bytes", length)
        if kind == _V6ONLY and length > 4:
            return message[offset + 4] != 0
        offset += length + 3 & ~3
    return None


def _unexpected(rule: str, got: object) -> UnexpectedOutputError:
    return UnexpectedOutputError(_WHAT, f"{rule}, got {got}")
