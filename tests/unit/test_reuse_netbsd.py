"""NetBSD's procedure, a test per clause.

Source: NetBSD about 9 or 10, sys/netinet/in_pcb.c (in_pcbbind_port) and
sys/netinet6/in6_pcb.c (in6_pcbbind_addr, in6_pcbbind_port, in6_pcblookup_port).
"""

from __future__ import annotations

from portranges.reuse import PortTable
from portranges.reuse.model import State
from portranges.reuse.others import system
from portranges.reuse.others.sock import Sock
from reuse_sockets import procedure, says, sock

decide_bind = procedure("netbsd")

IN_USE = "EADDRINUSE"


def test_order_matters_between_the_wildcards():
    """in_pcbbind_port looks into the IPv6 table; in6_pcbbind_port at :: not into IPv4's."""
    v4, dual = sock("0.0.0.0"), sock("::", "4")
    assert says(decide_bind(dual, [v4])) == (None, "netbsd-free")
    assert says(decide_bind(v4, [dual])) == (IN_USE, "netbsd-dual-stack")
    assert decide_bind(v4, [sock("::", "6")]).allowed
    assert decide_bind(v4, [sock("::")]).allowed  # IPV6_V6ONLY is on by default


def test_an_ipv4_bind_conflicts_with_dual_stack_and_mapped_sockets():
    """t6 = best(v6, ::ffff:addr, wild) without a common SO_REUSEPORT."""
    assert decide_bind(sock("127.0.0.1"), [sock("::", "4")]).error == IN_USE
    assert decide_bind(sock("127.0.0.1"), [sock("::ffff:127.0.0.1", "4")]).error == IN_USE
    assert decide_bind(sock("127.0.0.1"), [sock("::ffff:0.0.0.0", "4")]).error == IN_USE
    assert decide_bind(sock("127.0.0.1"), [sock("::ffff:127.0.0.2", "4")]).allowed
    assert decide_bind(sock("127.0.0.1"), [sock("::1")]).allowed
    # With SO_REUSEADDR only an unconnected one at exactly this address.
    assert decide_bind(sock("127.0.0.1", "R"), [sock("::", "4")]).allowed
    assert decide_bind(sock("0.0.0.0", "R"), [sock("::", "4")]).allowed
    assert decide_bind(sock("127.0.0.1", "R"), [sock("::ffff:127.0.0.1", "4")]).error == IN_USE
    assert decide_bind(sock("127.0.0.1", "P"), [sock("::ffff:127.0.0.1", "4P")]).allowed


def test_an_ipv6_bind_does_not_conflict_with_a_mapped_socket():
    assert decide_bind(sock("::1"), [sock("::ffff:127.0.0.1", "4")]).rule.id == "netbsd-free"


def test_a_dual_stack_connection_to_ipv4_gets_a_port_that_no_ipv4_socket_has():
    def chosen(address):
        table = PortTable("netbsd")
        held = table.socket("tcp", family="inet6" if ":" in address else "inet")
        table.bind(held, address, 65535)
        new = table.socket("tcp", family="inet6", v6only=False)
        assert table.connect(new, "::ffff:192.0.2.7", 443).allowed
        return table.describe(new).port

    assert chosen("0.0.0.0") == 65534
    assert chosen("::1") == 65535


def test_a_mapped_bind_is_compared_with_both_tables():
    mapped = sock("::ffff:127.0.0.1", "4")
    assert says(decide_bind(mapped, [sock("127.0.0.1")])) == (IN_USE, "netbsd-dual-stack")
    assert decide_bind(mapped, [sock("0.0.0.0")]).error == IN_USE
    assert says(decide_bind(mapped, [sock("::", "4")])) == (IN_USE, "netbsd-default")
    assert decide_bind(mapped, [sock("::", "6")]).allowed
    assert decide_bind(sock("::ffff:127.0.0.1", "4P"), [sock("127.0.0.1", "P")]).rule.id == (
        "netbsd-reuse-port"
    )


def test_the_owner_on_ipv4():
    """Not if both are at the wildcard and the holder has SO_REUSEPORT; not for root."""
    held = sock("0.0.0.0", "RP", uid=1)
    assert says(decide_bind(sock("127.0.0.1", "RP", uid=2), [held])) == (IN_USE, "netbsd-uid")
    assert decide_bind(sock("0.0.0.0", "P", uid=2), [held]).allowed
    assert decide_bind(sock("0.0.0.0", "P", uid=2), [sock("0.0.0.0", uid=1)]).rule.id == (
        "netbsd-uid"
    )
    assert decide_bind(sock("127.0.0.1", "RP", uid=0), [held]).allowed


def test_the_owner_does_not_matter_on_ipv6():
    assert decide_bind(sock("::1", "RP", uid=2), [sock("::", "RP", uid=1)]).allowed


def test_only_the_new_sockets_reuse_address_counts():
    for held in (sock("0.0.0.0", state="listening"), sock("127.0.0.1", state="time-wait")):
        assert says(decide_bind(sock("127.0.0.1"), [held])) == (IN_USE, "netbsd-default")
        assert says(decide_bind(sock("127.0.0.1", "R"), [held])) == (None, "netbsd-one-sided")


def test_exact_duplicates_need_reuse_port_on_both():
    assert says(decide_bind(sock("127.0.0.1", "R"), [sock("127.0.0.1", "R")])) == (
        IN_USE,
        "netbsd-exact",
    )
    assert decide_bind(sock("::1", "P"), [sock("::1", "P")]).rule.id == "netbsd-reuse-port"


def test_a_listening_ipv6_socket_does_not_count_as_a_wildcard():
    """As on OpenBSD; no program gets there."""
    netbsd = system("netbsd")
    new = Sock.of(sock("::1"), default_v6only=True)
    held = Sock.of(sock("::"), default_v6only=True)
    assert netbsd.judge(new, [held])[0].error == IN_USE
    new.state = State.LISTENING
    assert netbsd.judge(new, [held])[0].error is None


def test_before_the_other_sockets():
    assert says(decide_bind(sock("::ffff:127.0.0.1", "6"), [])) == (
        "EINVAL",
        "netbsd-mapped-v6only",
    )
    assert says(decide_bind(sock(port=80), [])) == ("EACCES", "netbsd-privileged")
    assert decide_bind(sock("192.0.2.1", port=80), [], local_addresses=frozenset()).error == (
        "EADDRNOTAVAIL"
    )
