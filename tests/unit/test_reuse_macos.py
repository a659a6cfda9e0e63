"""macOS' procedure, a test per clause.

Source: xnu-11417.101.15, bsd/netinet/in_pcb.c and bsd/netinet6/in6_pcb.c.
"""

from __future__ import annotations

import pytest

from portranges import PortSet
from portranges.reuse import PortTable, State
from portranges.reuse.others import SystemSettings
from reuse_sockets import PORT, procedure, says, sock

decide_bind = procedure("macos")

IN_USE = "EADDRINUSE"


def test_order_matters_between_the_wildcards():
    """in6_pcbbind: t at 0.0.0.0 with another SOCK_DOM is let pass."""
    v4, dual = sock("0.0.0.0"), sock("::")  # dual-stack by default
    assert says(decide_bind(dual, [v4])) == (None, "macos-wildcards")
    assert says(decide_bind(v4, [dual])) == (IN_USE, "macos-default")


def test_a_dual_stack_socket_meets_a_specific_ipv4_address():
    assert says(decide_bind(sock("::"), [sock("127.0.0.1")])) == (IN_USE, "macos-dual-stack")
    assert decide_bind(sock("::", "6"), [sock("127.0.0.1")]).allowed


def test_two_ipv6_sockets_at_the_ipv4_wildcard_are_allowed():
    assert decide_bind(sock("::ffff:0.0.0.0"), [sock("::")]).rule.id == "macos-wildcards"
    assert decide_bind(sock("::ffff:0.0.0.0"), [sock("0.0.0.0")]).error == IN_USE


def test_privilege_is_for_specific_addresses_only():
    """XNU_TARGET_OS_OSX: lport < IPPORT_RESERVED and s_addr != 0."""
    assert decide_bind(sock("0.0.0.0", port=80), []).allowed
    assert decide_bind(sock("::", port=80), []).allowed
    assert says(decide_bind(sock("127.0.0.1", port=80), [])) == ("EACCES", "macos-privileged")
    assert decide_bind(sock("::1", port=80), []).error == "EACCES"
    assert decide_bind(sock("127.0.0.1", port=80, uid=0), []).allowed
    assert decide_bind(sock("127.0.0.1", port=1024), []).allowed


def test_restricted_ports_need_an_entitlement():
    """current_task_can_use_restricted_in_port()."""
    assert says(decide_bind(sock(port=55555, uid=0), [])) == (IN_USE, "macos-restricted")
    entitled = SystemSettings(restricted=PortSet())
    assert decide_bind(sock(port=55555), [], settings=entitled).allowed


@pytest.mark.slow
def test_udp_ports_are_not_used_up():
    """USHRT_MAX - UDP_RANDOM_PORT_RESERVE < reservations: 61,439 may be in use."""
    held = [sock(transport="udp", port=port) for port in range(1, 61441)]
    new = sock(transport="udp", port=62000)
    assert decide_bind(new, held[:-1]).allowed
    assert says(decide_bind(new, held)) == ("EADDRNOTAVAIL", "macos-udp-reserve")
    assert decide_bind(new, held, settings=SystemSettings(udp_exhaustion=True)).allowed
    assert decide_bind(sock(port=62000), held).allowed


def test_the_owner_on_ipv4():
    """Not if both are at 0.0.0.0; root is exempt; a connection is not."""
    new = sock("127.0.0.1", "RP", uid=2)
    assert says(decide_bind(new, [sock("0.0.0.0", "RP", uid=1)])) == (IN_USE, "macos-uid")
    assert decide_bind(sock("0.0.0.0", "P", uid=2), [sock("0.0.0.0", "P", uid=1)]).allowed
    assert decide_bind(sock("127.0.0.1", "RP", uid=0), [sock("0.0.0.0", uid=1)]).allowed
    connection = sock("127.0.0.1", uid=1, state="connected")
    assert says(decide_bind(new, [connection])) == (IN_USE, "macos-uid")


def test_the_owner_on_ipv6():
    """Not if both are at :: and the holder has SO_REUSEPORT."""
    new = sock("::", "6P", uid=2)
    assert decide_bind(new, [sock("::", "6P", uid=1)]).allowed
    assert says(decide_bind(new, [sock("::", "6", uid=1)])) == (IN_USE, "macos-uid")
    assert says(decide_bind(sock("::1", "RP", uid=2), [sock("::", "6P", uid=1)])) == (
        IN_USE,
        "macos-uid",
    )


def test_the_owner_on_the_ipv4_side_of_a_dual_stack_socket():
    """Not if the holder has SO_REUSEPORT, nor if it is a pure 0.0.0.0 socket."""
    new = sock("::", "R", uid=2)
    assert says(decide_bind(new, [sock("127.0.0.1", uid=1)])) == (
        IN_USE,
        "macos-dual-stack-uid",
    )
    assert decide_bind(new, [sock("127.0.0.1", "P", uid=1)]).allowed
    assert decide_bind(new, [sock("0.0.0.0", uid=1)]).allowed
    assert decide_bind(new, [sock("::ffff:0.0.0.0", uid=1)]).rule.id == "macos-dual-stack-uid"


def test_only_the_new_sockets_reuse_address_counts():
    assert decide_bind(sock("127.0.0.1", "R"), [sock("0.0.0.0", state="listening")]).allowed
    assert decide_bind(sock("127.0.0.1"), [sock("0.0.0.0", "R")]).error == IN_USE


def test_exact_duplicates_need_reuse_port_on_both():
    assert says(decide_bind(sock("127.0.0.1", "R"), [sock("127.0.0.1", "RP")])) == (
        IN_USE,
        "macos-exact",
    )
    assert says(decide_bind(sock("127.0.0.1", "P"), [sock("127.0.0.1", "P")])) == (
        None,
        "macos-reuse-port",
    )
    assert decide_bind(sock("::1", "P"), [sock("::1")]).error == IN_USE


def test_the_newest_of_two_wildcards_is_compared():
    """As FreeBSD has: here the newest of the two wildcards is looked at."""
    v4, dual = sock("0.0.0.0", "P"), sock("::")
    new = sock("0.0.0.0", "P")
    assert decide_bind(new, [dual, v4]).allowed
    assert decide_bind(new, [v4, dual]).blocker is dual


def test_time_wait_blocks_a_socket_without_options():
    held = sock("127.0.0.1", state="time-wait")
    assert decide_bind(sock("0.0.0.0"), [held]).error == IN_USE
    assert decide_bind(sock("0.0.0.0", "R"), [held]).allowed


def test_a_mapped_address_with_v6only():
    assert says(decide_bind(sock("::ffff:127.0.0.1", "6"), [])) == (
        "EADDRNOTAVAIL",
        "macos-mapped-v6only",
    )


def test_a_device_changes_nothing():
    assert decide_bind(sock(device="en0"), [sock(device="en1")]).error == IN_USE
    assert sock().port == PORT


def test_udp_multicast_ports_are_shared_by_different_users():
    held = sock("239.1.1.1", "R", transport="udp", uid=1)
    assert decide_bind(sock("239.1.1.1", "R", transport="udp", uid=2), [held]).allowed


# xnu in_pcb.c:935 and in6_pcb.c:270: if (so->so_options & SO_REUSEADDR)
#     reuseport = SO_REUSEADDR | SO_REUSEPORT; else it is SO_REUSEPORT, if that is set.
@pytest.mark.parametrize("group", ["224.0.0.251", "ff02::fb", "::ffff:224.0.0.251"])
@pytest.mark.parametrize("held", ["", "R", "P", "RP"])
@pytest.mark.parametrize("asked", ["", "R", "P", "RP"])
def test_only_reuse_address_of_the_new_socket_makes_the_options_equal(asked, held, group):
    new = sock(group, asked, transport="udp")
    decision = decide_bind(new, [sock(group, held, transport="udp", uid=1001)])
    shared = held != "" if "R" in asked else asked == "P" and "P" in held
    assert decision.error == (None if shared else IN_USE)
    if shared:
        both = "P" in asked and "P" in held
        assert decision.rule.id == ("macos-reuse-port" if both else "macos-multicast")


def one_port() -> PortTable:
    """A machine with one automatic port."""
    return PortTable("macos", settings=SystemSettings(ports=PortSet.parse("50000")), seed=1)


# How a socket holds port 50000: its family, address and IPV6_V6ONLY.
HOLDERS = {
    "v4 any": ("inet", "0.0.0.0", None),
    "v4": ("inet", "127.0.0.1", None),
    "mapped": ("inet6", "::ffff:127.0.0.1", False),
    "dual": ("inet6", "::", False),
    "v6 only": ("inet6", "::", True),
    "v6": ("inet6", "::1", True),
}
# Where the new socket asks for port 0, and which holders make that port unusable: in_pcbbind()
# finds every holder with an overlapping address in the IPv4 table, whatever the options are.
# in6_pcbsetport() finds those of the IPv6 table; with a reuse option only unconnected ones at
# exactly the address.
AUTOMATIC = {
    ("inet", "0.0.0.0", ""): {"v4 any", "v4", "mapped", "dual"},
    ("inet", "0.0.0.0", "R"): {"v4 any", "v4", "mapped", "dual"},
    ("inet", "127.0.0.1", "RP"): {"v4 any", "v4", "mapped", "dual"},
    ("inet6", "::ffff:127.0.0.1", "R"): {"v4 any", "v4", "mapped", "dual"},
    ("inet6", "::", ""): {"dual", "v6 only", "v6"},
    ("inet6", "::", "R"): {"dual", "v6 only"},
    ("inet6", "::", "P"): {"dual", "v6 only"},
    ("inet6", "::1", ""): {"dual", "v6 only", "v6"},
    ("inet6", "::1", "R"): {"v6"},
}


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("asked", AUTOMATIC)
@pytest.mark.parametrize("held", HOLDERS)
def test_an_automatic_port_of_ipv6_is_compared_with_ipv6_sockets_only(held, asked, transport):
    """xnu in6_src.c, in6_pcbsetport(); nodejs/node#58609 has seen a port of an IPv4 listener."""
    ports = one_port()
    family, address, v6only = HOLDERS[held]
    holder = ports.socket(transport, family=family, v6only=v6only)
    assert ports.bind(holder, address, 50000).allowed
    family, address, flags = asked
    new = ports.socket(
        transport,
        family=family,
        v6only=False if family == "inet6" else None,
        reuse_address="R" in flags,
        reuse_port="P" in flags,
    )
    error = ports.bind(new, address, 0).error
    # in_pcbbind() returns EADDRNOTAVAIL, in6_pcbsetport() EAGAIN.
    exhausted = "EAGAIN" if family == "inet6" and "." not in address else "EADDRNOTAVAIL"
    assert error == (exhausted if held in AUTOMATIC[asked] else None)


@pytest.mark.parametrize("flags", ["", "R", "P"])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("far", ["192.0.2.7", "2001:db8::7"])
def test_connections_share_a_port_over_ipv6_with_a_reuse_option(far, transport, flags):
    """tcp6_connect() and in6_pcbconnect() bind with in6_pcbsetport(), tcp_connect() with wild."""
    ports = one_port()
    six = ":" in far

    def connect(address, port):
        new = ports.socket(
            transport,
            family="inet6" if six else "inet",
            reuse_address=flags == "R",
            reuse_port=flags == "P",
        )
        return ports.connect(new, address, port)

    assert connect(far, 443).allowed
    exhausted = "EAGAIN" if six else "EADDRNOTAVAIL"
    shares = six and flags != ""
    assert connect(far, 444).error == (None if shares else exhausted)
    # The same 4-tuple: TCP chooses the port and then finds the connection.
    again = connect(far, 443).error
    assert again == (exhausted if not shares or transport == "udp" else IN_USE)


@pytest.mark.parametrize(
    ("family", "address", "error"),
    [
        ("inet", "127.0.0.1", "EINVAL"),
        ("inet6", "::ffff:127.0.0.1", "EINVAL"),
        ("inet6", "::1", None),
    ],
)
def test_only_tcp_connect_refuses_a_connection_to_itself(family, address, error):
    """xnu tcp_usrreq.c: the EINVAL is in tcp_connect(), and tcp6_connect() has no such test."""
    ports = one_port()
    new = ports.socket("tcp", family=family)
    assert ports.bind(new, address, 50000).allowed
    decision = ports.connect(new, address, 50000)
    assert decision.error == error
    assert decision.rule.id == ("macos-self-connect" if error else "macos-connected")
    assert ports.describe(new).state is (State.BOUND if error else State.CONNECTED)
