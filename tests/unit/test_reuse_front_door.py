"""What every system answers through the wing's front door alike."""

from __future__ import annotations

import pytest

from portranges import InvalidSocketError, PortRange, PortSet, UnknownNameError, reuse
from portranges.reuse import (
    LinuxSettings,
    PortTable,
    Socket,
    SystemSettings,
    Verdict,
    can_bind,
    portability,
)

TODAY = ("linux", "freebsd", "macos", "openbsd", "netbsd", "illumos", "solaris", "windows")
WEB = Socket(transport="tcp", address="0.0.0.0", port=8080, state="listening")


def test_systems_are_sorted_and_portability_covers_the_current_ones():
    assert set(TODAY) <= set(reuse.systems())
    assert list(reuse.systems()) == sorted(reuse.systems())
    assert tuple(portability(WEB)) == TODAY


def test_portability_over_chosen_systems():
    assert tuple(portability(WEB, systems="windows-xp")) == ("windows-xp",)
    chosen = ("openbsd", "linux", "freebsd-13")
    assert tuple(portability(WEB, [WEB], systems=iter(chosen))) == chosen
    for name, answer in portability(WEB, [WEB], systems=reuse.systems()).items():
        assert answer == can_bind(WEB, [WEB], system=name)
    assert portability(WEB, systems=()) == {}
    with pytest.raises(UnknownNameError, match="^unknown system, got 'win'"):
        portability(WEB, systems=["linux", "win"])
    with pytest.raises(TypeError, match="^systems must be a name or .* names, got int 3 in it$"):
        portability(WEB, systems=[3])


@pytest.mark.parametrize("system", reuse.systems())
def test_an_address_of_the_machine_is_local_and_another_is_not(system):
    # The addresses go through the front door as texts, to every system alike.
    for address, here in (("192.0.2.1", ["192.0.2.1"]), ("2001:db8::1", ["2001:db8::1"])):
        new = Socket(transport="tcp", address=address, port=8080)
        assert can_bind(new, system=system, local_addresses=here).allowed
        refused = can_bind(new, system=system, local_addresses=["192.0.2.9"])
        assert refused.error in ("EADDRNOTAVAIL", "WSAEADDRNOTAVAIL")
        assert can_bind(new, system=system).allowed


@pytest.mark.parametrize("system", reuse.systems())
def test_the_same_socket_twice_is_refused_everywhere(system):
    decision = can_bind(WEB, [WEB], system=system)
    assert decision.verdict is Verdict.REFUSED
    assert decision.error in ("EADDRINUSE", "WSAEADDRINUSE")
    assert decision.blocker == WEB
    assert decision.rule.id.startswith(system.split("-")[0])
    assert decision.source.document
    assert not decision.reason.endswith(".")


@pytest.mark.parametrize("system", reuse.systems())
def test_a_new_connection_outlives_the_lingering_one_that_it_replaced(system):
    table = PortTable(system)
    server = table.socket("tcp")
    table.bind(server, "127.0.0.1", 8080)
    table.listen(server)

    def states():
        return [str(each.state) for each in table.holders(8080, "tcp")]

    peer = ("192.0.2.7", 50000)
    table.close(table.accept(server, peer=peer).handle)
    assert (states(), table.lingering) == (["listening", "time-wait"], 1)
    assert table.accept(server, peer=peer).allowed
    assert (states(), table.lingering) == (["listening", "connected"], 0)
    table.advance(1000.0)
    assert table.now == 1000.0
    assert states() == ["listening", "connected"]


@pytest.mark.parametrize("system", reuse.systems())
def test_only_a_socket_that_listens_accepts(system):
    table = PortTable(system)
    server = table.socket("tcp")
    table.bind(server, "127.0.0.1", 8080)
    assert table.accept(server).error in ("EINVAL", "WSAEINVAL")
    assert table.listen(server).allowed
    assert table.listen(server).allowed
    assert table.accept(server).allowed


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_socket_of_linux_without_a_connection_may_be_disconnected(transport):
    table = PortTable("linux")
    new = table.socket(transport)
    assert table.disconnect(new).rule.id == "linux-disconnected"
    assert str(table.describe(new)) == f"{transport} 0.0.0.0:0 unbound"
    table.bind(new, "127.0.0.1", 8080)
    assert table.disconnect(new).allowed
    assert str(table.describe(new)) == f"{transport} 127.0.0.1:8080"


def test_only_a_stream_socket_of_linux_listens():
    table = PortTable("linux")
    new = table.socket("udp")
    table.bind(new, "127.0.0.1", 8080)
    for decision in (table.listen(new), table.accept(new)):
        assert (decision.error, decision.rule.id) == ("EOPNOTSUPP", "linux-no-stream")


@pytest.mark.parametrize("own_range", [None, (40000, 40999)])
def test_a_port_of_a_full_range_of_linux_is_chosen_when_it_is_free_again(own_range):
    table = PortTable("linux", settings=LinuxSettings(ip_local_port_range=PortRange(40000, 40999)))
    opened = [table.socket("tcp") for _ in range(1002)]
    for each in opened:
        table.set_option(each, local_port_range=own_range or (0, 0))
        table.bind(each, "127.0.0.1", 0)
    ports = [table.describe(each).port for each in opened]
    assert sorted(ports) == [0, 0, *range(40000, 41000)]
    table.close(opened[500])
    assert table.bind(opened[ports.index(0)], "127.0.0.1", 0).allowed
    assert table.describe(opened[ports.index(0)]).port == ports[500]


def test_a_port_of_a_sockets_own_range_is_chosen_when_it_is_free_again():
    table = PortTable("linux")

    def connected():
        new = table.socket("tcp")
        table.set_option(new, local_port_range=(40000, 40099))
        return new, table.connect(new, "192.0.2.7", 443).error

    made = [connected() for _ in range(102)]
    assert [error for _, error in made] == [None] * 100 + ["EADDRNOTAVAIL"] * 2
    port = table.describe(made[7][0]).port
    table.close(made[7][0], "reset")
    new, error = connected()
    assert (table.describe(new).port, error) == (port, None)


def test_connections_that_linger_fill_the_range_of_linux():
    settings = LinuxSettings(ip_local_port_range=PortRange(40000, 40999), tcp_tw_reuse=0)
    table = PortTable("linux", settings=settings)
    for _ in range(1000):
        new = table.socket("tcp")
        assert table.connect(new, "192.0.2.7", 443).allowed
        table.close(new)
    for _ in range(3):
        refused = table.connect(table.socket("tcp"), "192.0.2.7", 443)
        assert "on 1000 of them a connection to it lingers" in refused.reason


def test_two_devices_of_linux_have_ports_of_their_own():
    settings = LinuxSettings(ip_local_port_range=PortRange(40000, 40000))
    table = PortTable("linux", settings=settings)
    errors = [
        table.bind(table.socket("tcp", device=device), "0.0.0.0", 0).error
        for device in ("eth0", "eth1", "eth0")
    ]
    assert errors == [None, None, "EADDRINUSE"]


@pytest.mark.parametrize("system", ["freebsd", "openbsd", "netbsd"])
def test_every_port_of_a_range_with_a_hole_is_chosen_over_ipv6(system):
    table = PortTable(system, settings=SystemSettings(ports=PortSet([40000, 40002])))
    chosen = [table.socket("tcp", family="inet6") for _ in range(3)]
    assert [table.bind(each, "::1", 0).allowed for each in chosen] == [True, True, False]
    assert {table.describe(each).port for each in chosen} == {40000, 40002, 0}


@pytest.mark.parametrize("system", reuse.systems())
def test_a_socket_of_another_transport_does_not_count(system):
    other = Socket(transport="udp", address="0.0.0.0", port=8080)
    assert can_bind(WEB, [other], system=system).allowed


def test_port_0_is_chosen():
    new = Socket(transport="tcp", address="0.0.0.0", port=0)
    assert can_bind(new, [WEB], system="linux").rule.id == "linux-chosen"


@pytest.mark.parametrize("system", reuse.systems())
def test_a_table_of_every_system_runs_from_socket_to_close(system):
    table = PortTable(system, seed=1)
    server = table.socket("tcp")
    assert table.bind(server, "127.0.0.1", 8080).allowed
    assert table.listen(server).allowed
    second = table.socket("tcp")
    assert not table.bind(second, "127.0.0.1", 8080).allowed
    child = table.accept(server).handle
    assert child is not None
    client = table.socket("tcp")
    assert table.connect(client, "192.0.2.7", 443).allowed
    assert table.describe(client).port > 0
    for handle in (client, child, second, server):
        table.close(handle)
    table.advance(1000.0)
    assert len(table) == 0
    assert table.lingering == 0
    assert table.holders(8080, "tcp") == ()


def test_options_that_a_system_does_not_have_are_refused():
    with pytest.raises(InvalidSocketError, match="^a Linux socket has no exclusive option, got"):
        PortTable("linux").socket("tcp", exclusive=True)
    table = PortTable("linux")
    handle = table.socket("tcp")
    with pytest.raises(InvalidSocketError, match="^a Linux socket has no load_balance option"):
        table.set_option(handle, load_balance=True)
    assert PortTable("windows").socket("tcp", exclusive=True)
    assert PortTable("freebsd").socket("tcp", load_balance=True)
    new = Socket(transport="tcp", address="::", port=80, exclusive=True)
    assert portability(new)["linux"].error == "ENOPROTOOPT"
    assert portability(new)["windows"].allowed


def test_an_unknown_system():
    with pytest.raises(UnknownNameError, match="^unknown system, got 'linus'; did you mean 'linux"):
        can_bind(WEB, system="linus")
    with pytest.raises(UnknownNameError, match="^unknown system, got 'beos'"):
        PortTable("beos")
    with pytest.raises(TypeError, match="^expected a Socket, got str$"):
        portability("0.0.0.0:80")


def test_every_rule_has_a_source_and_an_id_of_its_own():
    seen = {}
    for system in reuse.systems():
        for rule in reuse.rules(system):
            assert rule.source.document
            assert rule.sentence
            assert not rule.sentence.endswith(".")
            assert (rule.verdict is Verdict.ALLOWED) == (rule.error is None)
            assert seen.setdefault(rule.id, rule) == rule
            assert reuse.rule(rule.id) == rule


@pytest.mark.parametrize("system", reuse.systems())
def test_the_error_shows_an_impossible_address(system):
    table = PortTable(system)
    server, client = table.socket("tcp"), table.socket("tcp")
    everywhere = table.socket("tcp")
    for handle, address, port in ((server, "192.0.2.1", 8080), (everywhere, "0.0.0.0", 8081)):
        assert table.bind(handle, address, port).allowed
        assert table.listen(handle).allowed
    for call, message in (
        (lambda: table.bind(client, "::1", 80), "an inet socket requires an IPv4 address, got ::1"),
        (
            lambda: table.connect(client, "2001:db8::1", 80),
            "an inet socket requires an IPv4 address, got 2001:db8::1",
        ),
        (
            lambda: table.connect(client, "192.0.2.7", 80, source="::1"),
            "source must be a specific address of the destination's family, got ::1",
        ),
        (
            lambda: table.accept(server, local="192.0.2.2"),
            "local must be the address that the listener is bound to, got 192.0.2.2",
        ),
        (
            lambda: table.accept(everywhere, local="0.0.0.0"),
            "local must be an address that the listener accepts connections at, got 0.0.0.0",
        ),
    ):
        with pytest.raises(InvalidSocketError) as caught:
            call()
        assert str(caught.value) == message


def test_aliases_of_systems_are_accepted():
    new = Socket(transport="tcp", address="127.0.0.1", port=80)
    assert can_bind(new, system="darwin") == can_bind(new, system="macos")
    assert list(portability(new, systems=["darwin", "windows-11"])) == ["macos", "windows"]
    assert PortTable("windows-11").system == "windows"


def test_one_existing_socket_needs_no_list():
    assert portability(WEB, WEB) == portability(WEB, [WEB])
    assert repr(PortTable("linux", seed=1)) == "<PortTable linux: 0 open, 0 lingering>"
