"""The strategies: in their bounds, on the edges, down to the smallest."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import oracle
from portranges import (
    Category,
    Endpoint,
    InvalidPortError,
    InvalidSocketError,
    InvalidValueError,
    MaskedPort,
    PortRange,
    PortRangesError,
    PortSet,
    Transport,
    TransportPorts,
    UnknownNameError,
    dialects,
    ephemeral,
    registry,
    reuse,
)
from portranges import rulesets as formats
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
        (our.endpoints, Endpoint),
        (our.sockets, reuse.Socket),
        (our.service_names, str),
        (our.rulesets, str),
        (lambda: our.dialect_texts("nft"), str),
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

    @pytest.mark.parametrize(
        ("among", "error", "message"),
        [
            ([], InvalidValueError, "among must have a port in 0..65535, got none"),
            (PortSet(), InvalidValueError, "among must have a port in 0..65535, got none"),
            ([70000], InvalidPortError, "port must be in 0..65535, got 70000"),
            (80, TypeError, "items must be an iterable of ports, got int 80"),
            ("80", TypeError, "items must not be a str; PortSet.parse() reads text"),
        ],
    )
    def test_among_must_be_ports(self, among: Any, error: type[Exception], message: str) -> None:
        with pytest.raises(error) as caught:
            our.ports(among=among)
        assert str(caught.value).startswith(message)

    def test_among_and_the_bounds_must_have_a_port_in_common(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            our.ports(among=PortRange(80, 90), min_value=100)
        assert str(caught.value) == "among must have a port in 100..65535, got none"
        with pytest.raises(InvalidValueError):
            our.ports(among=[80, 50000], category="user")

    @pytest.mark.parametrize(
        ("make", "error", "message"),
        [
            (
                lambda: our.dialect_texts("ntf"),
                UnknownNameError,
                "unknown dialect, got 'ntf'; did you mean 'nft'?",
            ),
            (lambda: our.dialect_texts(3), TypeError, "dialect must be a str, got int 3"),
            (
                lambda: our.rulesets("iptable"),
                UnknownNameError,
                "unknown format, got 'iptable'; did you mean 'iptables' or ",
            ),
            (lambda: our.rulesets(3), TypeError, "format must be a str, got int 3"),
            (
                lambda: our.sockets(system="lixun"),
                UnknownNameError,
                "unknown system, got 'lixun'",
            ),
            (lambda: our.sockets(system=3), TypeError, "system must be a str, got int 3"),
            (
                lambda: our.service_names(registry="iana"),
                TypeError,
                "registry must be a Registry, got str 'iana'",
            ),
            (
                lambda: our.endpoints(min_value=70000),
                InvalidValueError,
                "min_value must be in 0..65535, got 70000",
            ),
            (
                lambda: our.sockets(category="x"),
                InvalidValueError,
                "category must be 'system', 'user' or 'dynamic', got 'x'",
            ),
        ],
    )
    def test_wrong_arguments_of_the_others_are_refused(
        self, make: Callable[[], object], error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error) as caught:
            make()
        assert str(caught.value).startswith(message)

    def test_a_format_of_another_package_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from portranges.strategies import rules

        monkeypatch.setattr(rules, "_WRITERS", {})
        with pytest.raises(InvalidValueError) as caught:
            our.rulesets("nft")
        assert str(caught.value) == "format must be one of portranges itself, got 'nft'"

    @pytest.mark.parametrize("make", MAKERS)
    def test_arguments_are_keywords_only(self, make: Any) -> None:
        with pytest.raises(TypeError):
            make(0, 80)


class TestAmong:
    @pytest.mark.parametrize(
        "among", [[443], PortRange(1000, 2000), PortSet.parse("22,80-90,50000"), range(0, 65536, 2)]
    )
    def test_only_its_ports_are_drawn_and_often_its_ends(self, among: Any) -> None:
        allowed = PortSet(among)
        found = drawn(our.ports(among=among), 100)
        assert PortSet(found) <= allowed
        assert {allowed.first, allowed.last} <= set(found)
        assert len(set(found)) >= min(4, len(allowed))

    def test_an_iterator_is_read_once(self) -> None:
        assert set(drawn(our.ports(among=iter([22, 80])), 30)) == {22, 80}

    def test_it_is_combined_with_the_bounds(self) -> None:
        found = drawn(our.ports(among=[22, 80, 8080, 50000], min_value=50, category="user"), 20)
        assert set(found) == {8080}

    @pytest.mark.parametrize(
        ("among", "least", "smallest_port"),
        [
            (range(1000, 2001), 1500, 1501),
            (PortSet.parse("1,5,70,9000"), 6, 70),
            (range(0, 65536, 2), 30001, 30002),
            (PortSet.parse("10-20,200-300"), 15, 16),
        ],
    )
    def test_it_shrinks_to_the_smallest(self, among: Any, least: int, smallest_port: int) -> None:
        assert smallest(our.ports(among=among), lambda port: port > least) == smallest_port


@given(our.endpoints(min_value=1))
def test_an_endpoint_reads_back(endpoint: Endpoint) -> None:
    assert Endpoint.parse(str(endpoint)) == endpoint
    assert endpoint.port >= 1


def test_endpoints_have_hosts_of_every_kind() -> None:
    hosts = [each.host for each in drawn(our.endpoints(), 150)]
    assert len({"", "localhost", "0.0.0.0", "127.0.0.1", "::", "::1"} & set(hosts)) > 3
    addresses = [Endpoint(each, 0).address for each in hosts]
    assert {None if each is None else each.version for each in addresses} == {None, 4, 6}
    assert any("%" in each for each in hosts)
    assert smallest(our.endpoints(), lambda each: True) == Endpoint("localhost", 0)
    assert smallest(our.endpoints(), lambda each: ":" in each.host) == Endpoint("::", 0)


# RFC 6335, section 5.1.
SERVICE_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9](-?[A-Za-z0-9])*")


@given(our.service_names())
def test_a_service_name_has_the_form_of_the_rfc(name: str) -> None:
    assert SERVICE_NAME.fullmatch(name)
    assert 1 <= len(name) <= 15


def test_service_names_of_every_form_are_drawn() -> None:
    names = drawn(our.service_names(), 150)
    assert any("-" in each for each in names)
    assert any(len(each) > 10 for each in names)
    assert smallest(our.service_names(), lambda each: True) == "a"
    assert smallest(our.service_names(), lambda each: "-" in each) == "a-a"


def test_service_names_of_a_registry_have_a_port() -> None:
    own = registry.Registry.from_services("ssh 22/tcp\nweb 80/tcp http-alias\n")
    names = set(drawn(our.service_names(registry=own), 60))
    assert {"ssh", "web"} <= names <= {"ssh", "web", "http-alias"}
    for name in drawn(our.service_names(registry=registry.SHIPPED), 50):
        assert registry.SHIPPED.ports(name)


class TestSockets:
    def test_sockets_of_every_kind_are_drawn(self) -> None:
        found = drawn(our.sockets(), 250)
        assert {each.state for each in found} == set(reuse.State)
        assert {each.family for each in found} == {"inet", "inet6"}
        for option in ("reuse_address", "reuse_port", "load_balance", "exclusive"):
            assert {getattr(each, option) for each in found} == {True, False}
        assert {each.v6only for each in found} == {None, True, False}
        of_windows = next(each for each in found if each.exclusive and each.state == "listening")
        with pytest.raises(InvalidSocketError):
            reuse.can_bind(of_windows, system="linux")

    @pytest.mark.parametrize("system", reuse.systems())
    def test_a_system_can_have_its_sockets(self, system: Any) -> None:
        sockets = our.sockets(system=system, min_value=8000, max_value=8001)
        found = drawn(st.tuples(sockets, sockets), 60)
        for new, old in found:
            state = reuse.State.BOUND
            decision = reuse.can_bind(dataclasses.replace(new, state=state), [old], system=system)
            assert decision.error is None or decision.error.startswith(("E", "WSAE"))

    def test_the_options_of_a_system_are_drawn(self) -> None:
        assert any(each.exclusive for each in drawn(our.sockets(system="windows"), 60))
        assert any(each.reuse_port for each in drawn(our.sockets(system="linux"), 60))

    def test_a_socket_shrinks_to_a_bound_one(self) -> None:
        sockets = our.sockets(min_value=80)
        assert str(smallest(sockets, lambda each: True)) == "tcp 127.0.0.1:80"
        assert str(smallest(sockets, lambda each: each.transport == "udp")) == "udp 127.0.0.1:80"
        assert (
            str(smallest(sockets, lambda each: each.family == "inet6" and each.reuse_address))
            == "tcp [::1]:80"
        )


def understood(text: str, dialect: Any) -> PortSet:
    return dialects.parse(text, dialect)


class TestDialectTexts:
    @pytest.mark.parametrize("dialect", dialects.names())
    def test_parse_accepts_every_text(self, dialect: Any) -> None:
        texts = drawn(our.dialect_texts(dialect), 40)
        assert [text for text in texts if not is_accepted(text, dialect)] == []
        # A notation with one port or range has few spellings.
        assert len(set(texts)) > 10

    def test_an_alias_is_accepted(self) -> None:
        (alias,) = dialects.lookup("nft").aliases[:1] or ("nft",)
        for text in drawn(our.dialect_texts(alias), 5):
            assert understood(text, "nft")

    # The spellings that a row allows are all drawn.
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("dialect", "patterns"),
        [
            ("nft", ["==", "eq ", "!= ", "ne ", ">", "tcp dport ", "{", ", *}", r"\d+ - \d+"]),
            ("iptables", ["! --dport", ":65535", r":\d+", r"(?:^| ):\d", "-p udp"]),
            ("iptables-multiport", ["! --dports", r"\d,\d", r"\d:\d", "-p tcp -m multiport"]),
            ("calico", [r"^\[\d+\]", '"[0-9]+:[0-9]+"', ", *]"]),
            ("haproxy", ["eq ", "ge ", r"\d-\d", r"\d:\d", r"\d\t+\d"]),
            ("junos", [";", r"\[", "destination-port-except"]),
            ("powershell", ["@\\(", "'"]),
            ("ovs", ["tp_dst=0x", "tcp,", "udp,"]),
            ("nmap", ["T:", "U:"]),
            ("suricata", ["!", r"\["]),
            ("wireshark", ["in {", "in{", r"\.\."]),
        ],
    )
    def test_the_spellings_of_the_row_are_drawn(self, dialect: Any, patterns: list[str]) -> None:
        texts = drawn(our.dialect_texts(dialect), 400)
        missing = [each for each in patterns if not any(re.search(each, text) for text in texts)]
        assert missing == []

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("dialect", "text"),
        [("nft", "0"), ("iptables", "--dport 0"), ("portranges", ""), ("calico", "[1]")],
    )
    def test_a_text_shrinks_to_the_simplest(self, dialect: Any, text: str) -> None:
        assert smallest(our.dialect_texts(dialect), lambda each: True) == text

    def test_a_text_shrinks_to_the_smallest_port(self) -> None:
        texts = our.dialect_texts("nft")
        assert smallest(texts, lambda each: understood(each, "nft").first > 1000) == "1001"
        assert smallest(texts, lambda each: "udp" in each) == "udp dport 0"


def is_accepted(text: str, dialect: Any) -> bool:
    try:
        dialects.parse(text, dialect)
    except PortRangesError:
        return False
    return True


class TestRulesets:
    @pytest.mark.parametrize("name", [row.name for row in formats.formats()])
    def test_every_rule_is_read(self, name: str) -> None:
        found = [formats.parse(text, name) for text in drawn(our.rulesets(name), 25)]
        assert {each.skipped for each in found} == {()}
        assert {each.format for each in found} == {name}
        rules = [rule for each in found for rule in each.rules]
        assert len(rules) > 20
        incoming = [rule for rule in rules if rule.direction is not formats.Direction.OUT]
        assert {str(transport) for rule in incoming for transport, _ in rule.ports.items()} >= {
            "tcp",
            "udp",
        }
        assert min(len(each.rules) for each in found) == 0

    def test_without_a_format_it_is_detected(self) -> None:
        found = [formats.parse(text) for text in drawn(our.rulesets(), 60)]
        assert {each.skipped for each in found} == {()}
        assert all(each.rules for each in found)
        names = {row.name for row in formats.formats()}
        assert {each.format for each in found} <= names - {"ip6tables"}
        assert len({each.format for each in found}) > 4

    def test_an_alias_is_accepted(self) -> None:
        row = next(row for row in formats.formats() if row.aliases)
        text = drawn(our.rulesets(row.aliases[0]), 3)[0]
        assert formats.parse(text, row.name).skipped == ()

    def test_a_ruleset_shrinks_to_one_small_rule(self) -> None:
        texts = our.rulesets("ufw-status")
        found = smallest(texts, lambda each: "udp" in each)
        assert found.splitlines()[-1].split() == ["1/udp", "ALLOW", "IN", "Anywhere"]
