"""The parsers of the probe, compared with slow ones and with arbitrary text and bytes."""

from __future__ import annotations

import ipaddress
import struct
import sys
from collections import Counter
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portranges import SystemReadError, UnexpectedOutputError
from portranges.probe import SocketRecord, parse_proc_net, parse_sock_diag

ORDERS: list[Literal["little", "big"]] = ["little", "big"]
STATES = [
    "established",
    "syn-sent",
    "syn-received",
    "fin-wait-1",
    "fin-wait-2",
    "time-wait",
    "closed",
    "close-wait",
    "last-ack",
    "listen",
    "closing",
    "syn-received",
    "closed",
]

ports = st.integers(0, 65535)
addresses = {4: st.binary(min_size=4, max_size=4), 16: st.binary(min_size=16, max_size=16)}
# Few different ones, as in a real table.
alike = {4: st.just(bytes([127, 0, 0, 1])), 16: st.just(bytes(15) + b"\1")}


@st.composite
def a_socket(draw, size):
    some = addresses[size] | alike[size]
    return {
        "local": draw(some),
        "port": draw(ports),
        "remote": draw(some),
        "remote_port": draw(st.just(0) | ports),
        "code": draw(st.integers(1, 13)),
        "uid": draw(st.integers(0, 2**32 - 1)),
        "inode": draw(st.integers(0, 2**32 - 1)),
        "timer": draw(st.integers(0, 4)),
        "left": draw(st.integers(0, 60)),
        # Mostly of the same length as the previous one, as in a real table.
        "v6only": draw(st.none() | st.just(True) | st.booleans()),
    }


@st.composite
def tables(draw):
    size = draw(st.sampled_from([4, 16]))
    return size, draw(st.lists(a_socket(size), max_size=8))


def text_of(packed):
    # In another way than the library.
    if len(packed) == 4:
        return ".".join(str(octet) for octet in packed)
    address = ipaddress.IPv6Address(packed)
    if address.ipv4_mapped is not None:
        return f"::ffff:{address.ipv4_mapped}"
    if packed[:12] == bytes(12) and packed[12:14] != bytes(2):
        return "::" + text_of(packed[12:])
    return address.compressed


def told(each, transport, size, v6only):
    """The values that the record of a socket must have, computed slowly."""
    far = each["remote_port"]
    if transport == "udp":
        state = "established" if far else "unconnected"
    else:
        state = STATES[each["code"] - 1]
    return (
        "inet" if size == 4 else "inet6",
        text_of(each["local"]),
        each["port"],
        text_of(each["remote"]) if far else None,
        far or None,
        state,
        None if state == "time-wait" else each["uid"],
        each["inode"] or None,
        each["v6only"] if v6only and size == 16 and not far else None,
        float(each["left"]) if each["timer"] == 3 else None,
    )


def said(record: SocketRecord):
    return (
        record.family,
        record.address,
        record.port,
        record.remote_address,
        record.remote_port,
        record.state,
        record.uid,
        record.inode,
        record.v6only,
        record.expires_in,
    )


def line_of(number, each, order):
    def end(packed, port):
        words = [packed[at : at + 4] for at in range(0, len(packed), 4)]
        digits = "".join(f"{int.from_bytes(word, order):08X}" for word in words)
        return f"{digits}:{port:04X}"

    return (
        f"{number:4d}: {end(each['local'], each['port'])} "
        f"{end(each['remote'], each['remote_port'])} {each['code']:02X} 00000000:00000000 "
        f"{each['timer']:02X}:{each['left'] * 100:08X} 00000000 {each['uid']:5d}        0 "
        f"{each['inode']} 1 0000000000000000 100 0 0 10 0"
    )


def message_of(cookie, each, order):
    sign = "<" if order == "little" else ">"
    family = 2 if len(each["local"]) == 4 else 10
    body = struct.pack(sign + "BBBB", family, each["code"], each["timer"], 0)
    body += struct.pack(">HH", each["port"], each["remote_port"])
    body += each["local"].ljust(16, b"\0") + each["remote"].ljust(16, b"\0")
    body += struct.pack(sign + "IQIIIII", 0, cookie, each["left"] * 1000, 0, 0, 0, 0)[:-8]
    body += struct.pack(sign + "II", each["uid"], each["inode"])
    # An attribute of another type, with a length that needs padding.
    body += struct.pack(sign + "HH", 5, 8) + b"\1\0\0\0"
    if each["v6only"] is not None:
        body += struct.pack(sign + "HH", 5, 11) + bytes([each["v6only"]]) + b"\0\0\0"
    return struct.pack(sign + "IHHII", len(body) + 16, 20, 2, 1, 0) + body


HEADS = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
@given(table=tables(), ending=st.sampled_from(["\n", "\r\n", " \n"]))
def test_proc_net_has_what_was_written(order, transport, table, ending):
    size, sockets = table
    text = HEADS + "".join(line_of(n, each, order) + ending for n, each in enumerate(sockets))
    family = "inet" if size == 4 else "inet6"
    records = parse_proc_net(text, transport, family, byteorder=order)
    assert [said(record) for record in records] == [
        told(each, transport, size, v6only=False) for each in sockets
    ]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
@given(table=tables(), again=st.booleans(), split=st.booleans())
def test_sock_diag_has_what_was_written(order, transport, table, again, split):
    size, sockets = table
    messages = [message_of(n, each, order) for n, each in enumerate(sockets)]
    # Several answers may follow each other.
    parts = [messages[:1] * again, messages] if split else [messages + messages[:1] * again]
    data = b"".join(b"".join(part) + end_of(order) for part in parts)
    records = parse_sock_diag(data, transport, byteorder=order)
    # Messages of one length come together.
    assert Counter(said(record) for record in records) == Counter(
        told(each, transport, size, v6only=True) for each in sockets
    )


def end_of(order):
    return struct.pack(("<" if order == "little" else ">") + "IHHIIi", 20, 3, 2, 1, 0, 0)


def outcome(call):
    try:
        return call()
    except SystemReadError as error:
        return type(error)


# Characters that int() accepts as digits, or splitlines() as line ends.
PIECES = "0100007F:1F90 00000000:0000 0A 03:00001770 -1 0x1 1_0 : 99999999999999999999999 G"
SNIPPETS = st.sampled_from(
    [*PIECES.split(), "\u0661", "\u2028", "\x1c", "\n", "\r\n", " ", "", "\0"]
)


@given(
    st.text() | st.lists(SNIPPETS).map("".join) | st.lists(SNIPPETS).map(" ".join),
    st.booleans(),
    st.sampled_from(["tcp", "udp"]),
    st.sampled_from(["inet", "inet6"]),
)
def test_any_text_gives_records_or_an_unexpected_output(text, heads, transport, family):
    found = outcome(lambda: parse_proc_net(HEADS * heads + text, transport, family))
    assert found is UnexpectedOutputError or isinstance(found, tuple)


@given(st.data(), tables(), st.sampled_from(ORDERS), st.sampled_from(["tcp", "udp"]))
def test_any_change_to_a_line_gives_records_or_an_unexpected_output(data, table, order, transport):
    size, sockets = table
    text = HEADS + "".join(line_of(n, each, order) + "\n" for n, each in enumerate(sockets))
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(SNIPPETS) + text[at + data.draw(st.integers(0, 9)) :]
    found = outcome(lambda: parse_proc_net(text, transport, "inet" if size == 4 else "inet6"))
    assert found is UnexpectedOutputError or isinstance(found, tuple)


@given(st.binary(), st.sampled_from(ORDERS), st.sampled_from(["tcp", "udp"]))
def test_any_bytes_give_records_or_an_error(data, order, transport):
    found = outcome(lambda: parse_sock_diag(data, transport, byteorder=order))
    assert isinstance(found, tuple) or issubclass(found, SystemReadError)


@given(st.data(), tables(), st.sampled_from(ORDERS), st.sampled_from(["tcp", "udp"]))
def test_any_change_to_a_message_gives_records_or_an_error(data, table, order, transport):
    _, sockets = table
    whole = b"".join(message_of(n, each, order) for n, each in enumerate(sockets))
    at = data.draw(st.integers(0, len(whole)))
    changed = whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + 1 :]
    changed = changed[: data.draw(st.integers(0, len(changed)))]
    found = outcome(lambda: parse_sock_diag(changed, transport, byteorder=order))
    assert isinstance(found, tuple) or issubclass(found, SystemReadError)


@given(st.data(), tables(), st.sampled_from(ORDERS))
def test_a_truncated_message_is_an_unexpected_output(data, table, order):
    _, sockets = table
    whole = b"".join(message_of(n, each, order) for n, each in enumerate(sockets))
    ends = {sum(map(len, whole_messages(sockets, order)[:n])) for n in range(len(sockets) + 1)}
    at = data.draw(st.integers(0, len(whole)))
    found = outcome(lambda: parse_sock_diag(whole[:at] + end_of(order), "tcp", byteorder=order))
    assert (found is UnexpectedOutputError) is (at not in ends)


def whole_messages(sockets, order):
    return [message_of(n, each, order) for n, each in enumerate(sockets)]


def test_the_byte_order_of_this_machine_is_the_default():
    each = {
        "local": bytes([127, 0, 0, 1]),
        "port": 80,
        "remote": bytes(4),
        "remote_port": 0,
        "code": 10,
        "uid": 0,
        "inode": 7,
        "timer": 0,
        "left": 0,
        "v6only": None,
    }
    order = sys.byteorder
    expected = [told(each, "tcp", 4, v6only=False)]
    text = HEADS + line_of(0, each, order)
    assert [said(r) for r in parse_proc_net(text, "tcp", "inet")] == expected
    assert [
        said(r) for r in parse_sock_diag(message_of(0, each, order) + end_of(order), "tcp")
    ] == expected
