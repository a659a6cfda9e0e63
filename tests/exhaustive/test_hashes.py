"""Whoever chooses the ports of many sets cannot make their hashes collide.

CPython hashes an integer modulo 2**61 - 1, so these families of sets had few hashes when a set
had the hash of its integer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from portranges import PortSet, TransportPorts

pytestmark = pytest.mark.slow

MODULUS = 2**61 - 1


def single() -> Iterator[PortSet]:
    """Every set of one port."""
    for port in range(65536):
        yield PortSet([port])


def shifted() -> Iterator[PortSet]:
    """One pattern at many places, 61 ports apart."""
    pattern = 0b1011
    for place in range(1074):
        yield PortSet.from_int(pattern << 61 * place)


def multiples() -> Iterator[PortSet]:
    """Integers that are equal modulo 2**61 - 1."""
    for factor in range(10_000):
        yield PortSet.from_int(80 + factor * MODULUS)


def pairs() -> Iterator[PortSet]:
    """Two ports each, with equal remainders modulo 61."""
    for place in range(1, 1070):
        for other in range(place + 1, min(1074, place + 9)):
            yield PortSet([61 * place, 61 * other])


@pytest.mark.parametrize("family", [single, shifted, multiples, pairs])
def test_hashes_differ_for_integers_equal_modulo_the_hash_modulus(family: object) -> None:
    sets = list(family())  # type: ignore[operator]
    hashes = [hash(each) for each in sets]
    assert len(set(hashes)) > 0.99 * len(sets)
    # What a dictionary looks at first: the low bits. Of a fair hash, at most a dozen sets
    # share the lowest bits when there are as many values as sets.
    bits = len(sets).bit_length()
    fullest = Counter(each & (1 << bits) - 1 for each in hashes).most_common(1)[0][1]
    assert fullest <= 16
    assert len(set(sets)) == len(sets)


def test_hashes_differ_for_sets_with_transports() -> None:
    sets = [TransportPorts({name: [port]}) for port in range(4000) for name in ("tcp", "udp")]
    assert len({hash(each) for each in sets}) == len(sets)
