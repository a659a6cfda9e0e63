"""The port table of the other systems: its calls, its choices, its errors."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import Any

import pytest

from portranges import Confidence, PortSet, UnknownNameError, ephemeral, systems
from portranges.errors import InvalidSocketError
from portranges.reuse import portability, rules
from portranges.reuse.addresses import address_number
from portranges.reuse.decisions import machine
from portranges.reuse.model import (
    Close,
    Decision,
    Handle,
    Options,
    Socket,
    State,
    Verdict,
    shown_address,
)
from portranges.reuse.others import SYSTEMS, SystemSettings, lookup, system
from portranges.reuse.others.machine import SystemPorts
from reuse_sockets import procedure, sock

BSDS = ["freebsd", "freebsd-14", "freebsd-13", "macos", "openbsd", "netbsd"]
_handles = count(1)


class Table:
    """The state machine, called with texts as through ``PortTable``."""

    def __init__(self, name: str, *, local: list[str] | None = None, **settings: Any) -> None:
        addresses = None if local is None else frozenset(map(addr, local))
        self.name = name
        self.ports: SystemPorts = machine(name)(
            SystemSettings(**settings), None, addresses, Random(7)
        )

    def socket(self, transport: str = "tcp", flags: str = "", **more: Any) -> Handle:
        handle = Handle(next(_handles))
        self.ports.socket(
            handle,
            tcp=transport == "tcp",
            v6=more.get("v6", False),
            v6only=False if "4" in flags else True if "6" in flags else None,
            r="R" in flags,
            rp="P" in flags,
            lb="L" in flags,
            exclusive="E" in flags,
            uid=more.get("uid", 1000),
            privileged=more.get("privileged"),
            dev=more.get("device"),
        )
        return handle

    def bind(self, handle: Handle, address: str, port: int) -> Decision:
        return self.ports.bind(handle, addr(address), port)

    def connect(self, handle: Handle, address: str, port: int, **more: Any) -> Decision:
        source = more.get("source")
        return self.ports.connect(
            handle,
            addr(address),
            port,
            source=None if source is None else addr(source),
            refused=more.get("refused", False),
        )

    def accept(
        self, handle: Handle, local: str | None = None, peer: tuple[str, int] | None = None
    ) -> Decision:
        return self.ports.accept(
            handle,
            Handle(next(_handles)),
            uid=0,
            local=None if local is None else addr(local),
            peer=None if peer is None else (addr(peer[0]), peer[1]),
        )

    def set_option(self, handle: Handle, **given: Any) -> Decision:
        names = (
            "reuse_address", "reuse_port", "v6only", "bind_address_no_port",
            "local_port_range", "uid", "load_balance", "exclusive",
        )  # fmt: skip
        return self.ports.set_option(handle, Options(**{name: given.get(name) for name in names}))

    def port(self, handle: Handle) -> int:
        return self.ports.describe(handle).port


def addr(text: str) -> int:
    from ipaddress import ip_address

    return address_number(ip_address(text))


# Running out of ports: section by operation.

EXHAUSTED = {
    # bind(0), connect() on IPv4, connect() on IPv6
    "freebsd": ("EADDRNOTAVAIL", "EADDRNOTAVAIL", "EADDRNOTAVAIL"),
    "macos": ("EADDRNOTAVAIL", "EADDRNOTAVAIL", "EAGAIN"),
    "openbsd": ("EADDRNOTAVAIL", "EADDRNOTAVAIL", "EADDRNOTAVAIL"),
    "netbsd": ("EAGAIN", "EAGAIN", "EAGAIN"),
    "illumos": ("EADDRNOTAVAIL", "EADDRNOTAVAIL", "EADDRNOTAVAIL"),
    "windows": ("WSAENOBUFS", "WSAENOBUFS", "WSAENOBUFS"),
}


@pytest.mark.parametrize("name", EXHAUSTED)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_the_error_if_no_port_is_left(name, transport):
    by_bind, by_connect, by_connect6 = EXHAUSTED[name]
    table = Table(name, ports=PortSet([40000]))
    assert table.bind(table.socket(transport), "0.0.0.0", 0).allowed
    assert table.bind(table.socket(transport), "0.0.0.0", 0).error == by_bind
    assert table.connect(table.socket(transport), "192.0.2.7", 443).error == by_connect
    table = Table(name, ports=PortSet([40000]))
    assert table.connect(table.socket(transport, v6=True), "2001:db8::7", 443).allowed
    again = table.connect(table.socket(transport, v6=True), "2001:db8::7", 443)
    assert again.error == by_connect6
    assert again.rule.id.startswith(f"{name}-connect-exhausted")


@pytest.mark.parametrize("name", EXHAUSTED)
def test_an_empty_range_has_no_port(name):
    table = Table(name, ports=PortSet())
    assert table.connect(table.socket(), "192.0.2.7", 443).error == EXHAUSTED[name][1]


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_sharing_over_destinations_is_as_the_ephemeral_row_says(name):
    """One port in the range, two destinations."""
    table = Table(name, ports=PortSet([40000]))
    assert table.connect(table.socket(), "192.0.2.7", 443).allowed
    second = table.connect(table.socket(), "192.0.2.8", 443)
    shares = ephemeral.profile(system(name).name).shares_ports_across_destinations
    assert second.allowed is bool(shares)
    # The same destination again never works.
    assert not table.connect(table.socket(), "192.0.2.7", 443).allowed


@pytest.mark.parametrize("name", ["freebsd", "illumos"])
def test_a_bound_socket_keeps_its_port_from_connect(name):
    table = Table(name, ports=PortSet([40000]))
    assert table.bind(table.socket(), "0.0.0.0", 40000).allowed
    assert table.connect(table.socket(), "192.0.2.7", 443).error == "EADDRNOTAVAIL"


def test_openbsd_with_an_option_tests_the_4_tuple_after_the_choice():
    """in_pcbpickport() without wild passes connections by, then EADDRINUSE."""
    table = Table("openbsd", ports=PortSet([40000]))
    assert table.connect(table.socket(flags="R"), "192.0.2.7", 443).allowed
    again = table.socket(flags="R")
    decision = table.connect(again, "192.0.2.7", 443)
    assert (decision.error, decision.rule.id) == ("EADDRINUSE", "openbsd-tuple")
    assert table.port(again) == 0
    assert table.connect(again, "192.0.2.8", 443).allowed


@pytest.mark.parametrize(
    ("name", "error"),
    [(name, "EADDRINUSE") for name in [*BSDS, "illumos"]] + [("windows", "WSAEADDRINUSE")],
)
def test_a_second_identical_4_tuple(name, error):
    table = Table(name)
    first, second = table.socket(flags="R"), table.socket(flags="R")
    assert table.bind(first, "127.0.0.1", 40000).allowed
    assert table.connect(first, "127.0.0.1", 443).allowed
    assert table.bind(second, "127.0.0.1", 40000).allowed
    decision = table.connect(second, "127.0.0.1", 443)
    assert decision.error == error
    assert decision.blocker == table.ports.describe(first)
    assert table.ports.describe(second).state is State.BOUND
    # In TIME_WAIT too.
    table.ports.close(first, Close.FIRST)
    assert table.connect(second, "127.0.0.1", 443).error == error
    table.ports.advance(241)
    assert table.connect(second, "127.0.0.1", 443).allowed


def test_macos_refuses_to_connect_to_itself():
    table = Table("macos")
    a = table.socket()
    assert table.bind(a, "127.0.0.1", 40000).allowed
    decision = table.connect(a, "127.0.0.1", 40000)
    assert (decision.error, decision.rule.id) == ("EINVAL", "macos-self-connect")
    table = Table("freebsd")
    a = table.socket()
    assert table.bind(a, "127.0.0.1", 40000).allowed
    assert table.connect(a, "127.0.0.1", 40000).allowed


@pytest.mark.slow
def test_macos_counts_its_udp_ports():
    table = Table("macos", restricted=PortSet())
    for port in range(2000, 2000 + 61440):
        assert table.bind(table.socket("udp"), "0.0.0.0", port).allowed
    a = table.socket("udp")
    assert table.bind(a, "0.0.0.0", 1999).rule.id == "macos-udp-reserve"
    assert table.bind(a, "0.0.0.0", 0).error == "EADDRNOTAVAIL"


def test_privilege_may_be_given_without_uid_0():
    table = Table("netbsd")
    assert table.bind(table.socket(uid=0, privileged=False), "0.0.0.0", 80).error == "EACCES"
    assert table.bind(table.socket(uid=5, privileged=True), "0.0.0.0", 80).allowed


@pytest.mark.parametrize("name", ["windows", "freebsd", "openbsd", "netbsd"])
def test_what_no_socket_of_the_system_can_have(name):
    table = Table(name)
    with pytest.raises(InvalidSocketError, match="has no option that binds a socket to a device"):
        table.socket(device="en0")
    assert len(table.ports) == 0


# TIME_WAIT.


@pytest.mark.parametrize(
    ("name", "peer", "seconds"),
    [
        ("freebsd", "192.0.2.7", 60.0),
        ("macos", "192.0.2.7", 30.0),
        ("openbsd", "192.0.2.7", 60.0),
        ("netbsd", "192.0.2.7", 60.0),
        ("netbsd", "127.0.0.1", 2.0),
        ("illumos", "192.0.2.7", 60.0),
        ("solaris", "192.0.2.7", 60.0),
        ("windows", "192.0.2.7", 120.0),
        ("windows-xp", "192.0.2.7", 120.0),
    ],
)
def test_the_length_of_time_wait(name, peer, seconds):
    table = Table(name)
    a = table.socket()
    assert table.connect(a, peer, 443).allowed
    table.ports.close(a, Close.FIRST)
    table.ports.advance(seconds - 0.25)
    assert table.ports.lingering == 1
    table.ports.advance(0.25)
    assert table.ports.lingering == 0


def test_the_length_of_time_wait_of_an_accepted_socket():
    """Without a peer's address, its own end shows whether the peer is near."""
    for local, seconds in (("127.0.0.1", 2.0), ("192.0.2.1", 60.0)):
        table = Table("netbsd")
        a = table.socket()
        assert table.bind(a, local, 8080).allowed
        assert table.ports.listen(a).allowed
        child = table.accept(a).handle
        assert child is not None
        table.ports.close(child, Close.FIRST)
        table.ports.advance(seconds - 0.25)
        assert table.ports.lingering == 1
        table.ports.advance(0.25)
        assert table.ports.lingering == 0


def test_the_length_of_time_wait_can_be_set():
    table = Table("freebsd", time_wait=0.02, fin_wait_2=5.0)
    a, b = table.socket(), table.socket()
    assert table.connect(a, "127.0.0.1", 443).allowed
    assert table.connect(b, "127.0.0.1", 443).allowed
    table.ports.close(a, Close.FIRST)
    table.ports.close(b, Close.UNANSWERED)
    table.ports.advance(0.02)
    assert table.ports.lingering == 1
    table.ports.advance(5.0)
    assert table.ports.lingering == 0


def test_closed_sockets_that_do_not_linger():
    table = Table("macos")
    for how in (Close.SECOND, Close.RESET):
        a = table.socket()
        assert table.connect(a, "192.0.2.7", 443).allowed
        table.ports.close(a, how)
        assert table.ports.lingering == 0
    a = table.socket("udp")
    assert table.connect(a, "192.0.2.7", 443).allowed
    table.ports.close(a, Close.FIRST)
    assert table.ports.lingering == 0
    assert len(table.ports) == 0


# Calls in a wrong state.

WRONG_STATE = [(name, "", "EINVAL", "EOPNOTSUPP") for name in (*BSDS, "illumos")] + [
    ("windows", "WSA", "WSAEISCONN", "WSAEINVAL")
]


@pytest.mark.parametrize(("name", "prefix", "listen_connected", "connect_listening"), WRONG_STATE)
def test_calls_in_a_wrong_state(name, prefix, listen_connected, connect_listening):
    table = Table(name)
    a = table.socket()
    assert table.accept(a).error == f"{prefix}EINVAL"
    assert table.bind(a, "127.0.0.1", 8080).allowed
    assert table.bind(a, "127.0.0.1", 8081).rule.id == f"{name}-has-port"
    assert table.ports.listen(a).allowed
    assert table.ports.listen(a).allowed
    before = table.ports.describe(a)
    assert table.connect(a, "127.0.0.1", 80).error == connect_listening
    assert table.ports.describe(a) == before
    b = table.socket()
    assert table.connect(b, "127.0.0.1", 8080).allowed
    assert table.connect(b, "127.0.0.1", 8080).error == f"{prefix}EISCONN"
    assert table.ports.listen(b).error == listen_connected
    u = table.socket("udp")
    assert table.ports.listen(u).error == f"{prefix}EOPNOTSUPP"
    # accept1() of FreeBSD and OpenBSD tests only whether the socket is listening.
    untested = name.startswith("freebsd") or name == "openbsd"
    accepting = "EINVAL" if untested else f"{prefix}EOPNOTSUPP"
    assert table.accept(u).error == accepting


def test_the_order_in_which_connect_tests_a_socket():
    """connect() of a listening socket to port 0, and of one that is refused again."""
    for name, error in (
        ("freebsd", "EOPNOTSUPP"),
        ("freebsd-14", "EOPNOTSUPP"),
        ("openbsd", "EOPNOTSUPP"),
        ("illumos", "EADDRNOTAVAIL"),
    ):
        table = Table(name)
        a = table.socket()
        assert table.bind(a, "127.0.0.1", 8080).allowed
        assert table.ports.listen(a).allowed
        assert table.connect(a, "127.0.0.1", 0).error == error
    # tcp_usr_connect() tests for a multicast address before SOLISTENING(), soconnectat() of 13
    # after it.
    for name, error in (("freebsd-14", "EAFNOSUPPORT"), ("freebsd-13", "EOPNOTSUPP")):
        table = Table(name)
        a = table.socket()
        assert table.bind(a, "127.0.0.1", 8080).allowed
        assert table.ports.listen(a).allowed
        assert table.connect(a, "224.0.0.1", 80).error == error


def test_a_listening_ipv6_socket_of_freebsd_14_cannot_connect():
    for name, error in (
        ("freebsd", "EOPNOTSUPP"),
        ("freebsd-14", "EINVAL"),
        ("freebsd-13", "EOPNOTSUPP"),
    ):
        table = Table(name)
        a = table.socket(v6=True)
        assert table.bind(a, "::1", 8080).allowed
        assert table.ports.listen(a).allowed
        assert table.connect(a, "::1", 80).error == error


def test_netbsd_tests_for_a_connection_before_the_type_of_socket():
    for name, error in (("netbsd", "EINVAL"), ("openbsd", "EOPNOTSUPP")):
        table = Table(name)
        a = table.socket("udp")
        assert table.ports.listen(a).error == "EOPNOTSUPP"
        assert table.connect(a, "127.0.0.1", 53).allowed
        assert table.ports.listen(a).error == error


def test_ipv6_only_can_change_at_any_time_on_illumos():
    """conn_opt_set_ipv6() does not test the state."""
    for name, allowed in (("illumos", True), ("solaris", True), ("freebsd", False)):
        table = Table(name)
        a = table.socket(v6=True)
        assert table.bind(a, "::", 8080).allowed
        decision = table.set_option(a, v6only=True)
        assert decision.allowed is allowed
        assert name != "freebsd" or decision.error == "EINVAL"


def test_an_accepted_socket_inherits_no_reuse_option_since_freebsd_14():
    """solisten_clone() names the options that it copies; sonewconn() of 13 copies all."""
    for name, copied in (("freebsd", False), ("freebsd-14", False), ("freebsd-13", True)):
        table = Table(name)
        a = table.socket(flags="RP")
        assert table.bind(a, "127.0.0.1", 8080).allowed
        assert table.ports.listen(a).allowed
        child = table.ports.describe(table.accept(a, peer=("127.0.0.1", 50000)).handle)
        assert (child.reuse_address, child.reuse_port) == (copied, copied)


def test_a_windows_option_has_no_effect_after_bind():
    for name, allowed in (("windows", False), ("freebsd", True)):
        table = Table(name)
        a, b = table.socket("udp"), table.socket("udp", "R")
        assert table.bind(a, "224.0.0.1" if name == "freebsd" else "0.0.0.0", 8080).allowed
        assert table.set_option(a, reuse_address=True).allowed
        assert table.ports.describe(a).reuse_address is allowed
        bound = table.bind(b, "224.0.0.1" if name == "freebsd" else "0.0.0.0", 8080)
        assert bound.allowed is allowed


def test_listen_without_a_port():
    for name in (*BSDS, "illumos"):
        table = Table(name, ports=PortSet([40000]))
        a = table.socket()
        assert table.ports.listen(a).rule.id == f"{name}-chosen"
        assert table.ports.describe(a).state is State.LISTENING
        assert not table.ports.listen(table.socket()).allowed
    table = Table("windows")
    assert table.ports.listen(table.socket()).rule.id == "windows-listen-unbound"


def test_a_refused_connection():
    """4.4BSD drops the socket's record; the others give it back as it was."""
    for name in BSDS:
        table = Table(name)
        a = table.socket()
        assert table.bind(a, "127.0.0.1", 8080).allowed
        assert table.connect(a, "127.0.0.1", 80, refused=True).error == "ECONNREFUSED"
        assert table.port(a) == 0
        for again in (table.bind(a, "127.0.0.1", 8080), table.ports.listen(a)):
            assert (again.error, again.rule.id) == ("EINVAL", f"{name}-dropped")
        # tcp_usr_connect() of FreeBSD tests TF_DISCONNECTED or INP_DROPPED itself.
        refused = "ECONNREFUSED" if name.startswith("freebsd") else "EINVAL"
        assert table.connect(a, "127.0.0.1", 80).error == refused
        # sosetoptlock() of macOS refuses a socket that can neither send nor receive.
        option = table.set_option(a, reuse_address=True)
        assert option.error == ("EINVAL" if name == "macos" else None)
        assert table.bind(table.socket(), "127.0.0.1", 8080).allowed
        table.ports.close(a, Close.FIRST)
    for name, error in (("illumos", "ECONNREFUSED"), ("windows", "WSAECONNREFUSED")):
        table = Table(name)
        a = table.socket()
        assert table.bind(a, "127.0.0.1", 8080).allowed
        assert table.connect(a, "127.0.0.1", 80, refused=True).error == error
        assert table.port(a) == 8080
        assert table.connect(a, "127.0.0.1", 80).allowed


def test_a_connection_over_the_other_ip_version():
    for name, mapped_error, v6_error in (
        ("freebsd", "EINVAL", "EAFNOSUPPORT"),
        ("netbsd", "EINVAL", "EINVAL"),
        ("openbsd", "EADDRNOTAVAIL", None),
        ("illumos", "EADDRNOTAVAIL", "EADDRNOTAVAIL"),
        ("windows", "WSAENETUNREACH", "WSAEAFNOSUPPORT"),
    ):
        table = Table(name)
        only = table.socket(v6=True, flags="6")
        assert table.connect(only, "::ffff:127.0.0.1", 80).error == mapped_error
        if v6_error is not None:
            mapped = table.socket(v6=True, flags="4")
            assert table.bind(mapped, "::ffff:127.0.0.1", 0).allowed
            assert table.connect(mapped, "::1", 80).error == v6_error
            assert table.connect(mapped, "::", 80).allowed is (name not in ("windows", "freebsd"))
    table = Table("macos")
    dual = table.socket(v6=True)
    assert table.connect(dual, "::ffff:127.0.0.1", 80).allowed
    assert shown_address(table.ports.describe(dual).address) == "::ffff:127.0.0.1"


def test_the_wildcard_as_a_destination():
    table = Table("freebsd-14")
    a, b = table.socket(), table.socket(v6=True)
    assert table.connect(a, "0.0.0.0", 80).allowed
    assert table.connect(b, "::", 80).allowed
    assert str(table.ports.describe(a).address) == "127.0.0.1"
    assert str(table.ports.describe(b).address) == "::1"
    table = Table("windows")
    assert table.connect(table.socket(), "0.0.0.0", 80).error == "WSAEADDRNOTAVAIL"


# A UDP socket bound to 127.0.0.1: its address after connect(), and after the
# next connect() to an address elsewhere, and after one that fails.
RECONNECTS = [
    ("freebsd", "127.0.0.1", "127.0.0.1"),
    ("freebsd-14", "192.0.2.1", "0.0.0.0"),
    ("freebsd-13", "192.0.2.1", "0.0.0.0"),
    ("macos", "192.0.2.1", "0.0.0.0"),
    ("openbsd", "192.0.2.1", "0.0.0.0"),
    ("netbsd", "192.0.2.1", "0.0.0.0"),
    ("illumos", "127.0.0.1", "127.0.0.1"),
    ("solaris", "127.0.0.1", "127.0.0.1"),
]


@pytest.mark.parametrize(("name", "anew", "failed"), RECONNECTS)
def test_a_udp_socket_may_connect_again(name, anew, failed):
    """soconnect() calls sodisconnect() first; illumos' udp_do_connect() does it itself."""
    table = Table(name)
    a = table.socket("udp", "R")
    assert table.bind(a, "127.0.0.1", 8080).allowed
    assert table.connect(a, "127.0.0.1", 53).allowed
    assert table.connect(a, "192.0.2.7", 53).allowed
    now = table.ports.describe(a)
    assert (str(now.address), now.port, now.state) == (anew, 8080, State.CONNECTED)
    # A clash of 4-tuples refuses the new connection; the old one is gone.
    b = table.socket("udp", "R")
    assert table.bind(b, anew, 8080).allowed
    assert table.connect(b, "192.0.2.8", 53).allowed
    clash = table.connect(b, "192.0.2.7", 53)
    assert clash.rule.id in (f"{name}-tuple", f"{name}-tuple-udp")
    now = table.ports.describe(b)
    assert (str(now.address), now.port, now.state) == (failed, 8080, State.BOUND)
    assert table.connect(b, "192.0.2.8", 53).allowed


@pytest.mark.parametrize(("name", "given_up"), [("freebsd", True), ("illumos", False)])
def test_a_udp_socket_that_cannot_reach_its_new_peer(name, given_up):
    """Where the connection is given up at once, before the new address is looked at."""
    table = Table(name)
    a = table.socket("udp", "6", v6=True)
    assert table.connect(a, "2001:db8::7", 53).allowed
    assert not table.connect(a, "::ffff:192.0.2.7", 53).allowed
    assert (table.ports.describe(a).state is State.BOUND) is given_up


def test_windows_keeps_a_connection_until_the_new_one_is_made():
    """Nothing was read of it."""
    table = Table("windows")
    a, b = table.socket("udp", "R"), table.socket("udp", "R")
    for handle, peer in ((a, "192.0.2.7"), (b, "192.0.2.8")):
        assert table.bind(handle, "127.0.0.1", 8080).allowed
        assert table.connect(handle, peer, 53).allowed
    assert not table.connect(b, "192.0.2.7", 53).allowed
    assert table.ports.describe(b).state is State.CONNECTED


# accept().


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_an_accepted_socket(name):
    table = Table(name)
    a = table.socket(flags="R", uid=5)
    assert table.bind(a, "0.0.0.0", 8080).allowed
    assert table.ports.listen(a).allowed
    first = table.accept(a, local="127.0.0.1", peer=("127.0.0.1", 50000))
    assert first.rule.id == f"{name}-accepted"
    assert first.handle is not None
    child = table.ports.describe(first.handle)
    inherits = name not in ("freebsd", "freebsd-14")
    assert (child.uid, child.reuse_address, child.port) == (5, inherits, 8080)
    assert child.state is State.CONNECTED
    again = table.accept(a, local="127.0.0.1", peer=("127.0.0.1", 50000))
    assert again.rule.id == f"{name}-no-connection"
    # One that lingers gives way.
    table.ports.close(first.handle, Close.FIRST)
    assert table.accept(a, local="127.0.0.1", peer=("127.0.0.1", 50000)).allowed
    assert table.ports.lingering == 0
    table.ports.close(a, Close.FIRST)
    assert len(list(table.ports.holders(8080, tcp=True))) == 1


def test_the_local_end_of_an_accepted_socket():
    table = Table("freebsd")
    specific, dual, only = (
        table.socket(),
        table.socket(v6=True, flags="4"),
        table.socket(v6=True, flags="6"),
    )
    assert table.bind(specific, "127.0.0.1", 1025).allowed
    assert table.bind(dual, "::", 1026).allowed
    assert table.bind(only, "::", 1027).allowed
    for handle in (specific, dual, only):
        assert table.ports.listen(handle).allowed
    with pytest.raises(InvalidSocketError, match="the address that the listener is bound to"):
        table.accept(specific, local="127.0.0.2")
    with pytest.raises(InvalidSocketError, match="that the listener accepts connections at"):
        table.accept(only, local="127.0.0.1")
    with pytest.raises(InvalidSocketError, match="that the listener accepts connections at"):
        table.accept(dual, local="::")
    v4 = table.socket()
    assert table.bind(v4, "0.0.0.0", 1028).allowed
    assert table.ports.listen(v4).allowed
    with pytest.raises(InvalidSocketError, match="that the listener accepts connections at"):
        table.accept(v4, local="::1")
    assert table.accept(v4, local="192.0.2.1").allowed
    assert table.accept(only, local="2001:db8::1").allowed
    made = [table.accept(specific), table.accept(dual), table.accept(dual, local="127.0.0.1")]
    assert all(decision.allowed for decision in made)
    addresses = [shown_address(table.ports.describe(d.handle).address) for d in made if d.handle]
    assert addresses == ["127.0.0.1", "::1", "::ffff:127.0.0.1"]


# Options.


def test_options_after_bind_count():
    table = Table("freebsd")
    a, b = table.socket(flags="P"), table.socket(flags="P")
    assert table.bind(a, "127.0.0.1", 8080).allowed
    assert table.set_option(a, reuse_port=False, load_balance=True).allowed
    assert table.bind(b, "127.0.0.1", 8080).rule.id == "freebsd-exact"
    assert table.set_option(b, load_balance=True).allowed
    assert table.bind(b, "127.0.0.1", 8080).rule.id == "freebsd-load-balance"


def test_v6only_cannot_change_after_bind_or_where_it_is_fixed():
    table = Table("freebsd")
    a = table.socket(v6=True)
    assert table.ports.describe(a).v6only is True
    assert table.set_option(a, v6only=False).allowed
    assert table.bind(a, "::", 8080).allowed
    assert table.set_option(a, v6only=True).error == "EINVAL"
    table = Table("openbsd")
    a = table.socket(v6=True)
    assert table.ports.describe(a).v6only is True
    assert table.set_option(a, v6only=False).rule.id == "openbsd-v6only-late"
    assert table.set_option(a, v6only=True).allowed
    table = Table("macos", v6only=True)
    assert table.ports.describe(table.socket(v6=True)).v6only is True


def test_windows_options_exclude_each_other():
    table = Table("windows")
    a = table.socket(flags="R")
    decision = table.set_option(a, exclusive=True)
    assert (decision.error, decision.rule.id) == ("WSAEINVAL", "windows-option-both")
    assert not table.ports.describe(a).exclusive
    assert table.set_option(a, exclusive=True, reuse_address=False).allowed
    assert table.ports.describe(a).exclusive


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("windows", {"reuse_port": True}, "Windows has no SO_REUSEPORT, got reuse_port=True"),
        ("macos", {"load_balance": True}, "macOS has no SO_REUSEPORT_LB, got load_balance=True"),
        (
            "netbsd",
            {"exclusive": True},
            "NetBSD has no option for exclusive use, got exclusive=True",
        ),
        (
            "solaris",
            {"reuse_port": True},
            "Solaris before 11 has no SO_REUSEPORT, and its rules in 11 are not known, so the "
            "option is refused, got reuse_port=True",
        ),
        ("openbsd", {"uid": 5}, "uid cannot be set on OpenBSD, got 5"),
        (
            "freebsd",
            {"bind_address_no_port": True},
            "bind_address_no_port cannot be set on FreeBSD, got True",
        ),
        (
            "illumos",
            {"local_port_range": (1, 2)},
            "local_port_range cannot be set on illumos, got (1, 2)",
        ),
        ("macos", {"v6only": True}, "v6only requires an inet6 socket, got an inet socket"),
    ],
)
def test_options_that_cannot_be_set(name, given, message):
    table = Table(name)
    a = table.socket()
    before = table.ports.describe(a)
    with pytest.raises(InvalidSocketError) as caught:
        table.set_option(a, reuse_address=True, **given)
    assert str(caught.value) == message
    assert table.ports.describe(a) == before


# Addresses.


def test_addresses_of_the_machine():
    table = Table("freebsd", local=["192.0.2.1", "2001:db8::1"])
    a = table.socket()
    assert table.bind(a, "192.0.2.2", 8080).rule.id == "freebsd-not-local"
    assert table.connect(a, "198.51.100.1", 80).allowed
    assert str(table.ports.describe(a).address) == "192.0.2.1"
    b = table.socket()
    assert table.connect(b, "192.0.2.1", 80).allowed
    assert str(table.ports.describe(b).address) == "192.0.2.1"
    c = table.socket()
    assert table.connect(c, "198.51.100.1", 80, source="127.0.0.1").allowed
    assert str(table.ports.describe(c).address) == "127.0.0.1"


def test_every_address_of_127_8_is_local_on_windows():
    table = Table("windows", local=[])
    assert table.bind(table.socket(), "127.0.0.2", 8080).allowed
    table = Table("macos", local=[])
    assert table.bind(table.socket(), "127.0.0.2", 8080).error == "EADDRNOTAVAIL"
    assert table.bind(table.socket(), "127.0.0.1", 8080).allowed


def test_impossible_addresses_are_refused():
    table = Table("freebsd", local=[])
    a = table.socket()
    with pytest.raises(InvalidSocketError, match="an inet socket requires an IPv4 address"):
        table.bind(a, "::1", 80)
    with pytest.raises(InvalidSocketError, match="an inet socket requires an IPv4 address"):
        table.connect(a, "::1", 80)
    with pytest.raises(InvalidSocketError, match="requires a local address of the destination's"):
        table.connect(a, "192.0.2.7", 80)
    for source in ("::1", "0.0.0.0"):
        with pytest.raises(InvalidSocketError, match="source must be a specific address"):
            table.connect(a, "192.0.2.7", 80, source=source)
    assert table.ports.describe(a).state is State.UNBOUND


def test_a_mapped_address_with_v6only_is_the_systems_own_error():
    for name, error in (
        ("freebsd", "EADDRNOTAVAIL"),
        ("macos", "EADDRNOTAVAIL"),
        ("openbsd", "EADDRNOTAVAIL"),
        ("netbsd", "EINVAL"),
        ("illumos", "EADDRNOTAVAIL"),
        ("windows", "WSAEADDRNOTAVAIL"),
    ):
        table = Table(name)
        a = table.socket(v6=True, flags="6")
        for port in (0, 8080):
            assert table.bind(a, "::ffff:127.0.0.1", port).error == error
        assert str(table.ports.describe(a).address) == "::"


# The choice of a port.


def test_ports_that_are_never_chosen():
    table = Table("macos", ports=PortSet([55554, 55555, 55556]), reserved=PortSet([55556]))
    got = table.socket()
    assert table.bind(got, "0.0.0.0", 0).allowed
    assert table.port(got) == 55554
    assert not table.bind(table.socket(), "0.0.0.0", 0).allowed
    assert table.bind(table.socket(), "0.0.0.0", 55556).allowed
    table = Table("windows", ports=PortSet([50000, 50001]), excluded=PortSet([50000]))
    got = table.socket()
    assert table.bind(got, "0.0.0.0", 0).allowed
    assert table.port(got) == 50001
    assert table.bind(table.socket(), "0.0.0.0", 50000).error == "WSAEACCES"


@pytest.mark.parametrize("name", ["windows", "freebsd", "macos", "openbsd", "netbsd", "illumos"])
def test_a_port_at_another_address_is_free(name):
    """bind(address, 0): the addresses decide, as with an explicit port."""
    table = Table(name, ports=PortSet([40000]))
    assert table.bind(table.socket(), "127.0.0.1", 0).allowed
    assert not table.bind(table.socket(), "127.0.0.1", 0).allowed
    assert not table.bind(table.socket(), "0.0.0.0", 0).allowed
    assert table.bind(table.socket(), "192.0.2.2", 0).allowed
    assert table.bind(table.socket("udp"), "127.0.0.1", 0).allowed


def test_illumos_has_one_space_for_automatic_ports():
    table = Table("illumos", ports=PortSet([40000]))
    assert table.bind(table.socket(), "0.0.0.0", 0).allowed
    assert table.bind(table.socket(v6=True), "::", 0).error == "EADDRNOTAVAIL"
    assert table.bind(table.socket(v6=True), "::", 40000).allowed


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_the_default_range_is_that_of_the_ephemeral_row(name):
    table = Table(name)
    a = table.socket()
    assert table.bind(a, "0.0.0.0", 0).allowed
    profile = ephemeral.profile(system(name).name)
    assert table.port(a) in profile.ports - profile.skipped


# Names, rows, settings.


def test_unknown_systems_are_refused():
    for ask in (machine, rules):
        with pytest.raises(UnknownNameError, match="unknown system, got 'frebsd'; did you mean"):
            ask("frebsd")
    with pytest.raises(TypeError, match="system must be a str, got int"):
        machine(3)


def test_only_linux_has_kernel_releases():
    with pytest.raises(InvalidSocketError) as caught:
        machine("freebsd")(None, "13", None, Random(1))
    assert str(caught.value) == (
        "kernel applies to Linux only; other systems have the version in the name, such as "
        "'freebsd-13', got '13'"
    )


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_the_rules_of_each_system_are_complete_and_unique(name):
    row = system(name)
    assert row.name == name
    ids = [rule.id for rule in rules(name)]
    assert len(set(ids)) == len(ids)
    for rule in rules(name):
        assert rule.id.startswith(f"{name}-")
        assert (rule.error is None) is (rule.verdict is Verdict.ALLOWED)
        assert rule.error is None or rule.error.startswith(("E", "WSAE"))
        assert (rule.error or "").startswith("WSA") is (
            name.startswith("windows") and rule.error is not None
        )
        assert rule.source.document
        assert rule.source.checked >= "2026-11"
        assert rule.sentence
        assert not rule.sentence.endswith(".")
        # None of these systems was run.
        assert rule.confidence is not Confidence.MEASURED
    assert lookup.SYSTEMS is SYSTEMS


def test_current_systems_are_marked():
    current = [name for name in SYSTEMS if systems.lookup(name).is_current]
    assert current == ["freebsd", "macos", "openbsd", "netbsd", "illumos", "solaris", "windows"]


def test_invalid_settings_are_refused():
    for name, seconds in (("time_wait", -1.0), ("fin_wait_2", float("nan"))):
        with pytest.raises(InvalidSocketError, match=f"{name} must not be negative, got"):
            SystemSettings(**{name: seconds})
    with pytest.raises(TypeError, match="settings must be SystemSettings, got dict"):
        procedure("macos")(sock(), [], settings={})
    with pytest.raises(InvalidSocketError, match="NetBSD has no restricted ports, got 5"):
        procedure("netbsd")(sock(), [], settings=SystemSettings(restricted=PortSet([5])))
    free = SystemSettings(privileged_below=0)
    assert procedure("netbsd")(sock(port=80), [], settings=free).allowed
    with pytest.raises(InvalidSocketError, match="handle must belong to an open socket of"):
        Table("macos").ports.describe(Handle(0))


def test_the_new_socket_must_not_be_connected():
    with pytest.raises(InvalidSocketError, match="must be unbound, bound or listening"):
        procedure("macos")(sock(state="connected"), [])
    with pytest.raises(InvalidSocketError, match="must be unbound, bound or listening"):
        portability(sock(state="connected"), [], systems=())


def test_port_0_means_any_port():
    decision = procedure("netbsd")(sock(port=0), [sock()])
    assert decision.rule.id == "netbsd-chosen"
    assert procedure("netbsd")(
        sock("192.0.2.1", port=0), [], local_addresses=frozenset()
    ).error == ("EADDRNOTAVAIL")


# Portability.


def test_portability_over_all_systems():
    web = sock("0.0.0.0", state="listening")
    new = sock("127.0.0.1", "R")
    answers = portability(new, [web], systems=SYSTEMS)
    assert list(answers) == list(SYSTEMS)
    # Both sockets are of one user, who on Windows may go from a wildcard to an address.
    assert all(answer.allowed for answer in answers.values())
    web = sock("0.0.0.0", state="listening", uid=1)
    answers = portability(new, [web], systems=SYSTEMS)
    assert {name: answer.error for name, answer in answers.items()} == {
        "freebsd": "EADDRINUSE",
        "freebsd-14": "EADDRINUSE",
        "freebsd-13": "EADDRINUSE",
        "macos": "EADDRINUSE",
        "openbsd": "EADDRINUSE",
        "netbsd": "EADDRINUSE",
        "illumos": None,
        "solaris": None,
        "windows": "WSAEACCES",
        "windows-2003": "WSAEACCES",
        "windows-xp": None,
    }


def test_an_option_that_a_system_does_not_have_is_refused_with_its_own_rule():
    names = ("freebsd", "solaris", "windows")
    answers = portability(sock(flags="P"), iter([sock(flags="P")]), systems=names)
    assert answers["freebsd"].allowed
    assert (answers["solaris"].error, answers["solaris"].rule.id) == (
        "ENOPROTOOPT",
        "solaris-not-known",
    )
    assert answers["windows"].error == "WSAENOPROTOOPT"
    assert answers["windows"].reason == "Windows has no SO_REUSEPORT"
    assert answers["windows"].confidence is Confidence.DOCUMENT


def test_options_that_exclude_each_other_are_not_reported_as_missing():
    both = Socket(transport="tcp", address="0.0.0.0", port=80, reuse_address=True, exclusive=True)
    plain = Socket(transport="tcp", address="0.0.0.0", port=80)
    names = ("freebsd", "illumos", "windows")
    for new, existing in ((both, []), (plain, [both])):
        answers = portability(new, existing, systems=names)
        assert answers["freebsd"].rule.id == "freebsd-no-option"
        assert not answers["illumos"].rule.id.endswith("no-option")
        assert answers["windows"].error == "WSAEINVAL"
        assert answers["windows"].rule.id == "windows-option-both"
        assert answers["windows"].reason == f"on Windows {answers['windows'].rule.sentence}"


def test_the_question_is_the_same_for_a_socket_record():
    new = Socket(transport="udp", address="::1", port=53, uid=0)
    for name in SYSTEMS:
        assert procedure(name)(new, []).allowed
