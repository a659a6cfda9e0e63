"""Addresses that are not a valid end of a connection: every kind, call, transport and system.

The answers of Linux were measured on 6.18, in a network namespace with an interface and default
routes (tests/kernel_oracle/special.py repeats the queries). Those of the other systems were read:

freebsd     5BSD/5BSD@392999c (CURRENT, 15): tcp_usrreq.c, in_pcb.c, in6_pcb.c
freebsd-14  TCP-AO/freebsd-src@e96d5aa: tcp_usrreq.c; 13 does the same
macos       xnu-11417.101.15: tcp_usrreq.c, udp6_usrreq.c, in_pcb.c, in6_pcb.c; its own test
            tcp_bind_ipv4_multicast expects EAFNOSUPPORT
openbsd     openbsd/src@00007ca: tcp_usrreq.c; in_pcb.c
netbsd      in_pcb.c 1.143 and 1.145.2.2, in6_pcb.c
illumos     illumos-gate tcp_bind.c, tcp.c
windows     Microsoft's page on connect(); reports for bind() to a multicast address

A question mark is a cell for which no source was found: the library's answer is not tested there.
"""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from portranges.reuse import PortTable, Socket, can_bind
from portranges.reuse.others import system

SYSTEMS = "linux freebsd freebsd-14 macos openbsd netbsd illumos windows".split()
SHORT = {
    "-": None,
    "AFN": "EAFNOSUPPORT",
    "ANA": "EADDRNOTAVAIL",
    "WANA": "WSAEADDRNOTAVAIL",
    "WACC": "WSAEACCES",
    "ACC": "EACCES",
    "INV": "EINVAL",
    "NET": "ENETUNREACH",
}
MATRIX = """
call    over address                linux freebsd freebsd-14 macos openbsd netbsd illumos windows
bind    tcp  0.0.0.0                -     -       -          -     -       -      -       -
bind    udp  0.0.0.0                -     -       -          -     -       -      -       -
bind    tcp  ::                     -     -       -          -     -       -      -       -
bind    udp  ::                     -     -       -          -     -       -      -       -
bind    tcp  ::ffff:0.0.0.0         -     -       -          -     ANA     -      -       -
bind    tcp  255.255.255.255        -     ANA     ANA        AFN   ANA     ANA    ANA     ?
bind    udp  255.255.255.255        -     ANA     ANA        ANA   -       ANA    ?       ?
bind    tcp  ::ffff:255.255.255.255 -     ANA     ANA        AFN   ANA     ?      ANA     ?
bind    udp  ::ffff:255.255.255.255 -     ANA     ANA        ANA   ANA     ?      ?       ?
bind    tcp  224.0.0.1              -     AFN     AFN        AFN   -       -      ANA     WANA
bind    udp  224.0.0.1              -     -       -          -     -       -      -       WANA
bind    tcp  ::ffff:224.0.0.1       -     AFN     AFN        AFN   ANA     ?      ANA     WANA
bind    udp  ::ffff:224.0.0.1       -     -       -          -     ANA     ?      -       WANA
bind    tcp  ff02::1                INV   AFN     AFN        AFN   -       -      ANA     WANA
bind    udp  ff02::1                INV   -       -          -     -       -      ?       WANA
bind    tcp  ff0e::1                INV   AFN     AFN        AFN   -       -      ANA     WANA
bind    udp  ff0e::1                -     -       -          -     -       -      -       WANA
bind    tcp  fe80::1                INV   ANA     ANA        ANA   ANA     ANA    ?       ?
bind    udp  fe80::1                INV   ANA     ANA        ANA   ANA     ANA    ?       ?
connect tcp  0.0.0.0                -     NET     -          -     INV     -      -       WANA
connect udp  0.0.0.0                -     NET     -          -     -       -      ?       ?
connect tcp  ::                     -     NET     -          -     INV     ?      -       WANA
connect udp  ::                     -     NET     -          -     ?       ?      ?       ?
connect tcp  ::ffff:0.0.0.0         -     NET     -          -     ANA     ?      -       WANA
connect udp  ::ffff:0.0.0.0         -     NET     -          -     ANA     ?      ?       ?
connect tcp  255.255.255.255        NET   ACC     ACC        AFN   INV     ?      ?       ?
connect udp  255.255.255.255        ACC   NET     -          -     -       -      ?       WACC
connect tcp  ::ffff:255.255.255.255 NET   ACC     ACC        AFN   ANA     ?      ?       ?
connect udp  ::ffff:255.255.255.255 ACC   NET     -          -     ANA     ?      ?       WACC
connect tcp  127.255.255.255        NET   ?       ?          ?     ?       ?      ?       ?
connect udp  127.255.255.255        ACC   ?       ?          ?     ?       ?      ?       ?
connect tcp  224.0.0.1              NET   AFN     AFN        AFN   INV     ANA    ?       ?
connect udp  224.0.0.1              -     -       -          -     -       -      ?       ?
connect tcp  ::ffff:224.0.0.1       NET   AFN     AFN        AFN   ANA     ?      ?       ?
connect tcp  ff02::1                NET   AFN     AFN        AFN   INV     ANA    ?       ?
connect udp  ff02::1                INV   ?       ?          ?     ?       ?      ?       ?
connect tcp  ff0e::1                NET   AFN     AFN        AFN   INV     ANA    ?       ?
connect udp  ff0e::1                -     -       -          -     -       -      ?       ?
connect tcp  fe80::1                INV   ?       ?          ?     ?       ?      ?       ?
connect udp  fe80::1                INV   ?       ?          ?     ?       ?      ?       ?
"""


def cells():
    head, *lines = (line.split() for line in MATRIX.strip().splitlines())
    assert head[3:] == SYSTEMS
    for call, transport, address, *answers in lines:
        for name, answer in zip(SYSTEMS, answers, strict=True):
            yield call, transport, address, name, answer


KNOWN = [cell for cell in cells() if cell[-1] != "?"]


def test_the_number_of_cells_with_a_source():
    assert (len(KNOWN), len(list(cells()))) == (237, 40 * 8)


@pytest.mark.parametrize("cell", KNOWN, ids=" ".join)
def test_bind_to_every_kind_of_address(cell):
    call, transport, address, name, answer = cell
    table = PortTable(name, seed=1)
    family = "inet6" if ":" in address else "inet"
    fixed = name != "linux" and system(name).v6only_fixed
    v6only = False if family == "inet6" and not fixed else None
    handle = table.socket(transport, family=family, v6only=v6only)
    act = table.bind if call == "bind" else table.connect
    assert act(handle, address, 8080).error == SHORT[answer]
    if call == "bind":
        socket = Socket(transport=transport, address=address, port=8080, v6only=v6only)
        assert can_bind(socket, [], system=name).error == SHORT[answer]
        # An automatic port does not make the address valid.
        other = table.socket(transport, family=family, v6only=v6only)
        assert table.bind(other, address, 0).error == SHORT[answer]


@pytest.mark.parametrize("name", ["freebsd", "freebsd-14", "freebsd-13"])
def test_freebsd_checks_for_an_ipv4_mapped_address_after_the_families(name):
    """tcp6_usr_bind(), tcp6_usr_connect(): IPV6_V6ONLY and inp_vflag are tested first."""
    table = PortTable(name, seed=1)
    only = table.socket("tcp", family="inet6", v6only=True)
    assert table.bind(only, "::ffff:224.0.0.1", 8080).error == "EADDRNOTAVAIL"
    assert table.connect(only, "::ffff:224.0.0.1", 8080).error == "EINVAL"
    assert table.connect(only, "ff0e::1", 8080).error == "EAFNOSUPPORT"
    bound = table.socket("tcp", family="inet6", v6only=False)
    assert table.bind(bound, "::1", 8080).allowed
    assert table.connect(bound, "::ffff:255.255.255.255", 8080).error == "EAFNOSUPPORT"
    mapped = table.socket("tcp", family="inet6", v6only=False)
    assert table.bind(mapped, "::ffff:127.0.0.1", 8080).allowed
    wild = "EAFNOSUPPORT" if name == "freebsd" else None
    assert table.connect(mapped, "::", 8081).error == wild


@pytest.mark.parametrize("name", ["freebsd", "macos"])
def test_the_kind_of_address_is_checked_before_the_port(name):
    """tcp_usr_bind() tests the address before in_pcbbind() finds the port."""
    table = PortTable(name, seed=1)
    handle = table.socket("tcp")
    assert table.bind(handle, "127.0.0.1", 8080).allowed
    assert table.bind(handle, "224.0.0.1", 8080).error == "EAFNOSUPPORT"
    assert table.bind(handle, "127.0.0.1", 8080).error == "EINVAL"
    assert table.describe(handle).address == ip_address("127.0.0.1")


@pytest.mark.parametrize(
    ("transport", "at", "to", "v6only", "error"),
    [
        # tcp_usr_connect_common(): EAFNOSUPPORT for IPV6_V6ONLY and for another family.
        ("tcp", None, "::ffff:192.0.2.7", True, "EAFNOSUPPORT"),
        ("tcp", "::1", "::ffff:192.0.2.7", False, "EAFNOSUPPORT"),
        ("tcp", "::ffff:127.0.0.1", "2001:db8::7", False, "EAFNOSUPPORT"),
        # udp6_connect(): EINVAL for another family.
        ("udp", "::1", "::ffff:192.0.2.7", False, "EINVAL"),
        ("udp", "::ffff:127.0.0.1", "2001:db8::7", False, "EINVAL"),
        ("udp", "::ffff:127.0.0.1", "::", False, None),
    ],
)
def test_connect_to_another_family_on_macos(transport, at, to, v6only, error):
    table = PortTable("macos", seed=1)
    handle = table.socket(transport, family="inet6", v6only=v6only)
    if at is not None:
        assert table.bind(handle, at, 8080).allowed
    assert table.connect(handle, to, 443).error == error


def test_linux_needs_the_interface_of_a_link_local_peer():
    table = PortTable("linux", seed=1)
    for transport in ("tcp", "udp"):
        handle = table.socket(transport, family="inet6", device="eth0")
        assert table.connect(handle, "fe80::1", 443).allowed
    # A UDP socket gets a port before connect() looks at the address.
    handle = table.socket("udp", family="inet6")
    assert table.connect(handle, "fe80::1", 443).error == "EINVAL"
    assert table.describe(handle).port
