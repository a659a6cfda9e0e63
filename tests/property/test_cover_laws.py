"""Covers of any range and any set: exact, and as small as can be shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import oracle
from portranges import MaskedPort, PortRange, PortSet
from portranges.strategies import masked_ports, port_ranges, port_sets


@given(port_ranges())
def test_a_prefix_cover_is_exact_disjoint_ascending_and_minimal(ports: PortRange) -> None:
    cover = ports.prefix_cover()
    assert PortSet.from_masks(cover) == PortSet(ports)
    assert sum(map(len, cover)) == len(ports)
    assert [mask.value for mask in cover] == sorted(mask.value for mask in cover)
    assert all(oracle.is_prefix(mask.mask, 16) for mask in cover)
    assert len(cover) == oracle.fewest_prefixes(ports.first, ports.last, 16)


@given(port_ranges())
def test_a_ternary_cover_is_exact_ascending_and_no_larger(ports: PortRange) -> None:
    cover = ports.ternary_cover()
    assert PortSet.from_masks(cover) == PortSet(ports)
    pairs = [(mask.value, mask.mask) for mask in cover]
    assert pairs == sorted(set(pairs))
    assert len(cover) <= len(ports.prefix_cover())
    assert len(cover) <= 28


@given(port_ranges())
def test_a_ternary_cover_has_no_redundant_mask(ports: PortRange) -> None:
    cover = ports.ternary_cover()
    for at in range(len(cover)):
        rest = cover[:at] + cover[at + 1 :]
        assert PortSet.from_masks(rest) != PortSet(ports)


@given(port_ranges())
def test_the_mirror_image_of_a_range_needs_as_many_masks(ports: PortRange) -> None:
    mirrored = PortRange(65535 - ports.last, 65535 - ports.first)
    assert len(mirrored.ternary_cover()) == len(ports.ternary_cover())
    assert len(mirrored.prefix_cover()) == len(ports.prefix_cover())


@given(port_sets(max_size=2000))
def test_a_prefix_cover_of_a_set(ports: PortSet) -> None:
    cover = ports.prefix_cover()
    assert PortSet.from_masks(cover) == ports
    assert sum(map(len, cover)) == len(ports)
    assert [mask.value for mask in cover] == sorted(mask.value for mask in cover)
    expected = sum(
        oracle.fewest_prefixes(first, last, 16) for first, last in oracle.ranges(list(ports))
    )
    assert len(cover) == expected


@given(st.lists(masked_ports(), max_size=10))
def test_from_masks_is_the_union_of_what_matches(masks: list[MaskedPort]) -> None:
    model = {port for mask in masks for port in oracle.UNIVERSE if port & mask.mask == mask.value}
    assert PortSet.from_masks(masks).to_int() == oracle.bits(model)


@given(masked_ports(), st.integers(0, 65535))
def test_a_mask_contains_the_ports_that_match_it(mask: MaskedPort, port: int) -> None:
    assert (port in mask) is (port & mask.mask == mask.value)
    assert (port in mask) is (port in PortSet.from_masks([mask]))
    assert len(PortSet.from_masks([mask])) == len(mask)
