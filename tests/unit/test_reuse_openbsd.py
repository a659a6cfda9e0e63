"""OpenBSD's procedure, a test per clause.

Source: sys/netinet/in_pcb.c (in_pcbaddrisavail_lock, in_pcbbind_locked) and
sys/netinet6/in6_pcb.c (in6_pcbaddrisavail_lock).
"""

from __future__ import annotations

import pytest

from portranges import PortSet
from portranges.errors import InvalidSocketError
from portranges.reuse import PortTable, portability
from portranges.reuse.model import State
from portranges.reuse.others import SystemSettings, system
from portranges.reuse.others.sock import Sock
from reuse_sockets import procedure, says, sock

decide_bind = procedure("openbsd")

IN_USE = "EADDRINUSE"


def test_the_families_have_tables_of_their_own():
    """0.0.0.0 and :: never conflict."""
    for v6only in ("", "6"):
        v4, v6 = sock("0.0.0.0"), sock("::", v6only)
        assert decide_bind(v6, [v4]).rule.id == "openbsd-free"
        assert decide_bind(v4, [v6]).rule.id == "openbsd-free"


def test_ipv6_only_cannot_be_cleared():
    """ip6_ctloutput(): IPV6_V6ONLY of 0 is EINVAL, before any bind()."""
    dual = sock("::", "4")
    wrong = "IPV6_V6ONLY cannot be cleared on OpenBSD, got tcp [::]:8080 with v6only=False"
    for new, held in ((dual, []), (sock(), [dual])):
        with pytest.raises(InvalidSocketError) as caught:
            decide_bind(new, held)
        assert str(caught.value) == wrong
    with pytest.raises(InvalidSocketError, match="IPV6_V6ONLY cannot be cleared on OpenBSD"):
        PortTable("openbsd").socket("tcp", family="inet6", v6only=False)
    for new, held in ((dual, []), (sock(), [dual])):
        answer = portability(new, held)["openbsd"]
        assert says(answer) == ("EINVAL", "openbsd-v6only-late")
        assert answer.reason == "IPV6_V6ONLY cannot be cleared on OpenBSD"
    # A socket of IPv4 has no such option, and says nothing by False.
    plain = sock("0.0.0.0", "4")
    assert decide_bind(plain, []).allowed
    assert portability(plain, [plain])["openbsd"].rule.id == "openbsd-default"


def test_there_are_no_mapped_addresses():
    for flags in ("6", ""):
        assert says(decide_bind(sock("::ffff:127.0.0.1", flags), [])) == (
            "EADDRNOTAVAIL",
            "openbsd-mapped-v6only",
        )


def test_another_owner_refuses_without_exemption():
    """so_euid: also for both at the wildcard, SO_REUSEPORT and a connection."""
    for held in (
        sock("0.0.0.0", "RP", uid=1),
        sock("127.0.0.1", uid=1, state="connected"),
        sock("127.0.0.1", uid=1, state="time-wait"),
    ):
        assert says(decide_bind(sock("0.0.0.0", "RP", uid=2), [held])) == (IN_USE, "openbsd-uid")
    assert decide_bind(sock("0.0.0.0", "P", uid=0), [sock("0.0.0.0", "P", uid=1)]).allowed


def test_without_options_overlapping_sockets_conflict():
    assert says(decide_bind(sock("127.0.0.1"), [sock("0.0.0.0", "RP")])) == (
        IN_USE,
        "openbsd-default",
    )
    assert decide_bind(sock("::1"), [sock("::")]).error == IN_USE


def test_only_the_new_sockets_options_count_for_wildcards_and_connections():
    for held in (sock("0.0.0.0", state="listening"), sock("127.0.0.1", state="time-wait")):
        assert says(decide_bind(sock("127.0.0.1", "R"), [held])) == (None, "openbsd-one-sided")
        assert decide_bind(sock("127.0.0.1", "P"), [held]).allowed


def test_exact_duplicates_need_reuse_port_on_both():
    assert says(decide_bind(sock("::1", "R"), [sock("::1", "R")])) == (IN_USE, "openbsd-exact")
    assert decide_bind(sock("::1", "P"), [sock("::1", "P")]).rule.id == "openbsd-reuse-port"


def test_a_listening_tcp_socket_does_not_count_as_a_wildcard():
    """SO_ACCEPTCONN of a connection-oriented socket; no program gets there."""
    openbsd = system("openbsd")
    new = Sock.of(sock("127.0.0.1"), default_v6only=True)
    held = Sock.of(sock("0.0.0.0"), default_v6only=True)
    assert openbsd.judge(new, [held])[0].error == IN_USE
    new.state = State.LISTENING
    assert openbsd.judge(new, [held])[0].error is None
    new.tcp = False
    assert openbsd.judge(new, [held])[0].error == IN_USE
    # A question about a socket that will listen is one about its bind().
    assert decide_bind(sock("127.0.0.1", state="listening"), [sock("0.0.0.0")]).error == IN_USE


def test_privilege_is_checked_last():
    """in_rootonly() comes after in_pcbaddrisavail_lock()."""
    assert says(decide_bind(sock(port=80), [])) == ("EACCES", "openbsd-privileged")
    assert decide_bind(sock(port=80, uid=0), []).allowed
    held = sock(port=80, uid=1000, state="listening")
    assert decide_bind(sock(port=80), [held]).error == IN_USE
    rootonly = SystemSettings(extra_privileged=PortSet([2049]))
    assert decide_bind(sock(port=2049), [], settings=rootonly).error == "EACCES"


def test_udp_multicast_ports_are_shared_by_different_users():
    held = sock("239.1.1.1", "R", transport="udp", uid=1)
    assert decide_bind(sock("239.1.1.1", "R", transport="udp", uid=2), [held]).allowed
