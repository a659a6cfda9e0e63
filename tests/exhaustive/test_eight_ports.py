"""All 256 sets of eight ports, and all 65,536 pairs of them, against frozenset.

The eight ports lie at either end of the universe, and across the borders of
the bytes and of the digits by which Python keeps an integer (30 bits each).
"""

from __future__ import annotations

import copy
import pickle
from itertools import product

import pytest

import oracle
from portranges import InvalidRangeError, PortRange, PortSet

pytestmark = pytest.mark.slow

BASES = (0, 28, 59, 32764, 65528)
PATTERNS = range(256)


class Universe:
    """The 256 sets, each as frozenset, as integer and as PortSet."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.ports = range(base, base + 8)
        self.models = [oracle.subset_of_universe(base, pattern) for pattern in PATTERNS]
        self.ints = [oracle.bits(model) for model in self.models]
        self.int_of = dict(zip(self.models, self.ints, strict=True))
        self.sets = [PortSet(model) for model in self.models]


@pytest.fixture(scope="module", params=BASES)
def universe(request: pytest.FixtureRequest) -> Universe:
    base: int = request.param
    return Universe(base)


# -- one set --------------------------------------------------------------------


def test_every_set_holds_its_ports(universe: Universe) -> None:
    around = range(max(0, universe.base - 3), universe.base + 11)
    for model, ports in zip(universe.models, universe.sets, strict=True):
        assert list(ports) == sorted(model)
        assert len(ports) == len(model)
        assert bool(ports) is bool(model)
        assert [port in ports for port in around] == [port in model for port in around]


def test_every_constructor_builds_the_same_set(universe: Universe) -> None:
    for model, bits, ports in zip(universe.models, universe.ints, universe.sets, strict=True):
        pairs = oracle.ranges(model)
        twins = [
            PortSet.from_int(bits),
            PortSet.parse(oracle.text(model)),
            PortSet(sorted(model, reverse=True)),
            PortSet([*model, *model]),
            PortSet(PortRange(*pair) for pair in pairs),
            PortSet(range(first, last + 1) for first, last in pairs),
            PortSet(range(last, first - 1, -1) for first, last in pairs),
            PortSet(PortSet([port]) for port in model),
            PortSet(ports),
            PortSet.from_masks(ports.prefix_cover()),
            PortSet.full() - ~ports,
        ]
        for twin in twins:
            assert twin.to_int() == bits
            assert twin == ports
            assert hash(twin) == hash(ports)


def test_every_form_of_a_set(universe: Universe) -> None:
    for model, bits, ports in zip(universe.models, universe.ints, universe.sets, strict=True):
        text = oracle.text(model)
        assert ports.to_int() == bits
        assert [(each.first, each.last) for each in ports.ranges] == oracle.ranges(model)
        assert str(ports) == f"{ports}" == text
        assert repr(ports) == f"PortSet.parse({text!r})"
        assert [at for at, value in enumerate(ports.table) if value] == sorted(model)
        assert len(ports.table) == 65536
        assert copy.copy(ports) == copy.deepcopy(ports) == pickle.loads(pickle.dumps(ports))


def test_every_position_of_a_set(universe: Universe) -> None:
    for model, ports in zip(universe.models, universe.sets, strict=True):
        ordered = sorted(model)
        for position in range(-len(ordered), len(ordered)):
            assert ports.nth(position) == ordered[position]
        for position in (len(ordered), -len(ordered) - 1):
            with pytest.raises(IndexError):
                ports.nth(position)
        if ordered:
            assert (ports.first, ports.last) == (ordered[0], ordered[-1])
        else:
            with pytest.raises(InvalidRangeError):
                _ = ports.first
            with pytest.raises(InvalidRangeError):
                _ = ports.last


def test_every_complement(universe: Universe) -> None:
    everything = oracle.bits(oracle.UNIVERSE)
    for model, bits, ports in zip(universe.models, universe.ints, universe.sets, strict=True):
        assert (~ports).to_int() == everything - bits
        assert len(~ports) == 65536 - len(model)


def test_only_equal_sets_have_equal_hashes(universe: Universe) -> None:
    assert len(set(universe.sets)) == 256
    assert len({hash(ports) for ports in universe.sets}) == 256


# -- two sets -------------------------------------------------------------------


def test_every_operator(universe: Universe) -> None:
    int_of = universe.int_of
    for (m, a), (n, b) in product(zip(universe.models, universe.sets, strict=True), repeat=2):
        assert (a | b).to_int() == int_of[m | n]
        assert (a & b).to_int() == int_of[m & n]
        assert (a - b).to_int() == int_of[m - n]
        assert (a ^ b).to_int() == int_of[m ^ n]


def test_every_comparison(universe: Universe) -> None:
    for (m, a), (n, b) in product(zip(universe.models, universe.sets, strict=True), repeat=2):
        assert (a <= b) is (m <= n)
        assert (a < b) is (m < n)
        assert (a >= b) is (m >= n)
        assert (a > b) is (m > n)
        assert (a == b) is (m == n)
        assert (a != b) is (m != n)


def test_every_named_method(universe: Universe) -> None:
    int_of = universe.int_of
    for (m, a), (n, b) in product(zip(universe.models, universe.sets, strict=True), repeat=2):
        assert a.union(b).to_int() == int_of[m | n]
        assert a.intersection(b).to_int() == int_of[m & n]
        assert a.difference(b).to_int() == int_of[m - n]
        assert a.symmetric_difference(b).to_int() == int_of[m ^ n]
        assert a.issubset(b) is (m <= n)
        assert a.issuperset(b) is (m >= n)
        assert a.isdisjoint(b) is m.isdisjoint(n)


def test_lengths_add_up(universe: Universe) -> None:
    for a, b in product(universe.sets, repeat=2):
        assert len(a | b) + len(a & b) == len(a) + len(b)


# -- sets and ranges --------------------------------------------------------------


def test_every_operator_and_comparison_with_every_range(universe: Universe) -> None:
    ports = universe.ports
    pairs = [(first, last) for last in ports for first in ports if first <= last]
    for first, last in pairs:
        n, b = frozenset(range(first, last + 1)), PortRange(first, last)
        for m, a in zip(universe.models, universe.sets, strict=True):
            assert (a | b).to_int() == (b | a).to_int() == universe.int_of[m | n]
            assert (a & b).to_int() == (b & a).to_int() == universe.int_of[m & n]
            assert (a ^ b).to_int() == (b ^ a).to_int() == universe.int_of[m ^ n]
            assert (a - b).to_int() == universe.int_of[m - n]
            assert (b - a).to_int() == universe.int_of[n - m]
            assert (a <= b) is (b >= a) is (m <= n)
            assert (a < b) is (b > a) is (m < n)
            assert (a >= b) is (b <= a) is (m >= n)
            assert (a > b) is (b < a) is (m > n)
            assert not a == b
            assert a != b
            assert not b == a
            assert b != a
            assert a.isdisjoint(b) is m.isdisjoint(n)


def test_every_pair_of_ranges() -> None:
    for base in BASES:
        ports = range(base, base + 8)
        pairs = [(first, last) for last in ports for first in ports if first <= last]
        for (f, g), (h, k) in product(pairs, repeat=2):
            a, b = PortRange(f, g), PortRange(h, k)
            shared = frozenset(range(f, g + 1)) & frozenset(range(h, k + 1))
            together = frozenset(range(f, g + 1)) | frozenset(range(h, k + 1))
            assert a.overlaps(b) is bool(shared)
            assert a.adjoins(b) is (not shared and len(oracle.ranges(together)) == 1)
            assert (a < b) is ((f, g) < (h, k))
            assert (a <= b) is ((f, g) <= (h, k))
            assert (a > b) is ((f, g) > (h, k))
            assert (a >= b) is ((f, g) >= (h, k))
            assert (a == b) is ((f, g) == (h, k))
            assert (hash(a) == hash(b)) or a != b


def test_every_range() -> None:
    for base in BASES:
        ports = range(base, base + 8)
        for first, last in product(ports, repeat=2):
            if first > last:
                with pytest.raises(InvalidRangeError):
                    PortRange(first, last)
                continue
            made = PortRange(first, last)
            plain = range(first, last + 1)
            assert (made.first, made.last) == (first, last)
            assert list(made) == list(plain)
            assert len(made) == len(plain)
            assert made.to_range() == plain
            assert PortRange.from_range(plain) == made
            assert PortRange.parse(str(made)) == made
            assert str(made) == f"{made}" == oracle.text(plain)
            near = range(base - 3, base + 11)
            assert [port in made for port in near] == [port in plain for port in near]
        assert all(PortRange(port) == PortRange(port, port) for port in ports)
