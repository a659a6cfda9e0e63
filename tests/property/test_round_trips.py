"""What goes out comes back, and no set remembers how it was made."""

from __future__ import annotations

import copy
import pickle
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import oracle
from portranges import MaskedPort, PortRange, PortSet, Transport, parse_port
from portranges.strategies import masked_ports, port_ranges, port_sets, ports, transports

NAMES = {"PortRange": PortRange, "PortSet": PortSet, "MaskedPort": MaskedPort}


@given(ports())
def test_a_port_and_its_text(port: int) -> None:
    assert parse_port(str(port)) == port


@given(port_ranges())
def test_a_range_and_its_text(ports: PortRange) -> None:
    assert PortRange.parse(str(ports)) == ports
    assert str(ports) == oracle.text(ports.to_range())


@given(port_ranges())
def test_a_range_and_pythons_range(ports: PortRange) -> None:
    assert PortRange.from_range(ports.to_range()) == ports
    assert list(ports) == list(ports.to_range())


@given(port_sets())
def test_a_set_and_its_text(ports: PortSet) -> None:
    assert PortSet.parse(str(ports)) == ports
    assert str(ports) == f"{ports}" == oracle.text(frozenset(ports))


@given(port_sets())
def test_a_set_and_its_integer(ports: PortSet) -> None:
    assert PortSet.from_int(ports.to_int()) == ports
    assert ports.to_int() == oracle.bits(ports)


@given(st.sets(st.integers(0, 65535)))
def test_an_integer_and_its_set(model: set[int]) -> None:
    bits = sum(1 << port for port in model)
    assert PortSet.from_int(bits).to_int() == bits
    assert list(PortSet.from_int(bits)) == sorted(model)


@given(st.one_of(port_sets(), port_ranges(), masked_ports()))
def test_a_value_and_its_repr(value: Any) -> None:
    assert eval(repr(value), dict(NAMES)) == value


@given(st.one_of(port_sets(), port_ranges(), masked_ports(), transports()))
def test_a_value_and_its_copies(value: Any) -> None:
    twins = [copy.copy(value), copy.deepcopy(value)]
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    twins += [pickle.loads(pickle.dumps(value, protocol)) for protocol in protocols]
    for twin in twins:
        assert type(twin) is type(value)
        assert twin == value
        assert hash(twin) == hash(value)
        assert str(twin) == str(value)


@given(transports())
def test_a_transport_and_its_text(transport: Transport) -> None:
    assert Transport(str(transport)) is transport


@given(st.lists(port_ranges(), max_size=30), st.randoms(use_true_random=False))
def test_equality_and_hash_are_blind_to_history(ranges: list[PortRange], random: Any) -> None:
    whole = PortSet(ranges)
    shuffled = ranges + ranges[:3]
    random.shuffle(shuffled)
    one_by_one = PortSet.empty()
    for each in shuffled:
        one_by_one |= each
    masks = [mask for each in ranges for mask in each.ternary_cover()]
    twins = [
        PortSet(shuffled),
        PortSet(map(PortRange.to_range, shuffled)),
        PortSet.parse(" , ".join(map(str, shuffled))),
        PortSet.from_masks(masks),
        PortSet.empty().union(*shuffled),
        PortSet.full() - (PortSet.full() - PortSet(shuffled)),
        one_by_one,
    ]
    for twin in twins:
        assert twin == whole
        assert hash(twin) == hash(whole)
        assert twin.ranges == whole.ranges
        assert len(twin) == len(whole)
    assert len({whole, *twins}) == 1


@given(port_sets(), port_sets())
def test_equal_means_the_same_ports(a: PortSet, b: PortSet) -> None:
    assert (a == b) is (list(a) == list(b)) is (str(a) == str(b)) is (a.to_int() == b.to_int())
