"""Which end of a flow is the service: the rows, single flows, and many."""

from __future__ import annotations

import dataclasses
import random
import re
import sys
from array import array
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portranges import (
    InvalidPortError,
    InvalidValueError,
    PortRange,
    PortSet,
    UnknownNameError,
    ephemeral,
    flows,
    registry,
    uses,
)
from portranges.flows import Side, Trait, criteria, judge, server_port, server_side_many, sides

# -- the slow twin: the criteria again, as they are written in words --------------

EPHEMERAL = {"linux": range(32768, 61000), "windows": range(49152, 65536)}
EPHEMERAL["macos"] = EPHEMERAL["windows"]


@cache
def assigned(transport):
    return {port for port in range(65536) if registry.state(port, transport) == "assigned"}


DEFAULTS = {
    transport: {
        port
        for use in uses.rows()
        if transport in use.transports and len(use.ports) <= 100
        for port in use.ports
    }
    for transport in ("tcp", "udp")
}


def twin(one, other, systems=("linux", "windows", "macos"), transports=("tcp", "udp")):
    """(port, side, id of the criterion), by the words of the rows."""
    if 0 in (one, other):
        return None, 0, "no-port"

    def lent(port):
        return any(port in EPHEMERAL[system] for system in systems)

    def named(port):
        return any(port in assigned(each) for each in transports)

    def known(port):
        return any(port in DEFAULTS[each] for each in transports)

    for port, peer, side in ((one, other, 1), (other, one, 2)):
        if (peer, port) in ((68, 67), (546, 547), (5350, 5351)):
            return port, side, "fixed-roles"
    asks = (111, 513, 514, 515, 2049)
    for port, peer, side in ((one, other, 1), (other, one, 2)):
        if port in asks and 600 <= peer <= 1023:
            return port, side, "privileged-client"
    for name, is_service in (
        ("client-range", lambda port: not lent(port)),
        ("system-port", lambda port: port <= 1023),
        ("named", named),
        ("known-use", known),
    ):
        if is_service(one) != is_service(other):
            return (one, 1, name) if is_service(one) else (other, 2, name)
    return (one, 0, "same-port") if one == other else (None, 0, "undecided")


INTERESTING = sorted(
    {
        *(67, 68, 546, 547, 5350, 5351),
        *(0, 1, 22, 80, 111, 123, 443, 512, 513, 514, 515, 516, 599, 600, 700, 1021, 1023, 1024),
        *(2048, 2049, 2050, 3306, 4444, 5432, 8080, 8333, 27017, 30000, 32767, 32768, 44818),
        *(49151, 49152, 50000, 51413, 51820, 60000, 60999, 61000, 65535),
    }
)
PORTS = st.sampled_from(INTERESTING) | st.integers(0, 65535)


def answer(one, other, **settings):
    judgement = judge(one, other, **settings)
    return judgement.port, judgement.side, judgement.criterion.id


@pytest.mark.slow
def test_all_pairs_of_interesting_ports_agree_with_a_slow_implementation():
    for one in INTERESTING:
        for other in INTERESTING:
            assert answer(one, other) == twin(one, other)


@given(PORTS, PORTS)
def test_any_pair_agrees_with_a_slow_implementation(one, other):
    assert answer(one, other) == twin(one, other)
    assert answer(one, other, systems="linux", transport="tcp") == twin(
        one, other, ("linux",), ("tcp",)
    )


@given(PORTS, PORTS)
def test_the_order_of_the_ends_does_not_matter(one, other):
    there, back = judge(one, other), judge(other, one)
    assert there.port == back.port
    assert there.criterion is back.criterion
    assert {there.side, back.side} in ({Side.UNKNOWN}, {Side.FIRST, Side.SECOND})


@pytest.mark.parametrize(
    ("one", "other", "port", "criterion"),
    [
        (51514, 443, 443, "client-range"),
        (443, 51514, 443, "client-range"),
        (1500, 25, 25, "system-port"),
        (800, 2049, 2049, "privileged-client"),
        (1023, 514, 514, "privileged-client"),
        (44818, 50000, 44818, "named"),
        (51820, 40100, 51820, "known-use"),
        (123, 123, 123, "same-port"),
        (50000, 60000, None, "undecided"),
        (22, 80, None, "undecided"),
        (68, 67, 67, "fixed-roles"),  # RFC 2131, section 4.1
        (546, 547, 547, "fixed-roles"),  # RFC 8415, section 7.2
        (5350, 5351, 5351, "fixed-roles"),  # RFC 6886, section 3.2.1
        (67, 67, 67, "same-port"),  # RFC 2131, section 4.1: a relay and the server
        (547, 547, 547, "same-port"),  # RFC 8415, section 7.2: a relay and the server
        (40000, 67, 67, "client-range"),
        (20, 50000, 20, "client-range"),  # RFC 959, section 3.2: active data
        (20, 5000, 20, "system-port"),
        (69, 50000, 69, "client-range"),  # RFC 1350, section 4
        (500, 500, 500, "same-port"),  # RFC 7296, section 2
        (4500, 4500, 4500, "same-port"),
        (520, 520, 520, "same-port"),  # RFC 2453, section 3.9.2
        (521, 521, 521, "same-port"),  # RFC 2080, section 2.5.2
        (646, 646, 646, "same-port"),  # RFC 5036, section 2.4.1
        (5353, 5353, 5353, "same-port"),  # RFC 6762, section 5.2
        (514, 514, 514, "same-port"),  # RFC 3164, section 2
        (50000, 3784, 3784, "client-range"),  # RFC 5881, section 4
        (61500, 4784, 4784, "client-range"),  # RFC 5883, section 5
        (49152, 4789, 4789, "client-range"),  # RFC 7348, section 5
        (0, 443, None, "no-port"),
        (0, 0, None, "no-port"),
    ],
)
def test_the_service_side_of_known_flows(one, other, port, criterion):
    assert server_port(one, other) == port
    assert judge(one, other).criterion.id == criterion


def test_the_clients_systems_decide():
    # Linux never allocates 61500 to a client, so it must be the service's;
    # Windows may.
    assert server_port(40100, 61500, systems="linux") == 61500
    assert server_port(40100, 61500, systems="windows") == 40100
    assert server_port(40100, 61500) is None
    tuned = ephemeral.profile("linux").replace(ports=PortRange(10000, 20000))
    assert server_port(40100, 15000, systems=tuned) == 40100
    assert server_port(40100, 15000, systems=[tuned, "windows"]) == 40100


def test_the_transport_decides_by_its_registry():
    # 49150 is assigned for TCP alone.
    assert server_port(49150, 50000, transport="tcp", systems="linux") == 49150
    assert server_port(49150, 50000, transport="udp", systems="linux") is None


def test_a_sites_own_services_decide():
    ours = registry.SHIPPED.with_services({"billing": [(50000, "tcp")]})
    assert server_port(50000, 60000, registry=ours) == 50000
    assert server_port(50000, 60000) is None


class TestMany:
    @pytest.mark.parametrize("systems", [("linux", "windows", "macos"), "linux", ["openbsd"]])
    @pytest.mark.parametrize("transport", [None, "tcp", "udp"])
    def test_every_interesting_pair(self, systems, transport):
        pairs = [(one, other) for one in INTERESTING for other in INTERESTING]
        found = server_side_many(
            [one for one, _ in pairs],
            [other for _, other in pairs],
            systems=systems,
            transport=transport,
        )
        assert list(found) == [
            judge(one, other, systems=systems, transport=transport).side for one, other in pairs
        ]

    @given(st.lists(st.tuples(PORTS, PORTS), max_size=200))
    def test_any_flows_in_any_form(self, pairs):
        expected = bytes(twin(*pair)[1] for pair in pairs)
        ones, others = array("H", [one for one, _ in pairs]), array("H", [two for _, two in pairs])
        assert server_side_many(ones, others) == expected
        assert server_side_many(ones.tobytes(), list(others)) == expected
        other_order = "big" if sys.byteorder == "little" else "little"
        ones.byteswap()
        others.byteswap()
        assert server_side_many(ones, others, byteorder=other_order) == expected

    def test_more_flows_than_one_piece(self):
        rng = random.Random(1)
        ones = array("H", [rng.choice(INTERESTING) for _ in range(70_001)])
        others = array("H", [rng.choice(INTERESTING) for _ in range(70_001)])
        found = server_side_many(ones, others)
        assert list(found) == [
            judge(one, other).side for one, other in zip(ones, others, strict=True)
        ]

    @pytest.mark.parametrize("ports", [None, "22,67-68,111,513,600,5350-5351,2049,40000-50000"])
    def test_numpy_and_the_standard_library_agree(self, ports, monkeypatch):
        np = pytest.importorskip("numpy", reason="NOT CHECKED: numpy is not installed")
        systems = "linux"
        if ports is not None:
            # A range that divides every kind of port that it can divide.
            systems = replace(ephemeral.profile("linux"), ports=PortSet.parse(ports))
        every = np.arange(65536, dtype="uint16")
        interesting = np.array(INTERESTING, "uint16")
        ones = np.concatenate([every, np.repeat(interesting, len(INTERESTING))])
        others = np.concatenate([every[::-1], np.tile(interesting, len(INTERESTING))])
        in_numpy = server_side_many(ones, others, systems=systems)
        monkeypatch.setattr(sides, "loaded_numpy", lambda: None)
        assert server_side_many(ones, others, systems=systems) == in_numpy
        assert server_side_many(ones.tolist(), others.tolist(), systems=systems) == in_numpy

    @pytest.mark.parametrize(
        ("first", "second", "message"),
        [
            ([1, 2, 3], [1, 2], "first and second must have the same number of ports, got 3 and 2"),
            ([], b"\0\1\0\1", "first and second must have the same number of ports, got 0 and 2"),
            (
                array("H", [1] * 70000),
                array("H", [1] * 65536),
                "first and second must have the same number of ports, got 70000 and 65536",
            ),
            (
                [1] * 65536,
                [1] * 199999,
                "first and second must have the same number of ports, got 65536 and 131072 or more",
            ),
        ],
    )
    def test_different_numbers_of_ports_are_refused(self, first, second, message):
        with pytest.raises(ValueError) as caught:
            server_side_many(first, second)
        assert str(caught.value) == message


class TestRefusals:
    def test_a_value_that_is_not_a_port(self):
        with pytest.raises(InvalidPortError, match=r"^port must be in 0\.\.65535, got 65536$"):
            judge(80, 65536)
        with pytest.raises(TypeError, match="^port must be an integer, got str '80'"):
            server_port("80", 443)

    def test_unknown_systems_and_transports(self):
        with pytest.raises(UnknownNameError, match="^unknown system, got 'linus'; did you mean"):
            judge(80, 443, systems="linus")
        with pytest.raises(InvalidValueError, match="fixed ephemeral range, got 'smoltcp', which"):
            judge(80, 443, systems=["smoltcp"])
        with pytest.raises(InvalidValueError, match="must name at least one system"):
            judge(80, 443, systems=())
        with pytest.raises(UnknownNameError, match="unknown transport, got 'ip'"):
            judge(80, 443, transport="ip")


def test_every_row_has_a_reason_a_rule_and_a_source():
    rows = criteria()
    assert len({row.id for row in rows}) == len(rows)
    for row in rows:
        assert row.rule[0].islower() or row.rule[0].isdigit()
        assert not row.rule.endswith(".")
        assert row.reason.endswith(".")
        assert row.source.document
        assert row.source.checked >= "2026-11"


def test_the_ports_of_the_privileged_row_come_from_the_known_uses():
    shown = {use.name: use.ports for use in uses.rows()}
    row = next(row for row in criteria() if row.id == "privileged-client")
    assert row.client_has is Trait.PRIVILEGED_CLIENT
    from portranges.flows.rows import PRIVILEGED_CLIENT

    assert PRIVILEGED_CLIENT == PortSet(
        [shown["rresvport() of the BSDs"], shown["NFS client on Linux"]]
    )
    assert PRIVILEGED_CLIENT == ephemeral.ports(["sunrpc", "bsd-rresvport"])


def test_no_host_allocates_a_system_port():
    for profile in ephemeral.profiles("host"):
        assert not profile.ports & PortRange(0, 1023)


def test_a_known_use_of_a_hundred_ports_names_them_and_a_wider_one_does_not():
    # All are outside the ephemeral range of Windows, and unassigned.
    free = registry.SHIPPED.unassigned("udp") & PortRange(1024, 49151)
    known = [use for use in uses.rows() if "udp" in use.transports]
    narrow, wide = (
        free & PortSet(use.ports for use in known if (len(use.ports) <= 100) is is_narrow)
        for is_narrow in (True, False)
    )
    nameless = free - narrow
    for named in (narrow.first, narrow.last):
        assert server_port(named, nameless.first, systems="windows", transport="udp") == named
    for other in (wide - narrow).first, (wide - narrow).last:
        assert server_port(other, nameless.first, systems="windows", transport="udp") is None


def test_the_roles_of_a_protocol_are_fixed_in_every_order_and_in_bulk():
    rows = flows.fixed_roles()
    assert [row.service for row in rows] == sorted(row.service for row in rows)
    # The rule of the criterion names the same ports.
    (criterion,) = [row for row in criteria() if row.id == "fixed-roles"]
    numbers = {int(number) for number in re.findall("[0-9]+", criterion.rule)}
    assert numbers == {port for row in rows for port in (row.service, row.client)}
    for row in rows:
        assert row.protocol
        for systems in (("linux", "windows", "macos"), "openbsd", "windows-xp"):
            assert server_port(row.client, row.service, systems=systems) == row.service
            assert server_port(row.service, row.client, systems=systems) == row.service
        assert server_side_many([row.client, row.service], [row.service, row.client]) == b"\2\1"


def test_the_traits_of_any_client_range_fit_the_table():
    # A range that divides every kind of port that it can divide.
    divided = PortSet.parse("22,67-68,111,513,600,700,5350-5351,2049,40000-50000")
    profile = replace(ephemeral.profile("linux"), ports=divided)
    ports = [*INTERESTING, 40000, 700]
    pairs = [(one, other) for one in ports for other in ports]
    found = server_side_many(
        [one for one, _ in pairs], [other for _, other in pairs], systems=profile
    )
    for side, (one, other) in zip(found, pairs, strict=True):
        assert judge(one, other, systems=profile).side == side


def test_fixed_roles_belong_to_a_protocol():
    (row, *_) = flows.fixed_roles()
    with pytest.raises(InvalidValueError, match=r"^protocol must not be empty, got ''$"):
        dataclasses.replace(row, protocol="")


@pytest.mark.parametrize("client", [68, 546, 5350])
@pytest.mark.parametrize("service", [67, 547, 5351])
def test_the_roles_of_two_protocols_are_not_combined(client, service):
    for first, second in ((client, service), (service, client)):
        is_one_protocol = (client, service) in ((68, 67), (546, 547), (5350, 5351))
        assert (judge(first, second).criterion.id == "fixed-roles") is is_one_protocol
        assert server_side_many([first], [second]) == bytes([judge(first, second).side])
