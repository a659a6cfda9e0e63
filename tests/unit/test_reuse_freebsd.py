"""FreeBSD's procedure, a test per clause.

Sources: 5BSD/5BSD@392999c (from CURRENT), ilnp/ilnp-freebsd14@2f2a416 and
gmshake/freebsd-src@07d9e11, sys/netinet/in_pcb.c and sys/netinet6/in6_pcb.c.
"""

from __future__ import annotations

import pytest

from portranges import Confidence
from portranges.errors import InvalidSocketError
from reuse_sockets import procedure, says, sock

decide_bind = procedure("freebsd")

IN_USE = "EADDRINUSE"


def test_order_matters_between_the_wildcards():
    """in6_pcbbind_avail: a holder at 0.0.0.0 does not count if it is not an IPv6 socket."""
    v4, dual = sock("0.0.0.0"), sock("::", "4")
    assert says(decide_bind(dual, [v4])) == (None, "freebsd-wildcards")
    # in_pcbbind_avail has no such exemption for an AF_INET socket.
    assert says(decide_bind(v4, [dual])) == (IN_USE, "freebsd-default")


def test_two_users_cannot_share_a_port_over_ipv6():
    """in6_pcbbind_avail: inp_cred->cr_uid differs."""
    new = sock("::1", "P", uid=2)
    assert says(decide_bind(new, [sock("::1", "P", uid=1)])) == (IN_USE, "freebsd-uid")
    assert says(decide_bind(new, [sock("::1", "P", uid=2)])) == (None, "freebsd-reuse-port")


def test_v6only_is_the_default_and_keeps_the_families_apart():
    assert decide_bind(sock("::"), [sock("0.0.0.0")]).rule.id == "freebsd-free"
    assert decide_bind(sock("0.0.0.0"), [sock("::")]).rule.id == "freebsd-free"


def test_a_dual_stack_socket_meets_a_specific_ipv4_address():
    assert says(decide_bind(sock("::", "4"), [sock("127.0.0.1")])) == (
        IN_USE,
        "freebsd-dual-stack",
    )
    assert says(decide_bind(sock("127.0.0.1"), [sock("::", "4")])) == (IN_USE, "freebsd-default")
    assert decide_bind(sock("::1"), [sock("127.0.0.1")]).allowed


def test_two_ipv6_sockets_at_the_ipv4_wildcard_are_allowed():
    """in_pcbbind_avail: INP_IPV6PROTO on both, and both at 0.0.0.0."""
    mapped = sock("::ffff:0.0.0.0", "4")
    assert says(decide_bind(mapped, [sock("::", "4")])) == (None, "freebsd-wildcards")
    assert decide_bind(mapped, [sock("0.0.0.0")]).error == IN_USE
    assert decide_bind(sock("::ffff:127.0.0.1", "4"), [sock("::", "4")]).error == IN_USE


def test_only_the_new_sockets_reuse_address_counts():
    """lookupflags is INPLOOKUP_WILDCARD only with none of the three options."""
    held = sock("0.0.0.0", state="listening")
    for flags in ("R", "P", "L"):
        assert says(decide_bind(sock("127.0.0.1", flags), [held])) == (None, "freebsd-one-sided")
    assert says(decide_bind(sock("127.0.0.1"), [sock("0.0.0.0", "R")])) == (
        IN_USE,
        "freebsd-default",
    )


def test_exact_duplicates_need_reuse_port_on_both():
    """(reuseport | reuseport_lb) & t->so_options."""
    assert says(decide_bind(sock("127.0.0.1", "R"), [sock("127.0.0.1", "R")])) == (
        IN_USE,
        "freebsd-exact",
    )
    assert decide_bind(sock("127.0.0.1", "P"), [sock("127.0.0.1", "R")]).error == IN_USE
    assert says(decide_bind(sock("127.0.0.1", "P"), [sock("127.0.0.1", "P")])) == (
        None,
        "freebsd-reuse-port",
    )
    assert says(decide_bind(sock("127.0.0.1", "L"), [sock("127.0.0.1", "L")])) == (
        None,
        "freebsd-load-balance",
    )
    # One has SO_REUSEPORT, the other SO_REUSEPORT_LB: nothing in common.
    assert decide_bind(sock("127.0.0.1", "P"), [sock("127.0.0.1", "L")]).error == IN_USE


def test_connections_block_a_socket_without_options_only():
    for state in ("connected", "fin-wait-2", "time-wait"):
        held = sock("127.0.0.1", state=state)
        assert says(decide_bind(sock("127.0.0.1"), [held])) == (IN_USE, "freebsd-default")
        assert decide_bind(sock("127.0.0.1", "R"), [held]).allowed


def test_another_owner_refuses_whatever_the_options():
    """in_pcbbind_avail, the test under PRIV_NETINET_REUSEPORT."""
    held = sock("0.0.0.0", "RP", uid=1)
    new = sock("127.0.0.1", "RP", uid=2)
    decision = decide_bind(new, [held])
    assert says(decision) == (IN_USE, "freebsd-uid")
    assert decision.blocker is held
    assert decision.reason.startswith(
        "conflicts with tcp 0.0.0.0:8080; only sockets of the same owner"
    )
    assert decide_bind(sock("127.0.0.1", "RP", uid=1), [held]).allowed


def test_privilege_exempts_from_the_test_of_the_owner():
    held = sock("0.0.0.0", "P", uid=1)
    assert decide_bind(sock("0.0.0.0", "P", uid=0), [held]).allowed
    assert decide_bind(sock("0.0.0.0", "P", uid=2, privileged=True), [held]).allowed
    assert decide_bind(sock("0.0.0.0", "P", uid=0, privileged=False), [held]).error == IN_USE


def test_a_tcp_connection_of_another_owner_is_exempt():
    """so_type != SOCK_STREAM or t has no foreign address."""
    tcp = sock("127.0.0.1", uid=1, state="connected")
    assert decide_bind(sock("127.0.0.1", "R", uid=2), [tcp]).allowed
    udp = sock("127.0.0.1", uid=1, state="connected", transport="udp")
    assert says(decide_bind(sock("127.0.0.1", "R", uid=2, transport="udp"), [udp])) == (
        IN_USE,
        "freebsd-uid",
    )


def test_the_owner_on_the_ipv4_side_of_a_dual_stack_socket():
    held = sock("0.0.0.0", uid=1)
    assert says(decide_bind(sock("::", "4", uid=2), [held])) == (IN_USE, "freebsd-dual-stack-uid")
    assert decide_bind(sock("::", "6", uid=2), [held]).allowed


def test_load_balance_wildcards_of_two_owners():
    """13 and 14 exempt them from the test of the owner, CURRENT does not."""
    held, new = sock("0.0.0.0", "L", uid=1), sock("0.0.0.0", "L", uid=2)
    assert says(procedure("freebsd")(new, [held])) == (IN_USE, "freebsd-uid")
    for release in ("freebsd-14", "freebsd-13"):
        assert procedure(release)(new, [held]).rule.id == f"{release}-load-balance"
        # Not if the holder has SO_REUSEPORT as well, nor at a specific address.
        assert procedure(release)(new, [sock("0.0.0.0", "LP", uid=1)]).error == IN_USE
        assert (
            procedure(release)(
                sock("127.0.0.1", "L", uid=2), [sock("127.0.0.1", "L", uid=1)]
            ).rule.id
            == f"{release}-uid"
        )
        held6, new6 = sock("::", "6L", uid=1), sock("::", "6L", uid=2)
        assert procedure(release)(new6, [held6]).allowed
    # The IPv4 side of a dual-stack socket has no exemption.
    dual = sock("::", "4L", uid=2)
    assert procedure("freebsd-14")(dual, [held]).rule.id == "freebsd-14-dual-stack-uid"


def test_time_wait_between_ipv6_sockets_on_13():
    """tw->tw_so_options, before the exemption of two AF_INET6 sockets."""
    held = sock("::ffff:0.0.0.0", "4", state="time-wait")
    new = sock("::ffff:0.0.0.0", "4")
    assert procedure("freebsd")(new, [held]).allowed
    assert procedure("freebsd-14")(new, [held]).allowed
    assert says(procedure("freebsd-13")(new, [held])) == (IN_USE, "freebsd-13-time-wait")


def test_only_the_best_matching_socket_is_compared():
    """in_pcblookup_local: fewest of connected and matched by wildcard."""
    shares = sock("127.0.0.1", "P")
    refuses = sock("0.0.0.0")
    # The exact one is looked at; the wildcard next to it is not.
    assert decide_bind(sock("127.0.0.1", "P"), [shares, refuses]).allowed
    # An IPv4 socket goes before a dual-stack one (INP_LOOKUP_MAPPED_PCB_COST).
    mine, other = sock("0.0.0.0", "RP", uid=1), sock("::", "4RP", uid=2)
    assert decide_bind(sock("127.0.0.1", "RP", uid=1), [mine, other]).allowed
    assert decide_bind(sock("127.0.0.1", "RP", uid=2), [mine, other]).error == IN_USE


def test_of_equal_matches_the_newest_is_compared():
    first, second = sock("127.0.0.1", "RP", uid=1), sock("127.0.0.1", "RP", uid=2)
    new = sock("127.0.0.1", "RP", uid=2)
    assert decide_bind(new, [first, second]).allowed
    assert decide_bind(new, [second, first]).blocker is first


def test_reserved_ports_and_foreign_addresses():
    assert says(decide_bind(sock("0.0.0.0", port=80), [])) == ("EACCES", "freebsd-privileged")
    assert decide_bind(sock("0.0.0.0", port=80, uid=0), []).allowed
    here = ["192.0.2.1"]
    assert decide_bind(sock("192.0.2.1"), [], local_addresses=here).allowed
    assert decide_bind(sock("::ffff:192.0.2.1", "4"), [], local_addresses=here).allowed
    assert says(decide_bind(sock("192.0.2.2"), [], local_addresses=here)) == (
        "EADDRNOTAVAIL",
        "freebsd-not-local",
    )
    # in_pcbbind_avail checks the address first.
    assert decide_bind(sock("192.0.2.2", port=80), [], local_addresses=here).error == (
        "EADDRNOTAVAIL"
    )
    # Of 127/8 only 127.0.0.1 is an address of the machine.
    assert decide_bind(sock("127.0.0.1"), [], local_addresses=here).allowed
    assert decide_bind(sock("127.0.0.2"), [], local_addresses=here).error == "EADDRNOTAVAIL"


def test_a_mapped_address_with_v6only():
    """in6_pcbbind then looks for an interface with that address."""
    assert says(decide_bind(sock("::ffff:127.0.0.1", "6"), [])) == (
        "EADDRNOTAVAIL",
        "freebsd-mapped-v6only",
    )


def test_multicast_treats_reuse_address_as_reuse_port_and_ignores_the_owner():
    held = sock("239.1.1.1", "R", transport="udp", uid=1)
    assert decide_bind(sock("239.1.1.1", "R", transport="udp", uid=2), [held]).allowed
    assert decide_bind(sock("239.1.1.1", transport="udp", uid=2), [held]).error == IN_USE
    held6 = sock("ff02::1", "R", transport="udp", uid=1)
    assert decide_bind(sock("ff02::1", "R", transport="udp", uid=2), [held6]).allowed


def test_confidence_and_source():
    decision = decide_bind(sock(), [sock()])
    assert decision.confidence is Confidence.SOURCE
    assert decision.source.document == "5BSD/5BSD@392999c (from FreeBSD CURRENT)"
    assert "in_pcbbind_avail" in decision.source.section


@pytest.mark.parametrize("more", [{"exclusive": True}, {"device": "em0"}])
def test_options_that_freebsd_does_not_have_are_refused(more):
    with pytest.raises(InvalidSocketError, match="FreeBSD has no option"):
        decide_bind(sock(**more), [])
