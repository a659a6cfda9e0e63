"""illumos' and Solaris' procedure, a test per clause.

Source: illumos/illumos-gate@39707ee and TritonDataCenter/illumos-joyent@ae93ec4,
usr/src/uts/common/inet/tcp/tcp_bind.c (tcp_bindi, tcp_bind_check); joyent's
tcp/tcp.c (tcp_do_connect), tcp/tcp_input.c (tcp_input_listener), ip/conn_opt.c
(conn_inherit_parent), ip/ipclassifier.c (conn_rg_insert, ipcl_conn_insert_v4)
and udp/udp.c (udp_do_bind, udp_do_connect).
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from portranges import Confidence, PortSet
from portranges.errors import InvalidSocketError
from portranges.reuse import PortTable, can_bind, portability
from portranges.reuse.model import Socket
from portranges.reuse.others import SystemSettings
from reuse_sockets import procedure, says, sock

decide_bind = procedure("illumos")

IN_USE = "EADDRINUSE"


def test_ipv4_and_ipv6_are_disjoint_for_explicit_ports():
    for transport in ("tcp", "udp"):
        v4, dual = sock("0.0.0.0", transport=transport), sock("::", "4", transport=transport)
        assert decide_bind(dual, [v4]).rule.id == "illumos-free"
        assert decide_bind(v4, [dual]).rule.id == "illumos-free"


def test_exclusive_use_on_either_side():
    """One of them a wildcard, or equal addresses; the versions do not matter."""
    for held, new in (
        (sock("0.0.0.0", "E"), sock("127.0.0.1", "R")),
        (sock("0.0.0.0"), sock("127.0.0.1", "RE")),
        (sock("0.0.0.0", "E"), sock("::", "4R")),
        (sock("127.0.0.1", "E"), sock("127.0.0.1", "R")),
    ):
        assert says(decide_bind(new, [held])) == (IN_USE, "illumos-exclusive")
    assert decide_bind(sock("192.0.2.2", "E"), [sock("127.0.0.1", "E")]).allowed


def test_exclusive_use_ends_with_the_established_state():
    held = sock("127.0.0.1", "E", state="connected")
    assert decide_bind(sock("127.0.0.1", "R"), [held]).error == IN_USE
    for state in ("fin-wait-2", "time-wait"):
        held = sock("127.0.0.1", "E", state=state)
        assert decide_bind(sock("127.0.0.1", "R"), [held]).allowed
        assert decide_bind(sock("127.0.0.1"), [held]).rule.id == "illumos-default"


def test_without_reuse_address_a_socket_in_any_state_conflicts():
    """ltcp->tcp_state >= TCPS_BOUND, TIME_WAIT too; unless both are specific and differ."""
    for state in ("bound", "listening", "connected", "fin-wait-2", "time-wait"):
        held = sock("127.0.0.1", "R", state=state)
        assert says(decide_bind(sock("0.0.0.0"), [held])) == (IN_USE, "illumos-default")
        assert decide_bind(sock("127.0.0.1"), [held]).error == IN_USE
    for state in ("bound", "listening"):
        assert decide_bind(sock("192.0.2.2"), [sock("127.0.0.1", state=state)]).allowed


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_what_bind_gave_a_connection_is_not_known(transport):
    """conn_bound_addr_v6 is compared, not the connection's own address: the safe side."""
    held = sock("127.0.0.1", transport=transport, state="connected")
    new = sock("192.0.2.2", transport=transport)
    assert says(decide_bind(new, [held])) == (IN_USE, "illumos-default")


def asks(**options: Any) -> Socket:
    """A new socket with SO_REUSEPORT at 192.0.2.1:8080."""
    return Socket(
        transport="tcp", address="192.0.2.1", port=8080, reuse_port=True, uid=1, **options
    )


def test_a_connection_may_have_been_bound_to_its_own_address():
    """A port's list has specific addresses first: the connection is met before the group."""
    table = PortTable("illumos")
    group, connected, third = (table.socket("tcp", uid=1, reuse_port=True) for _ in range(3))
    assert table.bind(group, "192.0.2.1", 8080).allowed
    assert table.bind(connected, "192.0.2.1", 8080).allowed
    assert table.connect(connected, "198.51.100.1", 443).allowed
    said = can_bind(asks(), table.holders(8080, "tcp"), system="illumos")
    assert says(said) == (IN_USE, "illumos-default")
    assert says(table.bind(third, "192.0.2.1", 8080)) == (IN_USE, "illumos-default")
    # The holders at the wildcard come after it.
    table = PortTable("illumos")
    connected = table.socket("tcp", uid=1)
    assert table.bind(connected, "192.0.2.1", 8080).allowed
    assert table.connect(connected, "198.51.100.1", 443).allowed
    group = table.socket("tcp", uid=1, reuse_port=True, reuse_address=True)
    assert table.bind(group, "0.0.0.0", 8080).allowed
    new = replace(asks(), address=IPv4Address("0.0.0.0"))
    said = can_bind(new, table.holders(8080, "tcp"), system="illumos")
    assert says(said) == (IN_USE, "illumos-default")
    third = table.socket("tcp", uid=1, reuse_port=True)
    assert says(table.bind(third, "0.0.0.0", 8080)) == (IN_USE, "illumos-default")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_the_value_of_reuse_port_at_bind_counts(transport):
    table = PortTable("illumos")
    first, second = (table.socket(transport, uid=1) for _ in range(2))
    new = replace(asks(), transport=transport)
    assert table.bind(first, "192.0.2.1", 8080).allowed
    said = table.set_option(first, reuse_port=True)
    assert said.allowed
    assert said.reason.endswith("which counts as it was at bind()")
    assert table.describe(first).reuse_port
    (holder,) = table.holders(8080, transport)
    assert not holder.reuse_port
    rule = "illumos-no-group" if transport == "tcp" else "illumos-udp-no-group"
    assert says(can_bind(new, [holder], system="illumos")) == (IN_USE, rule)
    assert table.set_option(second, reuse_port=True).allowed
    decision = table.bind(second, "192.0.2.1", 8080)
    assert says(decision) == (IN_USE, rule)
    assert decision.blocker == holder


def test_with_reuse_address_only_the_same_address_bound_or_listening():
    for state in ("bound", "listening"):
        held = sock("127.0.0.1", state=state)
        assert says(decide_bind(sock("127.0.0.1", "R"), [held])) == (IN_USE, "illumos-exact")
        assert says(decide_bind(sock("0.0.0.0", "R"), [held])) == (None, "illumos-reuse-address")
    for state in ("connected", "fin-wait-2", "time-wait"):
        assert decide_bind(sock("127.0.0.1", "R"), [sock("127.0.0.1", state=state)]).allowed
    assert decide_bind(sock("0.0.0.0", "R"), [sock("0.0.0.0")]).error == IN_USE


def test_the_two_wildcards_are_two_addresses():
    """IN6_ARE_ADDR_EQUAL(), whatever the comment beside it says."""
    mapped = sock("::ffff:0.0.0.0", "4R")
    assert says(decide_bind(mapped, [sock("::", "4")])) == (None, "illumos-reuse-address")
    assert decide_bind(mapped, [sock("::ffff:0.0.0.0", "4")]).error == IN_USE
    assert decide_bind(sock("::ffff:0.0.0.0", "4"), [sock("::", "4")]).error == IN_USE


def test_the_ip_version_of_a_connection_is_that_of_its_peer():
    """conn_ipversion: tcp_bind_check() leaves it, tcp_do_connect() and a SYN set it."""
    mapped = sock("::ffff:127.0.0.1", "4")
    assert decide_bind(sock("127.0.0.1"), [mapped]).allowed
    assert decide_bind(sock("::1"), [mapped]).allowed
    for state in ("connected", "time-wait"):
        over_ipv4 = sock("::ffff:127.0.0.1", "4", state=state)
        assert decide_bind(sock("127.0.0.1"), [over_ipv4]).error == IN_USE
        assert decide_bind(sock("::1"), [over_ipv4]).allowed
        over_ipv6 = sock("::1", "4", state=state)
        assert decide_bind(sock("127.0.0.1"), [over_ipv6]).allowed
        assert decide_bind(sock("::1"), [over_ipv6]).error == IN_USE


def test_an_accepted_connection_is_bound_nowhere():
    """tcp_input_listener(): a connection has no conn_bound_addr_v6."""
    table = PortTable("illumos")
    listener, other = table.socket("tcp"), table.socket("tcp")
    assert table.bind(listener, "127.0.0.1", 8080).allowed
    assert table.listen(listener).allowed
    child = table.accept(listener, peer=("192.0.2.1", 50000)).handle
    assert child is not None
    assert says(table.bind(other, "192.0.2.2", 8080)) == (IN_USE, "illumos-default")
    assert table.set_option(other, reuse_address=True).allowed
    assert table.bind(other, "192.0.2.2", 8080).allowed


def test_an_accepted_connection_has_reuse_address_only():
    """conn_inherit_parent() copies neither conn_exclbind nor conn_reuseport."""
    table = PortTable("illumos")
    listener = table.socket("tcp", reuse_address=True, reuse_port=True, exclusive=True)
    assert table.bind(listener, "127.0.0.1", 8080).allowed
    assert table.listen(listener).allowed
    child = table.describe(table.accept(listener, peer=("192.0.2.1", 50000)).handle)
    assert (child.reuse_address, child.reuse_port, child.exclusive) == (True, False, False)


def test_groups_of_reuse_port():
    """joyent and the newer gate: the holder's SO_REUSEPORT when it was bound."""
    for state in ("bound", "listening"):
        held = sock("127.0.0.1", "P", state=state)
        assert says(decide_bind(sock("127.0.0.1", "P"), [held])) == (None, "illumos-reuse-port")
        held = sock("127.0.0.1", "R", state=state)
        assert says(decide_bind(sock("127.0.0.1", "PR"), [held])) == (IN_USE, "illumos-no-group")
    # Only at the same address; else SO_REUSEADDR decides.
    assert decide_bind(sock("0.0.0.0", "P"), [sock("127.0.0.1", "P")]).error == IN_USE
    assert decide_bind(sock("127.0.0.1", "P"), [sock("127.0.0.1", "P", state="connected")]).error


def test_the_first_overlapping_socket_decides_about_reuse_port():
    """tcp_bindi() leaves its loop there; specific addresses are first in the list."""
    group, wildcard = sock("127.0.0.1", "P"), sock("0.0.0.0", "R")
    for existing in ([group, wildcard], [wildcard, group]):
        assert decide_bind(sock("127.0.0.1", "P"), existing).allowed


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_group_has_one_owner(transport):
    """conn_rg_insert(): crgetuid() of the first member; root is not exempt."""
    held = sock("127.0.0.1", "P", uid=1, transport=transport)
    for uid in (0, 2):
        new = sock("127.0.0.1", "P", uid=uid, transport=transport)
        assert says(decide_bind(new, [held])) == ("EADDRNOTAVAIL", "illumos-group-owner")
    assert decide_bind(sock("127.0.0.1", "P", uid=1, transport=transport), [held]).allowed


def test_the_groups_of_solaris_are_not_known():
    with pytest.raises(InvalidSocketError, match="its rules in 11 are not known"):
        procedure("solaris")(sock(flags="P"), [])
    answer = portability(sock(flags="P"), [])["solaris"]
    assert says(answer) == ("ENOPROTOOPT", "solaris-not-known")
    assert answer.confidence is Confidence.REPORTED
    assert procedure("solaris")(sock(flags="R"), [sock()]).rule.id == "solaris-exact"


def test_the_owner_does_not_matter():
    held = sock("0.0.0.0", uid=1, state="listening")
    assert decide_bind(sock("127.0.0.1", "R", uid=2), [held]).allowed


def test_privileged_and_extra_privileged_ports():
    assert says(decide_bind(sock(port=80), [])) == ("EACCES", "illumos-privileged")
    assert decide_bind(sock(port=2049), []).error == "EACCES"
    assert decide_bind(sock(port=2049, uid=0), []).allowed
    none = SystemSettings(extra_privileged=PortSet())
    assert decide_bind(sock(port=2049), [], settings=none).allowed


def test_a_mapped_address_with_v6only():
    assert says(decide_bind(sock("::ffff:127.0.0.1", "6"), [])) == (
        "EADDRNOTAVAIL",
        "illumos-mapped-v6only",
    )


def test_udp_with_reuse_address_shares_with_all_except_exclusive_use():
    """udp_do_bind()."""
    held = sock("127.0.0.1", transport="udp")
    assert decide_bind(sock("127.0.0.1", transport="udp"), [held]).error == IN_USE
    new = sock("127.0.0.1", "R", transport="udp")
    assert says(decide_bind(new, [held])) == (None, "illumos-udp-reuse-address")
    assert decide_bind(new, [sock("0.0.0.0", "E", transport="udp")]).rule.id == (
        "illumos-exclusive"
    )


def test_udp_groups_of_reuse_port():
    """udp_do_bind(): with both options SO_REUSEPORT decides; addresses need only meet."""
    held = sock("127.0.0.1", "P", transport="udp")
    for flags in ("P", "PR"):
        for address in ("127.0.0.1", "0.0.0.0"):
            new = sock(address, flags, transport="udp")
            assert says(decide_bind(new, [held])) == (None, "illumos-udp-reuse-port")
            without = sock("127.0.0.1", "R", transport="udp")
            assert says(decide_bind(new, [without])) == (IN_USE, "illumos-udp-no-group")
    assert decide_bind(sock("127.0.0.1", transport="udp"), [held]).error == IN_USE
    reuse_address = sock("127.0.0.1", "R", transport="udp")
    assert decide_bind(reuse_address, [held]).rule.id == "illumos-udp-reuse-address"


def test_where_the_order_of_a_udp_list_decides_the_bind_is_refused():
    """Ports share a list there, and a wildcard may come before a specific address."""
    group, none = sock("127.0.0.1", "P", transport="udp"), sock("0.0.0.0", "R", transport="udp")
    for existing in ([group, none], [none, group]):
        new = sock("127.0.0.1", "P", transport="udp")
        assert says(decide_bind(new, existing)) == (IN_USE, "illumos-udp-no-group")


def test_the_ip_version_of_a_udp_socket_is_that_of_its_address():
    """udp_do_bind() sets conn_ipversion."""
    mapped = sock("::ffff:127.0.0.1", "4", transport="udp")
    assert decide_bind(sock("127.0.0.1", transport="udp"), [mapped]).error == IN_USE
    assert decide_bind(mapped, [sock("127.0.0.1", transport="udp")]).error == IN_USE
    assert decide_bind(sock("::1", transport="udp"), [mapped]).allowed


def test_an_automatic_udp_port_takes_no_options_into_account():
    """When binding to port zero SO_REUSEADDR and SO_REUSEPORT are ignored."""
    table = PortTable("illumos", settings=SystemSettings(ports=PortSet([40000])))
    for turn in range(2):
        handle = table.socket("udp", reuse_address=True, reuse_port=True)
        decision = table.bind(handle, "127.0.0.1", 0)
        assert decision.error == (None, "EADDRNOTAVAIL")[turn]


def test_a_second_udp_connection_with_one_tuple():
    """udp_do_connect(): TBADADDR, which is EADDRNOTAVAIL."""
    table = PortTable("illumos")
    for turn in range(2):
        handle = table.socket("udp", reuse_address=True)
        assert table.bind(handle, "127.0.0.1", 8080).allowed
        decision = table.connect(handle, "127.0.0.1", 53)
        expected = ((None, "illumos-connected"), ("EADDRNOTAVAIL", "illumos-tuple-udp"))
        assert says(decision) == expected[turn]


def test_a_connection_to_itself():
    """tcp_connect_ipv4() and tcp_connect_ipv6(): TBADADDR; UDP may."""
    for name in ("illumos", "solaris"):
        table = PortTable(name)
        handle = table.socket("tcp")
        assert table.bind(handle, "127.0.0.1", 8080).allowed
        decision = table.connect(handle, "127.0.0.1", 8080)
        assert says(decision) == ("EADDRNOTAVAIL", f"{name}-self-connect")
        udp = table.socket("udp")
        assert table.bind(udp, "127.0.0.1", 8080).allowed
        assert table.connect(udp, "127.0.0.1", 8080).allowed


@pytest.mark.parametrize(("at_bind", "later"), [(True, False), (False, True)])
def test_a_group_has_the_sockets_that_had_reuse_port_at_bind(at_bind, later):
    """What setsockopt() does to the holder after bind() does not matter."""
    table = PortTable("illumos")
    holder, new = table.socket("tcp", reuse_port=at_bind), table.socket("tcp", reuse_port=True)
    assert table.bind(holder, "127.0.0.1", 8080).allowed
    assert table.set_option(holder, reuse_port=later).allowed
    expected = (None, "illumos-reuse-port") if at_bind else (IN_USE, "illumos-no-group")
    assert says(table.bind(new, "127.0.0.1", 8080)) == expected


def test_a_port_that_connect_chooses_is_shared_over_destinations():
    """A destination is an address and a port."""
    table = PortTable("illumos", settings=SystemSettings(ports=PortSet([40000])))
    for destination in (("192.0.2.7", 443), ("192.0.2.7", 80), ("192.0.2.8", 443)):
        assert table.connect(table.socket("tcp"), *destination).allowed
    again = table.connect(table.socket("tcp"), "192.0.2.7", 443)
    assert says(again) == ("EADDRNOTAVAIL", "illumos-connect-exhausted")
