"""The strategies: in their bounds, on the edges, down to the smallest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import oracle
from portranges import (
    Category,
    MaskedPort,
    PortRange,
    PortSet,
    Transport,
    TransportPorts,
    ephemeral,
)
from portranges import strategies as our

T = TypeVar("T")

EDGES = [0, 1, 1023, 1024, 4999, 5000, 32767, 32768, 49151, 49152, 60999, 61000, 65534, 65535]

THOROUGH = settings(max_examples=1000, deadline=None, database=None, derandomize=True)


def drawn(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """What a test with this strategy gets to see."""
    values: list[T] = []

    @settings(max_examples=count, deadline=None, database=None, derandomize=True)
    @given(strategy)
    def collect(value: T) -> None:
        values.append(value)

    collect()
    return values


def smallest(strategy: st.SearchStrategy[T], condition: Callable[[T], bool]) -> T:
    return find(strategy, condition, settings=THOROUGH)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (our.masked_ports, MaskedPort),
        (our.transports, Transport),
        (our.transport_ports, TransportPorts),
    ],
)
def test_a_strategy_draws_one_type(make: Callable[[], Any], kind: type) -> None:
    assert {type(value) for value in drawn(make(), 20)} == {kind}


@pytest.mark.parametrize("size", [0, 1, 9, 10])
def test_a_set_of_exactly_one_size(size: int) -> None:
    sets = our.port_sets(min_value=1000, max_value=1009, min_size=size, max_size=size)
    for ports in drawn(sets, 20):
        assert len(ports) == size
        assert ports <= PortRange(1000, 1009)


@pytest.mark.slow
class TestBounds:
    @given(st.data(), st.integers(0, 65535), st.integers(0, 65535))
    def test_nothing_is_drawn_outside(self, data: st.DataObject, one: int, other: int) -> None:
        low, high = sorted((one, other))
        bounds: dict[str, Any] = {"min_value": low, "max_value": high}
        assert low <= data.draw(our.ports(**bounds)) <= high
        ports = data.draw(our.port_ranges(**bounds))
        assert low <= ports.first <= ports.last <= high
        assert data.draw(our.port_sets(**bounds)) <= PortRange(low, high)
        for _, ports in data.draw(our.transport_ports(**bounds)).items():
            assert ports <= PortRange(low, high)

    @given(st.data(), st.sampled_from(Category))
    def test_a_category_is_a_bound(self, data: st.DataObject, category: Category) -> None:
        for spelt in (category, category.value):
            port = data.draw(our.ports(category=spelt))
            assert oracle.category(port) == category.value
            assert PortSet(data.draw(our.port_ranges(category=spelt))) <= category.ports
            assert data.draw(our.port_sets(category=spelt)) <= category.ports

    @pytest.mark.parametrize("category", Category)
    def test_a_whole_category_is_drawn(self, category: Category) -> None:
        ports = set(drawn(our.ports(category=category), 300))
        assert {category.ports.first, category.ports.last} <= ports

    @given(st.data())
    def test_a_category_and_bounds_are_combined(self, data: st.DataObject) -> None:
        assert 1000 <= data.draw(our.ports(category="system", min_value=1000)) <= 1023
        assert data.draw(our.ports(category="user", max_value=1024)) == 1024

    @given(st.data(), st.integers(0, 100), st.integers(0, 100))
    def test_a_set_has_the_requested_size(self, data: st.DataObject, one: int, other: int) -> None:
        least, most = sorted((one, other))
        ports = data.draw(
            our.port_sets(min_value=1000, max_value=1099, min_size=least, max_size=most)
        )
        assert least <= len(ports) <= most
        assert ports <= PortRange(1000, 1099)

    @given(our.port_sets(min_size=65536), our.port_sets(max_size=0))
    def test_the_sizes_at_the_ends(self, full: PortSet, empty: PortSet) -> None:
        assert full == PortSet.full()
        assert empty == PortSet.empty()

    @pytest.mark.parametrize("port", [0, 1, 49152, 65535])
    def test_bounds_that_leave_one_port(self, port: int) -> None:
        bounds: dict[str, Any] = {"min_value": port, "max_value": port}
        assert set(drawn(our.ports(**bounds), 20)) == {port}
        assert set(drawn(our.port_ranges(**bounds), 20)) == {PortRange(port)}
        assert set(drawn(our.port_sets(**bounds), 200)) == {PortSet(), PortSet([port])}


@pytest.mark.slow
class TestEdges:
    def test_every_edge_is_drawn_in_a_usual_test(self) -> None:
        ports = drawn(our.ports(), 200)
        assert set(EDGES) <= set(ports)
        assert len(set(ports)) > 80

    def test_ranges_begin_and_end_on_edges(self) -> None:
        ranges = drawn(our.port_ranges(), 500)
        assert sum(ports.first in EDGES for ports in ranges) > 100
        assert sum(ports.last in EDGES for ports in ranges) > 100
        assert sum(len(ports) == 1 for ports in ranges) > 2

    def test_sets_of_every_kind_are_drawn(self) -> None:
        sets = drawn(our.port_sets(), 500)
        assert 2 < sets.count(PortSet.empty()) < 150
        assert 2 < sets.count(PortSet.full()) < 150
        assert sum(1 <= len(ports) <= 5 for ports in sets) > 25
        assert sum(0 < len(~ports) <= 5 for ports in sets) > 10
        assert sum(len(ports.ranges) > 180 for ports in sets) > 25
        assert sum(1000 < len(ports) < 64536 for ports in sets) > 100
        assert len(set(sets)) > 150

    def test_masks_of_every_form_are_drawn(self) -> None:
        masks = [masked.mask for masked in drawn(our.masked_ports(), 500)]
        assert sum(oracle.is_prefix(mask, 16) for mask in masks) > 100
        assert sum(not oracle.is_prefix(mask, 16) for mask in masks) > 100

    @pytest.mark.slow
    def test_sets_with_transports_of_every_kind_are_drawn(self) -> None:
        sets = drawn(our.transport_ports(), 500)
        assert 2 < sets.count(TransportPorts.empty()) < 150
        # How often the full set is drawn varies between runs, from 0 to 27 times.
        assert (
            sum(PortSet.full() in (each.tcp, each.udp, each.sctp, each.dccp) for each in sets) > 5
        )
        full = smallest(our.transport_ports(), lambda ports: ports == TransportPorts.full())
        assert full == TransportPorts.full()
        assert {each.items()[0][0] for each in sets if len(each.items()) == 1} == set(Transport)
        assert sum(len(each.items()) == 4 for each in sets) > 25
        assert sum(each.tcp == each.udp != PortSet.empty() for each in sets) > 25
        assert sum(bool(each.tcp - each.udp) for each in sets) > 50

    def test_all_transports_and_profiles_are_drawn(self) -> None:
        assert set(drawn(our.transports(), 100)) == set(Transport)
        names = {profile.name for profile in drawn(our.profiles(), 1000)}
        assert names == {profile.name for profile in ephemeral.profiles()}


class TestShrinking:
    @pytest.mark.parametrize("port", [0, 1, 80, 2001, 4999, 5000, 50000, 65535])
    def test_a_port_shrinks_to_the_smallest(self, port: int) -> None:
        assert smallest(our.ports(), lambda each: each >= port) == port

    def test_a_port_shrinks_to_its_bound(self) -> None:
        assert smallest(our.ports(min_value=1024), lambda each: True) == 1024

    def test_a_range_shrinks_to_small_ends(self) -> None:
        ranges = our.port_ranges()
        assert smallest(ranges, lambda ports: True) == PortRange(0)
        assert smallest(ranges, lambda ports: len(ports) > 1000) == PortRange(0, 1000)
        assert smallest(ranges, lambda ports: ports.first > 2000) == PortRange(2001)
        assert smallest(ranges, lambda ports: 443 in ports) == PortRange(0, 443)

    @pytest.mark.slow
    def test_a_set_shrinks_to_few_and_small_ports(self) -> None:
        sets = our.port_sets()
        assert str(smallest(sets, lambda ports: True)) == ""
        assert str(smallest(sets, lambda ports: len(ports) > 0)) == "0"
        assert str(smallest(sets, lambda ports: len(ports) > 2)) == "0-2"
        assert str(smallest(sets, lambda ports: 443 in ports)) == "443"
        assert str(smallest(sets, lambda ports: len(ports.ranges) == 3)) == "0,2,4"
        assert str(smallest(sets, lambda ports: len(ports) > 40000)) == "0-40000"

    @pytest.mark.slow
    def test_the_others_shrink_to_the_first(self) -> None:
        assert smallest(our.transports(), lambda each: True) is Transport.TCP
        assert smallest(our.masked_ports(), lambda each: True) == MaskedPort(0, 0)
        assert smallest(our.transport_ports(), lambda each: True) == TransportPorts.empty()
        assert str(smallest(our.transport_ports(), lambda each: len(each.tcp) > 1)) == "0-1/tcp"
        assert str(smallest(our.transport_ports(), lambda each: 53 in each.udp)) == "53/udp"
        assert smallest(our.profiles(), lambda each: True) == ephemeral.profiles()[0]


class TestArguments:
    """They are checked when the strategy is made, before anything is drawn."""

    MAKERS = (our.ports, our.port_ranges, our.port_sets, our.transport_ports)

    @pytest.mark.parametrize("make", MAKERS)
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"min_value": -1}, "min_value must be in 0..65535, got -1"),
            ({"max_value": 65536}, "max_value must be in 0..65535, got 65536"),
            (
                {"min_value": 9, "max_value": 8},
                "min_value must not be greater than max_value, got 9 and 8",
            ),
            ({"category": "x"}, "category must be 'system', 'user' or 'dynamic', got 'x'"),
            ({"category": ""}, "category must be 'system', 'user' or 'dynamic', got ''"),
            (
                {"category": Category.SYSTEM, "min_value": 2000, "max_value": 3000},
                (
                    "bounds must leave a port of category 'system', got 2000..3000; "
                    "the category is 0..1023"
                ),
            ),
        ],
    )
    def test_wrong_values_are_refused(
        self, make: Any, arguments: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ValueError) as caught:
            make(**arguments)
        assert str(caught.value) == message

    @pytest.mark.parametrize("make", MAKERS)
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"min_value": True}, "min_value must be an integer, got bool True"),
            ({"max_value": 80.0}, "max_value must be an integer, got float 80.0"),
            ({"max_value": None}, "max_value must be an integer, got NoneType None"),
            ({"category": 1}, "category must be a str, got int 1"),
            ({"category": ["user"]}, "category must be a str, got list ['user']"),
        ],
    )
    def test_wrong_types_are_refused(
        self, make: Any, arguments: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(TypeError) as caught:
            make(**arguments)
        assert str(caught.value) == message

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"min_size": -1}, "min_size must be in 0..65536, got -1"),
            ({"max_size": 65537}, "max_size must be in 0..65536, got 65537"),
            ({"category": "system", "min_size": 1025}, "min_size must be in 0..1024, got 1025"),
            (
                {"min_size": 3, "max_size": 2},
                "min_size must not be greater than max_size, got 3 and 2",
            ),
        ],
    )
    def test_wrong_sizes_are_refused(self, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError) as caught:
            our.port_sets(**arguments)
        assert str(caught.value) == message

    def test_a_size_is_an_integer(self) -> None:
        with pytest.raises(TypeError, match=r"^min_size must be an integer, got bool True$"):
            our.port_sets(min_size=True)

    @pytest.mark.parametrize("make", MAKERS)
    def test_arguments_are_keywords_only(self, make: Any) -> None:
        with pytest.raises(TypeError):
            make(0, 80)
