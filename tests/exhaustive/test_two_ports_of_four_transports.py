"""All 256 sets of two ports with four transports, and all 65,536 pairs of them.

The slow twin of a set is an integer of eight bits, one for each element.
"""

from __future__ import annotations

import pytest

from portranges import Transport, TransportPorts

pytestmark = pytest.mark.slow

NAMES = ("tcp", "udp", "sctp", "dccp")
PATTERNS = range(256)


def made(pattern: int, ports: tuple[int, int]) -> TransportPorts:
    """The set whose elements are the bits of *pattern*: two ports for each transport."""
    return TransportPorts(
        {
            name: [port for at, port in enumerate(ports) if pattern >> 2 * place + at & 1]
            for place, name in enumerate(NAMES)
        }
    )


@pytest.fixture(scope="module", params=[(0, 1), (59, 65535)], ids=str)
def sets(request: pytest.FixtureRequest) -> list[TransportPorts]:
    return [made(pattern, request.param) for pattern in PATTERNS]


def test_operators_agree_with_bit_patterns(sets: list[TransportPorts]) -> None:
    for i in PATTERNS:
        one = sets[i]
        for j in PATTERNS:
            other = sets[j]
            assert one | other == sets[i | j]
            assert one & other == sets[i & j]
            assert one - other == sets[i & ~j]
            assert one ^ other == sets[i ^ j]


def test_comparisons_agree_with_bit_patterns(sets: list[TransportPorts]) -> None:
    for i in PATTERNS:
        one = sets[i]
        for j in PATTERNS:
            other = sets[j]
            assert (one == other) is (i == j)
            assert (one <= other) is (i & j == i)
            assert (one < other) is (i & j == i != j)
            assert one.isdisjoint(other) is (i & j == 0)


def test_length_truth_complement_and_text_of_each_set(sets: list[TransportPorts]) -> None:
    for pattern, each in enumerate(sets):
        assert len(each) == pattern.bit_count()
        assert bool(each) is (pattern != 0)
        assert ~~each == each
        assert each & ~each == sets[0]
        assert TransportPorts.parse(str(each)) == each
        assert [transport for transport, _ in each.items()] == [
            transport for place, transport in enumerate(Transport) if pattern >> 2 * place & 3
        ]


def test_no_two_sets_share_a_text_or_a_hash(sets: list[TransportPorts]) -> None:
    assert len(set(map(str, sets))) == 256
    assert len(set(map(hash, sets))) == 256
