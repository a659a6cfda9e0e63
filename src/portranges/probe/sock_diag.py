"""The messages of sock_diag, by which Linux tells its sockets: bytes only.

What lives here: the request, and the parser of the answer. Both are pure and
work on every system.
What must not: a socket of netlink (``netlink``).

Facts, from include/uapi/linux/inet_diag.h and netlink.h. Each message starts
with a nlmsghdr: length (u32), type (u16), flags (u16), sequence number (u32),
port id (u32). For type 20 an inet_diag_msg of 72 bytes follows: family, state,
timer, retrans (u8 each), source and destination port (u16, big-endian),
source and destination address (16 bytes each), interface (u32), cookie (u64),
expires in ms, rqueue, wqueue, uid, inode (u32 each); then attributes, each of
length (u16), type (u16) and data, padded to 4 bytes. All but ports and
addresses are in the byte order of the machine.
"""

from __future__ import annotations

import struct
import sys
from functools import partial
from socket import AF_INET, AF_INET6, inet_ntop

from portranges.errors import SystemReadError, UnexpectedOutputError
from portranges.ports import Transport, check_transport
from portranges.probe.model import Family, SocketRecord, State, record_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Literal, TypeAlias

    from portranges.probe.model import Row, TransportLike

    ByteOrder: TypeAlias = Literal["little", "big"]

__all__ = [
    "FAMILIES",
    "PROTOCOLS",
    "TCP_STATES",
    "KernelRefusedError",
    "pack_request",
    "parse_sock_diag",
    "read_rows",
    "reason_of",
]

# The numbers of Linux, whatever the system that parses.
FAMILIES = {Family.INET: 2, Family.INET6: 10}
PROTOCOLS = {Transport.TCP: 6, Transport.UDP: 17}

# include/net/tcp_states.h. A socket in NEW_SYN_RECV is reported as SYN_RECV,
# one that is bound only (since Linux 6.8) as CLOSE.
TCP_STATES: tuple[State | None, ...] = (
    None,
    State.ESTABLISHED,
    State.SYN_SENT,
    State.SYN_RECEIVED,
    State.FIN_WAIT_1,
    State.FIN_WAIT_2,
    State.TIME_WAIT,
    State.CLOSED,
    State.CLOSE_WAIT,
    State.LAST_ACK,
    State.LISTEN,
    State.CLOSING,
    State.SYN_RECEIVED,
    State.CLOSED,
)

_WHAT = "the socket table by sock_diag"

_DUMP_REQUEST = 0x301  # NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
_NOOP, _ERROR, _DONE = 1, 2, 3
_HEADER = 16
_MESSAGE = 88  # the header and inet_diag_msg
_V6ONLY = 11  # INET_DIAG_SKV6ONLY
_TIMER_RUNS_OUT = 3  # the timer of TIME_WAIT, and of FIN_WAIT_2 without a process


class KernelRefusedError(OSError):
    """The kernel's own answer that it will not tell; it has an errno."""


def pack_request(
    transport: Transport, family: Family, states: Iterable[State], port: int | None = None
) -> bytes:
    """Return the request for all sockets in some states, on one local port or any."""
    bits = sum({1 << number for number, state in enumerate(TCP_STATES) if state in set(states)})
    if transport is Transport.UDP:
        # A UDP socket is in CLOSE until it is connected.
        wanted = set(states)
        bits = (State.ESTABLISHED in wanted) << 1 | (State.UNCONNECTED in wanted) << 7
    return (
        struct.pack("=IHHII", 72, _BY_FAMILY, _DUMP_REQUEST, 1, 0)
        + struct.pack("=BBBBI", FAMILIES[family], PROTOCOLS[transport], 0, 0, bits)
        + struct.pack(">H46x", port or 0)
    )


def parse_sock_diag(
    data: bytes, transport: TransportLike, *, byteorder: ByteOrder = sys.byteorder
) -> tuple[SocketRecord, ...]:
    """Return the sockets of an answer of sock_diag.

    Args:
        data: What was received: whole messages, one after the other.
        transport: What was asked for; the messages do not tell.
        byteorder: That of the machine that wrote them.

    Returns:
        The records, without owners. A socket that is in it twice, by its
        cookie, is told once.

    Raises:
        UnexpectedOutputError: *data* is not such messages.
        SystemReadError: It says that the kernel refused.

    Complexity:
        Linear in *data*.

    Source:
        Linux, include/uapi/linux/inet_diag.h, netlink.h.

    Example:
        >>> done = bytes.fromhex("14000000 0300 0200 01000000 00000000 00000000")
        >>> parse_sock_diag(done, "tcp", byteorder="little")
        ()
    """
    rows: dict[int, Row] = {}
    try:
        read_rows(data, check_transport(transport), rows, byteorder=byteorder)
    except KernelRefusedError as refusal:
        raise SystemReadError(_WHAT, reason_of(refusal)) from None
    return tuple(map(record_of, rows.values()))


def reason_of(error: OSError) -> str:
    """Return what *error* says, in lower case."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


class _Addresses(dict[bytes, str]):
    """Texts of addresses; a table has few, and each many times."""

    def __init__(self, text: Callable[[bytes], str]) -> None:
        """Keep how a *text* is made."""
        super().__init__()
        self._text = text

    def __missing__(self, packed: bytes) -> str:
        """Make the text of *packed*."""
        text = self[packed] = self._text(packed)
        return text


_STRUCTS = {
    order: struct.Struct(sign + "IH10xBBBxHH16s16s4xQI8xII").unpack_from
    for order, sign in (("little", "<"), ("big", ">"))
}
_HEADERS = {
    order: struct.Struct(sign + "IH").unpack_from for order, sign in (("little", "<"), ("big", ">"))
}


def read_rows(
    data: bytes, transport: Transport, rows: dict[int, Row], *, byteorder: ByteOrder = sys.byteorder
) -> bool:
    """Put the sockets of *data* into *rows*, by their cookies.

    Returns:
        Whether the kernel said that it is done.

    Raises:
        UnexpectedOutputError: *data* is not such messages.
        KernelRefusedError: The kernel said that it will not tell.
    """
    unpack = _STRUCTS[byteorder]
    little = byteorder == "little"
    states = TCP_STATES
    is_tcp = transport is Transport.TCP
    families = {
        2: (Family.INET, _Addresses(lambda packed: inet_ntop(AF_INET, packed[:4]))),
        10: (Family.INET6, _Addresses(partial(inet_ntop, AF_INET6))),
    }
    # struct tells no types.
    length: int
    kind: int
    number: int
    code: int
    offset, size = 0, len(data)
    while offset < size:
        if size - offset < _MESSAGE:
            offset, done = _other(data, offset, byteorder)
            if done:
                return True
            continue
        (
            length, kind, number, code, timer, port, remote_port, address, remote_address,
            cookie, expires, uid, inode,
        ) = unpack(data, offset)  # fmt: skip
        if kind != _BY_FAMILY:
            offset, done = _other(data, offset, byteorder)
            if done:
                return True
            continue
        if length < _MESSAGE or offset + length > size:
            raise _unexpected(f"expected a message of {_MESSAGE} to {size - offset} bytes", length)
        if little:
            port = port >> 8 | (port & 255) << 8
            remote_port = remote_port >> 8 | (remote_port & 255) << 8
        try:
            family, texts = families[number]
            state = states[code]
        except LookupError:
            rule = "expected a family of 2 or 10 and a state of 1 to 13"
            raise _unexpected(rule, f"{number} and {code}") from None
        if not is_tcp:
            state = State.ESTABLISHED if remote_port else State.UNCONNECTED
        elif state is None:
            raise _unexpected("expected a state of 1 to 13", code)
        v6only = None
        if length > _MESSAGE and number == 10 and not remote_port:
            v6only = _v6only(data, offset + _MESSAGE, offset + length, byteorder)
        rows[cookie] = (
            transport,
            family,
            texts[address],
            port,
            texts[remote_address] if remote_port else None,
            remote_port or None,
            state,
            None if state is State.TIME_WAIT else uid,
            inode,
            v6only,
            expires / 1000 if timer == _TIMER_RUNS_OUT else None,
        )
        offset += length + 3 & ~3
    return False


def _other(data: bytes, offset: int, byteorder: ByteOrder) -> tuple[int, bool]:
    """Return where the next message starts, and whether this one ends the answer."""
    left = len(data) - offset
    if left < _HEADER:
        raise _unexpected(f"expected a header of {_HEADER} bytes", left)
    length, kind = _HEADERS[byteorder](data, offset)
    if not _HEADER <= length <= left:
        raise _unexpected(f"expected a message of {_HEADER} to {left} bytes", length)
    if kind == _DONE:
        return offset + length, True
    if kind == _ERROR:
        if length < _HEADER + 4:
            raise _unexpected("expected an error of 20 bytes or more", length)
        code = int.from_bytes(data[offset + 16 : offset + 20], byteorder, signed=True)
        import os

        raise KernelRefusedError(-code, os.strerror(-code) if code < 0 else f"error {code}")
    if kind != _NOOP:
        raise _unexpected("expected a message of type 1, 2, 3 or 20", kind)
    return offset + (length + 3 & ~3), False


def _v6only(data: bytes, offset: int, stop: int, byteorder: ByteOrder) -> bool | None:
    """Return what the attribute of that name says, if it is there."""
    unpack = struct.Struct("<HH" if byteorder == "little" else ">HH").unpack_from
    while stop - offset >= 4:
        length, kind = unpack(data, offset)
        if not 4 <= length <= stop - offset:
            raise _unexpected(f"expected an attribute of 4 to {stop - offset} bytes", length)
        if kind == _V6ONLY and length > 4:
            return data[offset + 4] != 0
        offset += length + 3 & ~3
    return None


def _unexpected(rule: str, got: object) -> UnexpectedOutputError:
    return UnexpectedOutputError(_WHAT, f"{rule}, got {got}")
