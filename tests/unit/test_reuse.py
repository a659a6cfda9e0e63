"""The published tables of reuse, bad input, and what a table keeps of the past."""

from __future__ import annotations

import errno
import math
import pickle
import socket
import sys
from copy import deepcopy
from dataclasses import fields, replace
from ipaddress import IPv6Address
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import pytest

from portranges import Confidence, InvalidPortError, PortRange, PortSet, UnknownNameError
from portranges.errors import InvalidSocketError
from portranges.reuse import (
    Close,
    Decision,
    Handle,
    LinuxSettings,
    PortTable,
    Socket,
    State,
    SystemSettings,
    Verdict,
    can_bind,
    portability,
    rule,
    rules,
    systems,
)
from portranges.reuse.linux.kernels import CHANGES, Kernel, kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PLACES = (
    ("0.0.0.0", False),
    ("127.0.0.1", False),
    ("127.0.0.2", False),
    ("::", False),
    ("::", True),
    ("::1", False),
    ("::ffff:127.0.0.1", False),
)
# Rows the holder, columns who asks; X: the addresses meet. Measured on Linux 6.18.
OVERLAP = {
    ("0.0.0.0", False): "XXXX..X",
    ("127.0.0.1", False): "XX.X..X",
    ("127.0.0.2", False): "X.XX...",
    ("::", False): "XXXXXXX",
    ("::", True): "...XXX.",
    ("::1", False): "...XXX.",
    ("::ffff:127.0.0.1", False): "XX.X..X",
}
# Rows the holder's options and whether it listens, columns who asks: -, R, P, RP;
# u: only with the same owner. Measured on Linux 6.18.
OPTIONS = {
    ("", False): "xxxx",
    ("", True): "xxxx",
    ("R", False): "x.x.",
    ("R", True): "xxxx",
    ("P", False): "xxuu",
    ("P", True): "xxuu",
    ("RP", False): "x.u.",
    ("RP", True): "xxuu",
}


def sock(
    address: str = "0.0.0.0",
    *,
    transport: str = "tcp",
    options: str = "",
    v6only: bool | None = None,
    state: str = "bound",
    uid: int = 0,
    device: str | None = None,
    port: int = 8080,
) -> Socket:
    return Socket(
        transport=transport,
        address=address,
        port=port,
        v6only=v6only,
        reuse_address="R" in options,
        reuse_port="P" in options,
        uid=uid,
        device=device,
        state=state,
    )


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("old", PLACES)
def test_addresses_overlap_as_in_the_table(transport: str, old: tuple[str, bool]) -> None:
    for new, cell in zip(PLACES, OVERLAP[old], strict=True):
        holder = sock(old[0], transport=transport, v6only=old[1] or None)
        asks = sock(new[0], transport=transport, v6only=new[1] or None)
        expected = None if cell == "." else "EADDRINUSE"
        assert can_bind(asks, [holder]).error == expected, (old, new)
        table = PortTable("linux")
        for (addr, v6only), error in ((old, None), (new, expected)):
            v6 = ":" in addr
            s = table.socket(
                transport, family="inet6" if v6 else "inet", v6only=v6only if v6 else None
            )
            assert table.bind(s, addr, 8080).error == error, (old, new)


@pytest.mark.parametrize(("old", "listening"), OPTIONS)
def test_options_of_both_sockets_decide_as_in_the_table(old: str, listening: bool) -> None:
    for (new, cell), same_owner in product(
        zip(("", "R", "P", "RP"), OPTIONS[old, listening], strict=True), (True, False)
    ):
        allowed = cell == "." or (cell == "u" and same_owner)
        holder = sock(options=old, state="listening" if listening else "bound")
        asks = sock("127.0.0.1", options=new, uid=0 if same_owner else 1000)
        decision = can_bind(asks, [holder])
        assert decision.allowed is allowed, (old, new, same_owner)
        assert decision.blocker == (None if allowed else holder)
        table = PortTable("linux")
        a = table.socket("tcp", reuse_address="R" in old, reuse_port="P" in old)
        assert table.bind(a, "0.0.0.0", 8080).allowed
        if listening:
            assert table.listen(a).allowed
        b = table.socket(
            "tcp",
            reuse_address="R" in new,
            reuse_port="P" in new,
            uid=0 if same_owner else 1000,
        )
        assert table.bind(b, "127.0.0.1", 8080).allowed is allowed, (old, new, same_owner)


def test_order_of_dual_stack_and_ipv4_does_not_matter_on_linux() -> None:
    four, six = sock("0.0.0.0"), sock("::")
    assert can_bind(six, [four]).error == can_bind(four, [six]).error == "EADDRINUSE"


def test_another_transport_device_or_port_does_not_conflict() -> None:
    assert can_bind(sock(transport="udp"), [sock()]).allowed
    assert can_bind(sock(device="eth0"), [sock(device="eth1")]).allowed
    assert can_bind(sock(device="eth0"), [sock()]).error == "EADDRINUSE"
    assert can_bind(sock(port=8081), [sock()]).allowed


@pytest.mark.parametrize(
    ("old", "new", "row", "words"),
    [
        (sock(), sock(), "linux-no-sharing", "conflicts with tcp 0.0.0.0:8080"),
        (sock(options="R"), sock(), "linux-one-sided", "the existing socket has SO_REUSEADDR"),
        (sock(), sock(options="P"), "linux-one-sided", "the new socket has SO_REUSEPORT"),
        (
            sock(options="P"),
            sock(options="P", uid=33),
            "linux-uid",
            "uid 0 holds the port, the new socket has uid 33",
        ),
        (
            sock(options="R", state="listening"),
            sock(options="R"),
            "linux-listener",
            "with a listening socket",
        ),
        (sock("::"), sock(), "linux-no-sharing", "a dual-stack socket holds the port on IPv4 too"),
    ],
)
def test_a_decision_has_its_rule_blocker_reason_and_source(
    old: Socket, new: Socket, row: str, words: str
) -> None:
    decision = can_bind(new, [old])
    assert (decision.rule.id, decision.blocker) == (row, old)
    assert words in decision.reason
    assert decision.source is rule(row).source
    assert decision.confidence is Confidence.MEASURED
    assert not decision.reason.endswith(".")


def test_lingering_connections_share_with_every_owner() -> None:
    left = sock("127.0.0.1", options="P", state="time-wait", uid=0)
    assert can_bind(sock(options="P", uid=1000), [left]).allowed
    assert can_bind(sock(uid=1000), [left]).error == "EADDRINUSE"


def test_shadow_of_a_dual_stack_connection() -> None:
    connected = sock("::1", v6only=False, state="connected")
    assert can_bind(sock("0.0.0.0"), [connected]).error == "EADDRINUSE"
    assert can_bind(sock("127.0.0.1"), [connected]).allowed
    assert can_bind(sock("0.0.0.0"), [sock("::1", v6only=True, state="connected")]).allowed


def test_checks_before_the_port() -> None:
    assert can_bind(sock(port=80, uid=1000)).error == "EACCES"
    low = LinuxSettings(ip_unprivileged_port_start=0)
    assert can_bind(sock(port=80, uid=1000), settings=low).allowed
    assert can_bind(sock("::ffff:127.0.0.1", v6only=True)).error == "EINVAL"
    assert can_bind(sock("192.0.2.1"), local_addresses=[]).error == "EADDRNOTAVAIL"
    assert can_bind(sock("0.0.0.0"), local_addresses=[]).allowed
    assert can_bind(sock("127.0.0.1"), local_addresses=[]).allowed


def test_a_link_local_address_needs_its_interface() -> None:
    here = Socket(transport="tcp", address="fe80::1", port=8080)
    assert can_bind(here).rule.id == "linux-link-local"
    assert can_bind(replace(here, address="febf::1")).error == "EINVAL"
    assert can_bind(replace(here, address="fec0::1")).allowed
    one, other = replace(here, device="eth0"), replace(here, device="eth1")
    assert can_bind(one).allowed
    assert can_bind(other, [one]).allowed
    assert can_bind(one, local_addresses=["fe80::1%eth0"]).allowed
    table = PortTable("linux")
    a = table.socket("tcp", family="inet6")
    assert table.bind(a, "fe80::1", 8080).error == "EINVAL"
    assert table.describe(a).state is State.UNBOUND


def test_a_decision_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match=r"use \.allowed"):
        bool(can_bind(sock()))
    refused = "refused (EADDRINUSE): conflicts with tcp 0.0.0.0:8080"
    assert str(can_bind(sock(), [sock()])).startswith(refused)


def test_records_copy_and_pickle() -> None:
    decision = can_bind(sock(), [sock()])
    assert pickle.loads(pickle.dumps(decision)) == decision == deepcopy(decision)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"uid": -1}, "uid must be in 0..4294967294, got -1"),
        ({"transport": "sctp"}, "transport must be 'tcp' or 'udp', got 'sctp'"),
        ({"address": "1.2.3"}, "address must be an IPv4 or IPv6 address, got '1.2.3'"),
        ({"v6only": True}, "v6only requires an IPv6 address, got 0.0.0.0 with v6only"),
        *(
            (
                {"device": name},
                "device must be a name of 1 to 31 characters without spaces and '/', got " + shown,
            )
            for name, shown in (
                ("", "''"),
                ("a b", "'a b'"),
                ("a/b", "'a/b'"),
                ("a\n\x1b[31mb", r"'a\n\x1b[31mb'"),
                ("x" * 32, repr("x" * 32)),
            )
        ),
        (
            {"address": "fe80::1%eth0"},
            "address must not have a zone, got 'fe80::1%eth0'; pass the interface as device",
        ),
        (
            {"transport": "udp", "state": "listening"},
            "a udp socket must be unbound, bound or connected, got 'listening'",
        ),
    ],
)
def test_impossible_sockets_are_refused(values: dict[str, object], message: str) -> None:
    base: dict[str, object] = {"transport": "tcp", "address": "0.0.0.0", "port": 80}
    with pytest.raises(InvalidSocketError) as raised:
        Socket(**{**base, **values})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert str(raised.value) == message


def test_unknown_systems_rules_and_options_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'linux'"):
        can_bind(sock(), system="linus")
    with pytest.raises(UnknownNameError, match="unknown system"):
        PortTable("plan9")
    with pytest.raises(UnknownNameError, match="did you mean 'linux-uid'"):
        rule("linux-uidd")
    hijack = Socket(transport="tcp", address="0.0.0.0", port=80, exclusive=True)
    with pytest.raises(InvalidSocketError, match="a Linux socket has no exclusive option"):
        can_bind(hijack)
    with pytest.raises(TypeError, match="settings must be LinuxSettings"):
        PortTable("linux", settings={})
    with pytest.raises(TypeError, match="expected a Socket"):
        can_bind(sock(), ["0.0.0.0:80"])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]


def test_every_rule_has_a_source_and_one_id() -> None:
    for system in systems():
        rows = rules(system)
        assert len({row.id for row in rows}) == len(rows)
        for row in rows:
            assert row.id.startswith(f"{system}-")
            assert row.source.document
            assert (row.error is None) is (row.verdict is Verdict.ALLOWED)
            assert not row.sentence.endswith(".")


def test_refused_calls_leave_the_table_unchanged() -> None:
    table = PortTable("linux", seed=1)
    a = table.socket("tcp")
    six = table.socket("tcp", family="inet6", v6only=True)
    assert table.bind(a, "0.0.0.0", 8080).allowed
    assert table.listen(a).allowed
    other = PortTable("linux").socket("tcp")
    udp = table.socket("udp")
    nowhere = PortTable("linux", local_addresses=["2001:db8::1"])
    lost = nowhere.socket("udp")
    before = deepcopy(table), table.describe(a), table.describe(six)
    for call in (
        lambda: table.bind(a, "::1", 80),
        lambda: table.bind(six, "127.0.0.1", 80),
        lambda: table.bind(other, "0.0.0.0", 80),
        lambda: table.set_option(a, v6only=True),
        lambda: table.set_option(a, uid=-1),
        lambda: table.set_option(a, local_port_range=(9, 8)),
        lambda: table.socket("tcp", uid=-1),
        lambda: table.socket("tcp", v6only=True),
        lambda: table.accept(a, local="::1"),
        lambda: table.accept(a, local="0.0.0.0"),
        lambda: table.accept(a, peer=("::1", 4000)),
        lambda: table.accept(a, peer=("192.0.2.7", 0)),
        lambda: table.connect(udp, "192.0.2.7", 53, source="::1"),
        lambda: table.connect(udp, "192.0.2.7", 53, source="0.0.0.0"),
        lambda: nowhere.connect(lost, "192.0.2.7", 53),
        lambda: table.advance(-1),
        lambda: table.advance(math.nan),
        lambda: table.advance(10**400),
    ):
        with pytest.raises(InvalidSocketError):
            call()
    loose: Any = table
    for call in (
        lambda: loose.socket("tcp", family="unix"),
        lambda: loose.close(a, "abruptly"),
    ):
        with pytest.raises(UnknownNameError):
            call()
    for call in (
        lambda: loose.accept(a, peer=5),
        lambda: loose.accept(a, peer=("192.0.2.7",)),
        lambda: loose.set_option(a, local_port_range=5),
        lambda: loose.set_option(a, local_port_range=(1, 2, 3)),
        lambda: loose.set_option(a, reuse_address=1),
        lambda: loose.advance("1"),
        lambda: loose.close(a, None),
    ):
        with pytest.raises(TypeError):
            call()
    assert nowhere.describe(lost).port == table.describe(udp).port == 0
    with pytest.raises(InvalidPortError):
        table.bind(six, "::1", 70000)
    for refused, error in (
        (table.connect(a, "127.0.0.1", 80), "EISCONN"),
        (table.bind(a, "0.0.0.0", 8081), "EINVAL"),
        (table.bind(six, "::ffff:127.0.0.1", 80), "EINVAL"),
        (table.accept(six), "EINVAL"),
    ):
        assert refused.error == error
    assert (table.describe(a), table.describe(six)) == before[1:]
    assert len(table) == len(before[0])
    assert table.holders(8080, "tcp") == before[0].holders(8080, "tcp")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: t.bind([], "0.0.0.0", 80), "handle must be a Handle, got list []"),
        (lambda t: t.describe(3), "handle must be a Handle, got int 3"),
        (lambda t: t.socket("tcp", family=5), "family must be a str, got int 5"),
        (lambda t: PortTable(t.system, kernel=[]), "kernel must be a str, got list []"),
        (lambda t: PortTable(t.system, seed=[]), "seed must be an int, a str or bytes, got list"),
        (lambda t: PortTable(t.system, seed=True), "seed must be an int, a str or bytes, got bool"),
        (
            lambda t: PortTable(t.system, local_addresses=5),
            "local_addresses must be addresses, got int",
        ),
        (
            lambda t: can_bind(sock(), None, system=t.system),
            "existing must be sockets, got NoneType",
        ),
        (lambda _: portability(sock(), 5), "existing must be sockets, got int"),
        (lambda _: rule([]), "rule_id must be a str, got list []"),
    ],
)
@pytest.mark.parametrize("system", ["linux", "macos"])
def test_the_error_names_the_wrong_type(
    system: str, call: Callable[[PortTable], object], message: str
) -> None:
    with pytest.raises(TypeError) as raised:
        call(PortTable(system))
    assert str(raised.value) == message


@pytest.mark.parametrize("system", ["linux", "macos"])
def test_numbers_too_long_for_a_text_are_shortened_in_errors(system: str) -> None:
    table = PortTable(system)
    with pytest.raises(InvalidPortError) as raised:
        table.bind(table.socket("tcp"), "0.0.0.0", 10**5000)
    assert len(str(raised.value)) < 100
    with pytest.raises(InvalidSocketError, match="an open socket of this table") as no_socket:
        table.describe(Handle(10**5000))
    assert len(str(no_socket.value)) < 100
    text = PortTable(system, seed="\ud800")
    assert text.bind(text.socket("tcp"), "0.0.0.0", 0).allowed


def test_a_text_and_its_bytes_are_the_same_seed() -> None:
    ports: list[list[int]] = []
    for seed in ("\xe4", "\xe4".encode(), "\xe4".encode("latin-1")):
        table = PortTable("freebsd", seed=seed)
        handles = [table.socket("tcp") for _ in range(5)]
        assert all(table.bind(handle, "0.0.0.0", 0).allowed for handle in handles)
        ports.append([table.describe(handle).port for handle in handles])
    assert ports[0] == ports[1] != ports[2]


SYSTEMS = ["linux", "freebsd", "openbsd", "illumos", "windows"]


def listener(table: PortTable, address: str, **more: Any) -> Handle:
    handle = table.socket("tcp", family="inet6" if ":" in address else "inet", **more)
    assert table.bind(handle, address, 8080).allowed
    assert table.listen(handle).allowed
    return handle


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_connection_comes_in_over_one_ip_version(system: str) -> None:
    """A listener's end and its peer are both IPv4, or both IPv6."""
    only = PortTable(system)
    v6 = listener(only, "::", v6only=True)
    refusals: list[tuple[PortTable, Handle, dict[str, Any], str]] = [
        (only, v6, {"local": "::1", "peer": ("192.0.2.9", 5)}, "peer must have the IP version of "
         "the local address, ::1, got 192.0.2.9"),
        (only, v6, {"peer": ("192.0.2.9", 5)}, "peer must have the IP version of the local "
         "address, ::1, got 192.0.2.9"),
        (only, v6, {"peer": ("::", 5)}, "peer must be a specific address, got ::"),
    ]  # fmt: skip
    plain = PortTable(system)
    v4 = listener(plain, "0.0.0.0")
    refusals.append((plain, v4, {"peer": ("0.0.0.0", 5)}, "peer must be a specific address, got "
                     "0.0.0.0"))  # fmt: skip
    if system != "openbsd":
        both = PortTable(system)
        dual = listener(both, "::", v6only=False)
        refusals += [
            (both, dual, {"local": "::ffff:192.0.2.1", "peer": ("2001:db8::9", 5)}, "peer must "
             "have the IP version of the local address, 192.0.2.1, got 2001:db8::9"),
        ]  # fmt: skip
        # By default the address to which the peer connected has the peer's IP version.
        for peer, near in (("192.0.2.9", "::ffff:127.0.0.1"), ("2001:db8::9", "::1")):
            accepted = both.accept(dual, peer=(peer, 5)).handle
            assert accepted is not None
            assert both.describe(accepted).address == IPv6Address(near)
    for table, handle, more, message in refusals:
        before = len(table), table.holders(8080, "tcp")
        with pytest.raises(InvalidSocketError) as raised:
            table.accept(handle, **more)
        assert str(raised.value) == message
        assert (len(table), table.holders(8080, "tcp")) == before


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_connection_has_an_address_of_the_machine(system: str) -> None:
    table = PortTable(system, local_addresses=["192.0.2.1"])
    handle = listener(table, "0.0.0.0")
    with pytest.raises(InvalidSocketError) as raised:
        table.accept(handle, local="203.0.113.9")
    rest = "must be an address of the machine, got 203.0.113.9; pass it in local_addresses"
    assert str(raised.value) == f"local {rest}"
    assert table.accept(handle, local="192.0.2.1").allowed
    assert table.accept(handle, local="127.0.0.1").allowed
    client = table.socket("tcp")
    with pytest.raises(InvalidSocketError) as raised:
        table.connect(client, "198.51.100.7", 443, source="203.0.113.9")
    assert str(raised.value) == f"source {rest}"
    assert table.describe(client).port == 0
    assert table.connect(client, "198.51.100.7", 443, source="192.0.2.1").allowed
    # A bound socket has its source, but the argument is checked anyway.
    bound = table.socket("tcp")
    assert table.bind(bound, "192.0.2.1", 0).allowed
    with pytest.raises(InvalidSocketError, match="a specific address of the destination's family"):
        table.connect(bound, "198.51.100.7", 443, source="2001:db8::1")
    assert table.describe(bound).state is State.BOUND
    nonlocal_ = PortTable(
        "linux", settings=LinuxSettings(ip_nonlocal_bind=True), local_addresses=[]
    )
    assert nonlocal_.accept(listener(nonlocal_, "0.0.0.0"), local="203.0.113.9").allowed


@pytest.mark.parametrize(
    ("settings", "values", "message"),
    [
        (LinuxSettings, {"ip_local_port_range": (1024, 2048)}, "ip_local_port_range must be a "),
        (LinuxSettings, {"ip_local_reserved_ports": [8080]}, "ip_local_reserved_ports must be a "),
        (LinuxSettings, {"bindv6only": "no"}, "bindv6only must be a bool, got str 'no'"),
        (LinuxSettings, {"tcp_tw_reuse_delay": "1"}, "tcp_tw_reuse_delay must be an integer, got "),
        (LinuxSettings, {"tcp_tw_reuse": True}, "tcp_tw_reuse must be an integer, got bool True"),
        (LinuxSettings, {"tcp_max_tw_buckets": 1.5}, "tcp_max_tw_buckets must be an integer, got "),
        (LinuxSettings, {"tcp_fin_timeout": "60"}, "tcp_fin_timeout must be a number, got "),
        (LinuxSettings, {"ip_unprivileged_port_start": "0"}, "port must be an integer, got "),
        (SystemSettings, {"ports": [8080]}, "ports must be a PortSet or None, got list"),
        (SystemSettings, {"excluded": "8080"}, "excluded must be a PortSet, got str"),
        (SystemSettings, {"v6only": 1}, "v6only must be a bool or None, got int 1"),
        (SystemSettings, {"time_wait": "60"}, "time_wait must be a number, got str '60'"),
    ],
)
def test_settings_of_a_wrong_type_are_refused(
    settings: Any, values: dict[str, object], message: str
) -> None:
    with pytest.raises(TypeError) as raised:
        settings(**values)
    assert str(raised.value).startswith(message)


def test_settings_store_plain_integers() -> None:
    class Two:
        def __index__(self) -> int:
            return 2

    two: Any = Two()
    linux = LinuxSettings(ip_unprivileged_port_start=two, tcp_tw_reuse=two, tcp_tw_reuse_delay=two)
    assert linux == LinuxSettings(
        ip_unprivileged_port_start=2, tcp_tw_reuse=2, tcp_tw_reuse_delay=2
    )
    assert SystemSettings(privileged_below=two).privileged_below == 2


def test_settings_out_of_bounds_are_refused() -> None:
    for large in (math.inf, 10**101):
        with pytest.raises(
            InvalidSocketError, match=r"tcp_fin_timeout must be at most 1e\+100, got"
        ):
            LinuxSettings(tcp_fin_timeout=large)
    for values, message in (
        ({"tcp_fin_timeout": math.nan}, "tcp_fin_timeout must not be negative, got nan"),
        ({"tcp_max_tw_buckets": -1}, "tcp_max_tw_buckets must be at least 0, got -1"),
    ):
        with pytest.raises(InvalidSocketError, match=message):
            LinuxSettings(**values)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    for value in (3, -1, 10**19):
        with pytest.raises(InvalidSocketError, match=f"tcp_tw_reuse must be in 0..2, got {value}"):
            LinuxSettings(tcp_tw_reuse=value)


def test_a_failed_bind_leaves_the_socket_unbound() -> None:
    table = PortTable("linux")
    a, b = table.socket("tcp"), table.socket("tcp", family="inet6")
    assert table.bind(a, "0.0.0.0", 8080).allowed
    was = table.describe(b)
    assert table.bind(b, "::ffff:127.0.0.1", 8080).error == "EADDRINUSE"
    assert table.describe(b) == was
    assert table.describe(b).state is State.UNBOUND


def test_a_connection_in_time_wait_keeps_its_port() -> None:
    table = PortTable("linux")
    a = table.socket("tcp")
    assert table.bind(a, "127.0.0.1", 8080).allowed
    assert table.connect(a, "127.0.0.1", 443).allowed
    table.close(a)
    b = table.socket("tcp")
    refused = table.bind(b, "127.0.0.1", 8080)
    assert refused.error == "EADDRINUSE"
    assert refused.blocker is not None
    assert refused.blocker.state is State.TIME_WAIT
    table.advance(59.9)
    assert not table.bind(b, "127.0.0.1", 8080).allowed
    table.advance(0.2)
    assert table.bind(b, "127.0.0.1", 8080).allowed


@pytest.mark.parametrize("how", [Close.SECOND, Close.RESET])
def test_other_ways_to_close_have_no_time_wait(how: Close) -> None:
    table = PortTable("linux")
    a = table.socket("tcp")
    assert table.connect(a, "192.0.2.7", 443).allowed
    table.close(a, how)
    assert table.lingering == 0


def test_a_failed_connect_takes_the_port_away() -> None:
    table = PortTable("linux")
    a = table.socket("tcp")
    assert table.bind(a, "0.0.0.0", 0).allowed
    assert table.describe(a).port
    assert table.connect(a, "127.0.0.1", 443, refused=True).error == "ECONNREFUSED"
    assert table.describe(a).port == 0


def test_a_later_port_is_shared_over_destinations() -> None:
    one = LinuxSettings(ip_local_port_range=PortRange(40000))
    table = PortTable("linux", settings=one)
    for destination in ("192.0.2.7", "192.0.2.8"):
        assert table.connect(table.socket("tcp"), destination, 443).allowed
    again = table.connect(table.socket("tcp"), "192.0.2.7", 443)
    assert (again.error, again.rule.id) == ("EADDRNOTAVAIL", "linux-connect-exhausted")
    assert table.bind(table.socket("tcp"), "0.0.0.0", 0).error == "EADDRINUSE"


@pytest.mark.parametrize(
    ("kernel", "error"),
    [("6.18", None), ("6.17.8", None), ("6.17.7", "EADDRNOTAVAIL"), ("6.8", "EADDRNOTAVAIL")],
)
def test_a_port_is_shared_again_when_the_last_that_bound_it_leaves(
    kernel: str, error: str | None
) -> None:
    one = LinuxSettings(ip_local_port_range=PortRange(40000))
    table = PortTable("linux", kernel=kernel, settings=one)
    stays, leaves = (table.socket("tcp", reuse_address=True) for _ in range(2))
    assert table.connect(stays, "192.0.2.7", 443).allowed
    assert table.bind(leaves, "0.0.0.0", 40000).allowed
    other = table.socket("tcp")
    assert table.connect(other, "192.0.2.8", 443).error == "EADDRNOTAVAIL"
    table.close(leaves)
    assert table.connect(other, "192.0.2.8", 443).error == error


def test_a_lingering_connection_is_recycled_after_the_delay_and_not_at_it() -> None:
    one = LinuxSettings(ip_local_port_range=PortRange(40000))
    table = PortTable("linux", settings=one)
    first, second = table.socket("tcp"), table.socket("tcp")
    assert table.connect(first, "127.0.0.1", 443).allowed
    table.close(first)
    table.advance(1.0)
    assert table.connect(second, "127.0.0.1", 443).error == "EADDRNOTAVAIL"
    table.advance(0.001)
    assert table.connect(second, "127.0.0.1", 443).rule.id == "linux-recycled"


def test_ipv6_only_that_was_cleared_after_a_refused_connect() -> None:
    # Found by a random sequence, and answered so by Linux 6.18.
    table = PortTable("linux", settings=LinuxSettings(ip_local_port_range=PortRange(40000)))
    first, second = table.socket("tcp", family="inet6", reuse_address=True), table.socket("tcp")
    assert table.bind(first, "::1", 0).allowed
    assert table.connect(first, "::1", 443, refused=True).error == "ECONNREFUSED"
    assert table.set_option(first, v6only=False).allowed
    assert table.listen(first).allowed
    held = table.describe(first)
    assert (str(held.address), held.port, held.v6only) == ("::1", 40000, False)
    assert table.bind(second, "0.0.0.0", 40000).error == "EADDRINUSE"
    asks = Socket(transport="tcp", address="0.0.0.0", port=40000)
    assert can_bind(asks, [held]).reason.endswith("also has the IPv4 address 127.0.0.6")
    # What bind() itself leaves is IPv6-only.
    plain = Socket(transport="tcp", address="::1", port=40000, state="listening")
    assert can_bind(asks, [plain]).allowed


def test_a_dual_stack_socket_at_an_ipv6_address_moves_over_ipv4_with_tcp_only() -> None:
    # Found by a random sequence, and answered so by Linux 6.18.
    one = LinuxSettings(ip_local_port_range=PortRange(40000))
    table = PortTable("linux", settings=one)
    sock = table.socket("tcp", family="inet6", v6only=True)
    assert table.set_option(sock, bind_address_no_port=True).allowed
    assert table.bind(sock, "::1", 0).rule.id == "linux-deferred"
    assert table.set_option(sock, v6only=False).allowed
    assert table.connect(sock, "::ffff:127.0.0.1", 443).allowed
    assert table.describe(sock).address == IPv6Address("::ffff:127.0.0.6")
    other = table.socket("tcp", family="inet6", v6only=True)
    assert table.bind(other, "::1", 40000).allowed

    udp = table.socket("udp", family="inet6", v6only=False)
    assert table.connect(udp, "::1", 443).allowed
    assert table.connect(udp, "::ffff:127.0.0.1", 443).allowed
    assert str(table.describe(udp).address) == "::1"


def test_of_two_connections_with_one_tuple_the_newer_one_conflicts() -> None:
    # Found by a random sequence, and answered so by Linux 6.18.
    table = PortTable("linux", settings=LinuxSettings(ip_local_port_range=PortRange(40000)))
    old, plain, new = (
        table.socket("tcp", reuse_address=True, device=device) for device in ("lo", None, "lo")
    )
    assert table.connect(old, "127.0.0.1", 443).allowed
    table.close(old)
    for sock in (plain, new):
        assert table.bind(sock, "127.0.0.1", 40000).allowed
    # A socket without a device does not meet one that has one.
    assert table.connect(plain, "127.0.0.1", 443).rule.id == "linux-connected"
    assert table.lingering == 1
    assert table.connect(new, "127.0.0.1", 443).error == "EADDRNOTAVAIL"
    assert table.lingering == 1


def test_a_refused_connect_ends_a_lingering_connection() -> None:
    # Measured: Linux 6.18 counts no TIME_WAIT socket after the ECONNREFUSED.
    table = PortTable("linux")
    first, second = (table.socket("tcp", reuse_address=True) for _ in range(2))
    for sock in (first, second):
        assert table.bind(sock, "127.0.0.1", 40000).allowed
    assert table.connect(first, "127.0.0.1", 443).allowed
    table.close(first, Close.FIRST)
    table.advance(1.5)
    assert table.lingering == 1
    assert table.connect(second, "127.0.0.1", 443, refused=True).error == "ECONNREFUSED"
    assert table.lingering == 0


def test_a_connection_in_fin_wait_2_is_replaced_only_for_a_bound_socket() -> None:
    table = PortTable("linux", settings=LinuxSettings(ip_local_port_range=PortRange(40000)))
    first, unbound, bound = (table.socket("tcp", reuse_address=True) for _ in range(3))
    assert table.connect(first, "127.0.0.1", 443).allowed
    table.close(first, Close.UNANSWERED)
    table.advance(2.0)
    assert table.connect(unbound, "127.0.0.1", 443).error == "EADDRNOTAVAIL"
    assert table.bind(bound, "127.0.0.1", 40000).allowed
    assert table.connect(bound, "127.0.0.1", 443).rule.id == "linux-recycled"
    assert table.lingering == 0


def test_a_new_connection_from_the_same_peer_ends_one_that_lingers() -> None:
    table = PortTable("linux")
    server = table.socket("tcp")
    assert table.bind(server, "127.0.0.1", 8080).allowed
    assert table.listen(server).allowed
    peer = ("127.0.0.1", 40000)
    child = table.accept(server, peer=peer).handle
    assert child is not None
    assert table.accept(server, peer=peer).rule.id == "linux-no-connection"
    table.close(child)
    assert table.lingering == 1
    assert table.accept(server, peer=peer).allowed
    assert table.lingering == 0
    table.advance(60)
    assert len(table.holders(8080, "tcp")) == 2


def test_no_more_linger_than_tcp_max_tw_buckets() -> None:
    table = PortTable("linux", settings=LinuxSettings(tcp_max_tw_buckets=1))
    handles = [table.socket("tcp") for _ in range(3)]
    for handle in handles:
        assert table.connect(handle, "192.0.2.7", 443).allowed
    for handle in handles:
        table.close(handle)
    assert table.lingering == 1


@pytest.mark.parametrize(("size", "reached"), [(1, 1), (2, 2), (3, 2), (4, 4)])
@pytest.mark.parametrize("method", ["bind", "connect"])
def test_of_three_ports_the_third_is_never_tried(size: int, reached: int, method: str) -> None:
    ports = PortRange(40000, 40000 + size - 1)
    for seed in range(8):
        table = PortTable("linux", settings=LinuxSettings(ip_local_port_range=ports), seed=seed)
        found: set[int] = set()
        while True:
            a = table.socket("tcp")
            if method == "bind":
                decision = table.bind(a, "127.0.0.1", 0)
            else:
                decision = table.connect(a, "127.0.0.1", 443)
            if not decision.allowed:
                break
            found.add(table.describe(a).port)
        assert found == set(range(40000, 40000 + reached))


def test_the_error_of_an_exhausted_range_counts_lingering_connections() -> None:
    table = PortTable("linux", settings=LinuxSettings(ip_local_port_range=PortRange(40000, 40001)))
    for _ in range(2):
        a = table.socket("tcp")
        assert table.connect(a, "127.0.0.1", 443).allowed
        table.close(a)
    refused = table.connect(table.socket("tcp"), "127.0.0.1", 443)
    assert refused.error == "EADDRNOTAVAIL"
    assert "on 2 of them a connection to it lingers" in refused.reason
    table.advance(1.1)
    recycled = table.connect(table.socket("tcp"), "127.0.0.1", 443)
    assert (recycled.rule.id, table.lingering) == ("linux-recycled", 1)


@pytest.mark.parametrize(
    ("kernel", "allowed", "confidence"),
    [
        ("5.15", True, Confidence.SOURCE),
        ("6.7.12", True, Confidence.SOURCE),
        ("6.8", False, Confidence.SOURCE),
        ("6.18.20", False, Confidence.SOURCE),
        ("6.18.21", False, Confidence.MEASURED),
        ("6.18", False, Confidence.MEASURED),
        ("6.19", False, Confidence.INFERRED),
        ("7.0", False, Confidence.INFERRED),
    ],
)
def test_the_first_socket_on_a_port(kernel: str, allowed: bool, confidence: Confidence) -> None:
    """Up to 6.7 it lets a second SO_REUSEADDR socket skip the check."""
    table = PortTable("linux", kernel=kernel)
    a, b = (table.socket("tcp", reuse_address=True) for _ in range(2))
    assert table.bind(a, "0.0.0.0", 8080).allowed
    table.set_option(a, reuse_address=False)
    decision = table.bind(b, "0.0.0.0", 8080)
    assert (decision.allowed, decision.confidence) == (allowed, confidence)


@pytest.mark.parametrize(
    ("release", "message"),
    [
        ("2.4", "kernel must be 5.15 or later, got '2.4'"),
        ("5.14.21", "kernel must be 5.15 or later, got '5.14.21'"),
        *(
            (
                text,
                f"kernel must be a release number such as '6.12' or '6.12.80', without "
                f"a suffix, got {text!r}",
            )
            for text in ("", "6", "6.", "6.1.2.3", "6.12-rc1", "five", " 6.1", "6.-1", "6.\u0661")
        ),
    ],
)
def test_a_text_that_is_not_a_kernel_release_is_refused(release: str, message: str) -> None:
    with pytest.raises(InvalidSocketError) as raised:
        PortTable("linux", kernel=release)
    assert str(raised.value) == message


def test_a_long_kernel_release_is_refused_at_once() -> None:
    for text in ("6." + "9" * 10000, "6.99999", "9" * 40):
        with pytest.raises(InvalidSocketError, match=r"^kernel must be a release number"):
            PortTable("linux", kernel=text)


def test_every_change_is_a_flag_of_the_kernel() -> None:
    """And false before, true after, at each of its releases."""
    assert [change.name for change in CHANGES] == [
        field.name
        for field in fields(Kernel)
        if field.name not in ("release", "time_wait", "confidence")
    ]
    for change in CHANGES:
        assert getattr(kernel(change.first), change.name) is True
        assert change.source.document.startswith("Linux commit ")
        for backport in change.backports:
            series, _, patch = backport.rpartition(".")
            assert getattr(kernel(series), change.name) is True
            assert getattr(kernel(backport), change.name) is True
            assert getattr(kernel(f"{series}.{int(patch) - 1}"), change.name) is False


@pytest.mark.parametrize(
    ("release", "names"),
    [
        # Read in copies of these releases; the first names of each are those that it has.
        ("6.0", ""),
        ("6.1.53", "address_buckets local_port_range"),
        ("6.2.1", "address_buckets"),
        ("6.6.31", "address_buckets local_port_range"),
        (
            "6.8.1",
            "address_buckets local_port_range ignores_first_socket own_range_in_single_steps",
        ),
        (
            "6.12.33",
            "address_buckets local_port_range ignores_first_socket own_range_in_single_steps "
            "keeps_fin_wait_2",
        ),
        (
            "6.13.2",
            "address_buckets local_port_range ignores_first_socket own_range_in_single_steps "
            "keeps_fin_wait_2",
        ),
        (
            "6.14",
            "address_buckets local_port_range ignores_first_socket own_range_in_single_steps "
            "keeps_fin_wait_2 tw_reuse_delay",
        ),
        (
            "6.18.24",
            "address_buckets local_port_range ignores_first_socket own_range_in_single_steps "
            "keeps_fin_wait_2 tw_reuse_delay connect_bind udp_wildcard_scans_all",
        ),
        (
            "7.1.5",
            "address_buckets local_port_range ignores_first_socket own_range_in_single_steps "
            "keeps_fin_wait_2 tw_reuse_delay connect_bind udp_wildcard_scans_all port_step_width",
        ),
    ],
)
def test_releases_whose_source_was_read(release: str, names: str) -> None:
    found = kernel(release)
    expected = names.split()
    assert [change.name for change in CHANGES if getattr(found, change.name)] == expected


def test_a_step_width_leaves_no_port_unreached() -> None:
    settings = LinuxSettings(
        ip_local_port_range=PortRange(40000, 40010), ip_local_port_step_width=4
    )
    for seed in range(20):
        table = PortTable("linux", kernel="7.1", settings=settings, seed=seed)
        ports = []
        for _ in range(11):
            sock = table.socket("tcp")
            decision = table.connect(sock, "127.0.0.1", 443)
            if decision.error is None:
                ports.append(table.describe(sock).port)
        # One scan of an odd range misses a port, which the next one may find.
        assert len(ports) == len(set(ports)) >= 10


def test_a_series_between_two_backports_has_no_change() -> None:
    assert kernel("6.7").udp_wildcard_scans_all is False
    assert kernel("6.2").local_port_range is False
    assert kernel("6.9").keeps_fin_wait_2 is False


@pytest.mark.parametrize(
    ("release", "error"), [("6.6.54", None), ("6.6.55", "EADDRNOTAVAIL"), ("6.9", None)]
)
def test_a_connection_in_fin_wait_2_is_replaced_on_older_kernels(
    release: str, error: str | None
) -> None:
    one = LinuxSettings(ip_local_port_range=PortRange(40000), tcp_tw_reuse=1)
    table = PortTable("linux", kernel=release, settings=one)
    a = table.socket("tcp")
    assert table.connect(a, "192.0.2.7", 443).allowed
    table.close(a, "unanswered")
    table.advance(2)
    assert table.connect(table.socket("tcp"), "192.0.2.7", 443).error == error


@pytest.mark.parametrize(("release", "count"), [("6.7", 2), ("6.8", 3)])
def test_an_own_range_of_an_odd_number_of_ports(release: str, count: int) -> None:
    """Up to 6.7 connect() goes in steps of two and leaves one port out."""
    table = PortTable("linux", kernel=release, seed=1)
    connected = 0
    for _ in range(4):
        a = table.socket("tcp")
        table.set_option(a, local_port_range=(40000, 40002))
        connected += table.connect(a, "192.0.2.7", 443).allowed
    assert connected == count


@pytest.mark.parametrize(("release", "error"), [("6.12.79", None), ("6.12.80", "EADDRINUSE")])
def test_a_wildcard_bind_on_a_udp_port_with_many_sockets(release: str, error: str | None) -> None:
    table = PortTable("linux", kernel=release)
    for last in range(1, 12):
        assert table.bind(table.socket("udp"), f"127.0.0.{last}", 8888).allowed
    assert table.bind(table.socket("udp"), "0.0.0.0", 8888).error == error


@pytest.mark.parametrize(
    ("release", "address", "error"),
    [
        ("5.15", "127.0.0.6", "EADDRINUSE"),
        ("6.1", "127.0.0.6", None),
        ("5.15", "::ffff:127.0.0.6", None),
    ],
)
def test_the_ipv4_address_of_a_socket_connected_over_ipv6(
    release: str, address: str, error: str | None
) -> None:
    table = PortTable("linux", kernel=release)
    a = table.socket("tcp", family="inet6")
    assert table.bind(a, "::", 8080).allowed
    assert table.connect(a, "::1", 443).allowed
    b = table.socket("tcp", family="inet6" if ":" in address else "inet")
    assert table.bind(b, address, 8080).error == error


def test_the_fast_path_has_a_rule_of_its_own() -> None:
    """Three sockets of which the first and the last alone would conflict."""
    table = PortTable("linux")
    made: list[Decision] = []
    for addr, r, p in (
        ("127.0.0.1", True, False),
        ("127.0.0.1", True, True),
        ("127.0.0.1", False, True),
    ):
        s = table.socket("tcp", reuse_address=r, reuse_port=p)
        made.append(table.bind(s, addr, 8080))
    assert [decision.allowed for decision in made] == [True] * 3
    assert made[-1].rule.id == "linux-fast-path"


@pytest.mark.parametrize(
    ("method", "share", "expected"),
    [
        ("connect", False, "40000,40002,40004,40006,40008 40001,40003,40005,40007,40009"),
        ("bind", False, "40001,40003,40005,40007,40009 40000,40002,40004,40006,40008"),
        ("bind", True, "40001,40003 40000,40002 40005,40007,40009 40004,40006,40008"),
    ],
)
def test_order_of_automatic_ports(method: str, share: bool, expected: str) -> None:
    """Connect() prefers the parity of the range's first port, bind() the other;
    SO_REUSEADDR tries the lower half first."""
    settings = LinuxSettings(ip_local_port_range=PortRange(40000, 40009))
    for seed in range(20):
        table = PortTable("linux", settings=settings, seed=seed)
        got: list[int] = []
        for _ in range(10):
            s = table.socket("tcp", reuse_address=share)
            if method == "connect":
                assert table.connect(s, "192.0.2.7", 443).allowed
            else:
                assert table.bind(s, "0.0.0.0", 0).allowed
            got.append(table.describe(s).port)
        groups = [PortSet.parse(text) for text in expected.split()]
        start = 0
        for group in groups:
            assert PortSet(got[start : start + len(group)]) == group
            start += len(group)


def test_steps_between_source_ports() -> None:
    """Two to sixteen, even: RFC 6056 algorithm 4 as Linux has it."""
    table = PortTable("linux", seed=7)
    ports: list[int] = []
    for _ in range(200):
        s = table.socket("tcp")
        assert table.connect(s, "192.0.2.7", 443).allowed
        ports.append(table.describe(s).port)
    steps = {b - a for a, b in pairwise(ports) if b > a}
    assert steps == {2, 4, 6, 8, 10, 12, 14, 16}


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((40006, 50000), range(40006, 40010)),  # a bound counts only inside the sysctl's range
        ((50000, 50003), range(40000, 40010)),  # with neither inside, the sysctl's
        ((0, 40003), range(40000, 40004)),
        ((40006, 0), range(40006, 40010)),
        (PortRange(40004, 40006), range(40004, 40007)),  # every port, of an odd range too
    ],
)
def test_ip_local_port_range(bounds: PortRange | tuple[int, int], expected: Sequence[int]) -> None:
    settings = LinuxSettings(ip_local_port_range=PortRange(40000, 40009))
    table = PortTable("linux", settings=settings, seed=3)
    found: list[int] = []
    for _ in expected:
        a = table.socket("tcp")
        assert table.set_option(a, local_port_range=bounds).allowed
        assert table.connect(a, "192.0.2.7", 443).allowed
        found.append(table.describe(a).port)
    assert sorted(found) == list(expected)


def test_ip_bind_address_no_port() -> None:
    one = LinuxSettings(ip_local_port_range=PortRange(40000))
    table = PortTable("linux", settings=one)
    for destination in ("192.0.2.7", "192.0.2.8"):
        a = table.socket("tcp")
        assert table.set_option(a, bind_address_no_port=True).allowed
        assert table.bind(a, "127.0.0.1", 0).rule.id == "linux-deferred"
        # It has no port yet, so that it may be bound again.
        assert table.describe(a).port == 0
        assert table.bind(a, "127.0.0.2", 0).allowed
        assert table.connect(a, destination, 443).allowed
        assert str(table.describe(a)) == "tcp 127.0.0.2:40000 connected"


def test_reserved_ports_are_bound_only_explicitly() -> None:
    settings = LinuxSettings(
        ip_local_port_range=PortRange(40000, 40001),
        ip_local_reserved_ports=PortSet.parse("40000"),
    )
    table = PortTable("linux", settings=settings)
    a, b, c = (table.socket("udp") for _ in range(3))
    assert table.bind(a, "0.0.0.0", 0).allowed
    assert table.describe(a).port == 40001
    assert table.connect(b, "192.0.2.7", 53).error == "EAGAIN"
    assert table.bind(c, "0.0.0.0", 40000).allowed


@pytest.mark.skipif(sys.platform != "linux", reason="NOT CHECKED: this kernel is not Linux")
@pytest.mark.parametrize("option", [0x10000, 0x200000, -5])
def test_an_option_that_linux_does_not_have_is_refused(option: int) -> None:
    """FreeBSD's SO_REUSEPORT_LB, a bit that no system has, Windows' SO_EXCLUSIVEADDRUSE."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as plain, pytest.raises(OSError) as raised:
            plain.setsockopt(socket.SOL_SOCKET, option, 1)
        assert raised.value.errno is not None
        assert errno.errorcode[raised.value.errno] == rule("linux-no-option").error


def refused_at(table: PortTable, handle: Handle, address: str) -> None:
    assert table.connect(handle, address, 443, refused=True).error == "ECONNREFUSED"


def test_a_bind_that_lost_its_port_keeps_the_address() -> None:
    """Linux 6.18 said the same: a bind() that lost its port has locked the address."""
    table = PortTable("linux")
    a, b = table.socket("tcp"), table.socket("tcp")
    assert table.bind(a, "127.0.0.1", 0).allowed
    refused_at(table, a, "127.0.0.1")
    assert table.describe(a).port == 0
    assert table.bind(a, "0.0.0.0", 8080).allowed
    refused_at(table, a, "127.0.0.1")
    assert str(table.describe(a).address) == "127.0.0.1"
    assert table.bind(b, "127.0.0.2", 8080).allowed


def test_the_shadow_of_a_connect_is_not_sent_from() -> None:
    """inet_saddr stays empty; bind() to ::1 would set it."""
    table = PortTable("linux")
    a = table.socket("tcp", family="inet6")
    assert table.set_option(a, bind_address_no_port=True).allowed
    assert table.bind(a, "::ffff:127.0.0.2", 0).allowed
    assert table.bind(a, "::", 8080).allowed
    refused_at(table, a, "::1")
    assert table.describe(a).address == IPv6Address("::1")
    assert table.connect(a, "::ffff:127.0.0.1", 443).allowed
    assert table.describe(a).address == IPv6Address("::ffff:127.0.0.1")


def test_an_option_that_a_kernel_does_not_have_is_refused() -> None:
    for release in ("6.8", "5.15"):
        with pytest.raises(InvalidSocketError) as raised:
            PortTable("linux", kernel=release, settings=LinuxSettings(tcp_tw_reuse_delay=100))
        assert str(raised.value) == f"kernel {release} has no tcp_tw_reuse_delay, got 100"
    for release in ("7.0", "6.18"):
        with pytest.raises(InvalidSocketError) as raised:
            PortTable("linux", kernel=release, settings=LinuxSettings(ip_local_port_step_width=9))
        assert str(raised.value) == f"kernel {release} has no ip_local_port_step_width, got 9"
    for release, error in (
        ("6.18", None),
        ("6.1.32", None),
        ("6.1.31", "ENOPROTOOPT"),
        ("5.15", "ENOPROTOOPT"),
    ):
        table = PortTable("linux", kernel=release)
        a = table.socket("tcp")
        decision = table.set_option(a, local_port_range=(40000, 40001), reuse_address=True)
        assert decision.error == error
        # All options or none.
        assert table.describe(a).reuse_address is (error is None)


@pytest.mark.parametrize(
    ("address", "tcp", "udp"),
    [
        ("224.0.0.251", None, None),
        ("255.255.255.255", None, None),
        ("::ffff:224.0.0.1", None, None),
        ("240.0.0.1", "EADDRNOTAVAIL", "EADDRNOTAVAIL"),
        ("ff02::1", "EINVAL", "EINVAL"),
        ("ff0e::1", "EINVAL", None),
        ("fe80::1", "EINVAL", "EINVAL"),
    ],
)
def test_bind_to_an_address_that_the_machine_does_not_have(
    address: str, tcp: str | None, udp: str | None
) -> None:
    """As Linux 6.18 said, of a machine with the loopback alone."""
    for transport, error in (("tcp", tcp), ("udp", udp)):
        new = Socket(transport=transport, address=address, port=8080)
        assert can_bind(new, local_addresses=[]).error == error
        table = PortTable("linux", local_addresses=[])
        a = table.socket(transport, family=new.family)
        assert table.bind(a, address, 8080).error == error
