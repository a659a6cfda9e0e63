"""PortSet by positions, at random, with Python's own sets, and its repr."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations, permutations
from typing import Any

import pytest

from portranges import (
    InvalidPortError,
    InvalidPositionError,
    InvalidRangeError,
    InvalidValueError,
    PortRange,
    PortRangesError,
    PortSet,
    TransportPorts,
)
from portranges.portset import compact

PORTS = PortSet.parse("80,8000-8002,65535")
ORDERED = [80, 8000, 8001, 8002, 65535]


# -- positions ------------------------------------------------------------------


def test_a_position_has_its_port() -> None:
    assert [PORTS[at] for at in range(5)] == ORDERED
    assert [PORTS[at] for at in range(-5, 0)] == ORDERED
    assert [compact(PORTS)[at] for at in range(5)] == ORDERED


@pytest.mark.parametrize(
    ("ports", "position", "message"),
    [
        (PORTS, 5, "position must be in -5..4, got 5"),
        (PORTS, -6, "position must be in -5..4, got -6"),
        (PortSet(), 0, "the empty set has no position, got 0"),
    ],
)
def test_another_position_is_an_indexerror(ports: PortSet, position: int, message: str) -> None:
    for find in (ports.__getitem__, ports.nth):
        with pytest.raises(InvalidPositionError) as caught:
            find(position)
        assert str(caught.value) == message
        assert isinstance(caught.value, IndexError)
        assert isinstance(caught.value, PortRangesError)
        assert (caught.value.position, caught.value.size) == (position, len(ports))


@pytest.mark.parametrize("position", ["0", 1.0, None, PortRange(80)])
def test_a_position_is_an_integer_or_a_slice(position: Any) -> None:
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        PORTS[position]


def test_every_slice_of_a_small_set() -> None:
    bounds = [None, *range(-7, 8)]
    for first in bounds:
        for last in bounds:
            for step in (None, -3, -2, -1, 1, 2, 3, 7):
                wanted = slice(first, last, step)
                for ports in (PORTS, compact(PORTS)):
                    assert ports[wanted] == PortSet(ORDERED[wanted])
    assert PortSet()[:] == PortSet()[1:5:2] == PortSet()
    assert type(compact(PORTS)[:2]) is PortSet


@pytest.mark.parametrize("step", [0, "1"])
def test_a_slice_must_have_a_step(step: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="slice"):
        PORTS[::step]


def test_slices_of_a_set_with_many_ranges() -> None:
    odd = PortSet(range(1, 65536, 2))
    assert odd[10:20] == PortSet(range(21, 41, 2))
    assert odd[::16384] == PortSet([1, 32769])
    assert odd[-1::-32767] == PortSet([1, 65535])
    assert PortSet.full()[::2] == ~odd
    assert [odd[at] for at in (0, 1, 5000, -1)] == [1, 3, 10001, 65535]


def test_reversed_is_descending() -> None:
    assert list(reversed(PORTS)) == ORDERED[::-1]
    assert next(reversed(PortSet.full())) == 65535
    assert list(reversed(PortSet())) == []


def test_index_is_the_position() -> None:
    assert [PORTS.index(port) for port in ORDERED] == [0, 1, 2, 3, 4]
    with pytest.raises(InvalidValueError) as caught:
        PORTS.index(81)
    assert str(caught.value) == "port must be in the set, got 81"
    with pytest.raises(InvalidPortError):
        PORTS.index(70000)
    with pytest.raises(TypeError, match="^port must be an integer, got bool True$"):
        PORTS.index(True)


# -- at random ------------------------------------------------------------------


def test_a_seed_makes_the_choices_repeatable() -> None:
    chosen = [PORTS.choice(random.Random(seed)) for seed in range(6)]
    assert chosen == [8002, 8000, 80, 8000, 8000, 65535]
    assert PORTS.sample(5, random.Random(1)) == (8000, 8002, 8001, 80, 65535)
    assert PORTS.sample(0, random.Random(1)) == ()
    assert PortSet().sample(0, random.Random(1)) == ()
    assert PORTS.choice(random.SystemRandom()) in PORTS


class Counted:
    """Every sequence of draws, one after another: what an even source would give."""

    def __init__(self, digits: tuple[int, ...]) -> None:
        self.digits = list(digits)

    def getrandbits(self, k: int) -> int:
        assert k == 2
        return self.digits.pop(0)


def test_every_selection_is_equally_likely() -> None:
    # Of 3 and 4 ports, a draw takes two bits, and of three it repeats the fourth value.
    four = PortSet([1, 3, 5, 7])
    ones = Counter(four.choice(Counted((digit,))) for digit in range(4))
    assert ones == dict.fromkeys(four, 1)
    pairs = Counter(four.sample(2, Counted((a, b))) for a in range(4) for b in range(3))
    assert pairs == dict.fromkeys(permutations(four, 2), 1)
    assert four.sample(2, Counted((0, 3, 3, 1))) == four.sample(2, Counted((0, 1)))


def test_all_samples_occur() -> None:
    rng = random.Random(7)
    found = Counter(frozenset(PORTS.sample(2, rng)) for _ in range(2000))
    assert found.keys() == {frozenset(pair) for pair in combinations(ORDERED, 2)}
    assert all(100 < count < 300 for count in found.values())


@pytest.mark.parametrize("k", [6, -1])
def test_a_sample_is_not_larger_than_the_set(k: int) -> None:
    with pytest.raises(InvalidValueError) as caught:
        PORTS.sample(k, random.Random(1))
    assert str(caught.value) == f"k must be in 0..5, got {k}"


@pytest.mark.parametrize("k", [1.0, "1", True, None])
def test_the_size_of_a_sample_is_an_integer(k: Any) -> None:
    with pytest.raises(TypeError, match="^k must be an integer, got "):
        PORTS.sample(k, random.Random(1))


@pytest.mark.parametrize("rng", [None, 7, random, random.Random])
def test_a_generator_is_required(rng: Any) -> None:
    if rng is random:
        # The module has getrandbits, and its state can be seeded.
        assert PORTS.choice(rng) in PORTS
        return
    for draw in (lambda: PORTS.choice(rng), lambda: PORTS.sample(2, rng)):
        with pytest.raises(TypeError, match=r"^rng must have getrandbits\(\), got .*; pass a "):
            draw()


def test_the_empty_set_has_no_random_port() -> None:
    with pytest.raises(InvalidRangeError, match="^a set must not be empty to have a random port"):
        PortSet().choice(random.Random(1))


# -- Python's sets --------------------------------------------------------------


@pytest.mark.parametrize("kind", [set, frozenset])
def test_operators_accept_sets_of_integers_on_both_sides(kind: type) -> None:
    ports, other = PortSet([22, 80]), kind([80, 443])
    for made in (ports | other, other | ports):
        assert made == PortSet([22, 80, 443])
    for made in (ports & other, other & ports):
        assert made == PortSet([80])
    for made in (ports ^ other, other ^ ports):
        assert made == PortSet([22, 443])
    assert ports - other == PortSet([22])
    assert other - ports == PortSet([443])
    assert type(other | ports) is type(other - ports) is PortSet
    assert kind([80]) <= ports >= kind([80])
    assert kind([80]) < ports > kind([80])
    assert not kind([22, 80]) < ports
    assert not ports <= kind([80])
    assert kind([22, 80, 1]) >= ports


@pytest.mark.parametrize("kind", [set, frozenset])
def test_a_set_of_integers_is_never_equal(kind: type) -> None:
    ports = PortSet([22, 80])
    same = kind(ports)
    assert ports != same
    assert same != ports
    # Though each has every port of the other.
    assert ports <= same <= ports
    assert len({ports, frozenset(ports)}) == 2


@pytest.mark.parametrize(
    ("other", "error", "message"),
    [
        ({70000}, InvalidPortError, "port must be in 0..65535, got 70000"),
        ({-1}, InvalidPortError, "port must be in 0..65535, got -1"),
        ({True}, TypeError, "port must be an integer, got bool True"),
        ({"80"}, TypeError, "port must be an integer, got str '80'; parse_port() reads text"),
        ({80.0}, TypeError, "port must be an integer, got float 80.0"),
        (
            {PortRange(80)},
            TypeError,
            "port must be an integer, got PortRange PortRange(first=80, last=80)",
        ),
    ],
)
def test_a_set_with_other_elements_is_refused(
    other: Any, error: type[Exception], message: str
) -> None:
    ports = PortSet([80])
    for operation in (
        lambda a, b: a | b,
        lambda a, b: a & b,
        lambda a, b: a - b,
        lambda a, b: a ^ b,
        lambda a, b: a < b,
        lambda a, b: a >= b,
    ):
        for pair in ((ports, other), (other, ports), (frozenset(other), ports)):
            with pytest.raises(error) as caught:
                operation(*pair)
            assert str(caught.value) == message


def test_a_set_variable_becomes_a_port_set_in_place() -> None:
    ports: Any = {80}
    ports |= PortSet([81])
    assert ports == PortSet([80, 81])


# -- repr -----------------------------------------------------------------------


def test_a_repr_of_up_to_1000_characters_is_an_expression() -> None:
    # The call has 17 characters.
    longest = PortSet(range(1000, 1390, 2)) | {11, 65535}
    assert len(repr(longest)) == 17 + len(str(longest)) == 1000
    assert eval(repr(longest)) == longest
    longer = longest | {9}
    assert repr(longer) == (
        "<PortSet 9,11,1000,1002,1004,1006,1008,1010,...,1384,1386,1388,65535: "
        "198 ports in 198 ranges>"
    )
    # A few long ranges, and more ranges than a short text can have.
    assert repr(~longest).startswith("<PortSet 0-10,12-999,1001,")
    assert repr(PortSet(range(0, 2000, 2))).endswith(
        "1992,1994,1996,1998: 1000 ports in 1000 ranges>"
    )


def test_the_longest_repr_of_a_set() -> None:
    odd = PortSet(range(1, 65536, 2))
    assert repr(odd) == (
        "<PortSet 1,3,5,7,9,11,13,15,...,65529,65531,65533,65535: 32768 ports in 32768 ranges>"
    )
    assert len(str(odd)) > 190_000
    everything = TransportPorts(tcp=odd, udp=~odd)
    assert repr(everything) == (
        "<TransportPorts 0/udp,1/tcp,2/udp,3/tcp,4/udp,5/tcp,6/udp,7/tcp,...,"
        "65532/udp,65533/tcp,65534/udp,65535/tcp: 65536 elements in 65536 ranges>"
    )


def test_the_repr_of_a_set_with_transports() -> None:
    short = TransportPorts.parse("22/tcp,53/udp")
    assert repr(short) == "TransportPorts.parse('22/tcp,53/udp')"
    ports = TransportPorts(tcp=range(1000, 1208, 2))
    assert eval(repr(ports)) == ports
    assert 900 < len(repr(ports)) <= 1000
    longer = ports | TransportPorts(udp=range(1000, 1020, 2))
    assert repr(longer).startswith("<TransportPorts 1000/tcp,1000/udp,1002/tcp,")
    assert repr(longer).endswith("1204/tcp,1206/tcp: 114 elements in 114 ranges>")
