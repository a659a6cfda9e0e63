"""What goes out comes back, and no set remembers how it was made."""

from __future__ import annotations

import copy
import pickle
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import oracle
from portranges import MaskedPort, PortRange, PortSet, Transport, TransportPorts, parse_port
from portranges.strategies import (
    masked_ports,
    port_ranges,
    port_sets,
    ports,
    transport_ports,
    transports,
)

NAMES = {each.__name__: each for each in (MaskedPort, PortRange, PortSet, TransportPorts)}


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


@given(transport_ports())
def test_a_set_with_transports_and_its_text(ports: TransportPorts) -> None:
    assert TransportPorts.parse(str(ports)) == ports
    assert str(ports) == f"{ports}"
    assert TransportPorts(dict(ports.items())) == TransportPorts(ports) == ports


@given(port_sets())
def test_a_set_and_its_integer(ports: PortSet) -> None:
    assert PortSet.from_int(ports.to_int()) == ports
    assert ports.to_int() == oracle.bits(ports)


@given(st.sets(st.integers(0, 65535)))
def test_an_integer_and_its_set(model: set[int]) -> None:
    bits = sum(1 << port for port in model)
    assert PortSet.from_int(bits).to_int() == bits
    assert list(PortSet.from_int(bits)) == sorted(model)


@given(st.one_of(port_sets(), port_ranges(), masked_ports(), transport_ports()))
def test_a_value_and_its_repr(value: Any) -> None:
    text = repr(value)
    if text.startswith("<"):
        assert len(f"{type(value).__name__}.parse({str(value)!r})") > 1000 > len(text)
    else:
        assert eval(text, dict(NAMES)) == value
        assert len(text) <= 1000


@given(st.one_of(port_sets(), port_ranges(), masked_ports(), transports(), transport_ports()))
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
def test_equality_and_hash_do_not_depend_on_history(ranges: list[PortRange], random: Any) -> None:
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


@given(
    st.lists(st.tuples(transports(), port_ranges()), max_size=20), st.randoms(use_true_random=False)
)
def test_sets_with_transports_do_not_depend_on_history(
    parts: list[tuple[Transport, PortRange]], random: Any
) -> None:
    whole = TransportPorts.empty()
    for transport, each in parts:
        whole |= TransportPorts({transport: each})
    random.shuffle(parts)
    twins = [
        TransportPorts.parse(" , ".join(f"{ports}/{transport}" for transport, ports in parts)),
        TransportPorts(
            {each: [ports for transport, ports in parts if transport is each] for each in Transport}
        ),
        ~~whole,
        TransportPorts.full() - (TransportPorts.full() - whole),
    ]
    assert {whole, *twins} == {whole}
    assert {str(twin) for twin in twins} == {str(whole)}


@given(port_sets(), port_sets())
def test_equal_sets_have_the_same_ports(a: PortSet, b: PortSet) -> None:
    assert (a == b) is (list(a) == list(b)) is (str(a) == str(b)) is (a.to_int() == b.to_int())
