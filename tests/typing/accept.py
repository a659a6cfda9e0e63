"""What the type checkers must accept, with the types that they must infer.

Checked by mypy and pyright, never run: everything is in functions.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterator, Sized
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from random import Random, SystemRandom
from socket import socket
from typing import Any, SupportsIndex, assert_never, assert_type

from hypothesis import strategies as st

from portranges import (
    Category,
    Endpoint,
    Family,
    InvalidPortError,
    MaskedPort,
    Port,
    PortRange,
    PortSet,
    PortSyntaxError,
    Source,
    Transport,
    TransportPorts,
    UnknownNameError,
    advice,
    check_port,
    classify,
    classify_many,
    count_by_category,
    dialects,
    ephemeral,
    flows,
    parse_port,
    probe,
    registry,
    reuse,
    rulesets,
    strategies,
    system,
    systems,
    testing,
)
from portranges.capacity import Interval
from portranges.ephemeral import EphemeralProfile


def numbers(index: SupportsIndex) -> None:
    assert_type(check_port(443), int)
    assert_type(check_port(index), int)
    assert_type(parse_port("443"), int)
    assert_type(classify(443), Category)
    assert_type(classify(index), Category)


def endpoints(text: str) -> None:
    endpoint = Endpoint.parse(text, default_port=80, services=registry.SHIPPED, transport="tcp")
    assert_type(endpoint, Endpoint)
    assert_type(endpoint.host, str)
    assert_type(endpoint.port, int)
    assert_type(endpoint.address, IPv4Address | IPv6Address | None)
    assert_type(endpoint.scope, str | None)


def categories(category: Category) -> None:
    assert_type(classify_many([80]), bytes)
    assert_type(classify_many([80, None], invalid="absent"), bytes)
    assert_type(count_by_category([80]), dict[Category, int])
    assert_type(count_by_category([80], invalid="raise"), dict[Category, int])
    assert_type(count_by_category(b"", invalid="absent"), dict[Category | None, int])
    assert_type(category.ports, PortRange)
    assert_type(category.label, str)
    assert_type(category.other_labels, tuple[str, ...])
    assert_type(category.source, Source)
    takes_text(category)


class Column:
    """What numpy reads as an array, as columns of pandas, polars and pyarrow are."""

    def __array__(self, dtype: object = None, *, copy: bool | None = None) -> object: ...


def data_frames(ports: PortSet, column: Column, numbers: array[int]) -> None:
    for each in (column, numbers):
        assert_type(classify_many(each, invalid="absent"), bytes)
        assert_type(ports.contains_many(each), bytes)
        assert_type(ports.count_many(each), int)
        assert_type(flows.server_side_many(each, each, invalid="absent"), bytes)
    assert_type(count_by_category(column), dict[Category, int])


def transports(transport: Transport) -> int:
    takes_text(transport)
    # There are four, and the checker knows.
    match transport:
        case Transport.TCP | Transport.UDP:
            return 1
        case Transport.SCTP | Transport.DCCP:
            return 2
        case _:
            assert_never(transport)


def takes_text(text: str) -> None:
    """An enumeration of this library is its text."""


def takes_key(key: Hashable) -> None:
    """Values of this library are keys."""


def takes_sized(sized: Sized) -> None:
    """Ranges and sets have a length."""


def ranges(index: SupportsIndex) -> None:
    ports = PortRange(8000, 8100)
    first: Port = ports.first
    assert_type(first, int)
    assert_type(MaskedPort.parse("0x3e8/0xfff8"), MaskedPort)
    assert_type(ports, PortRange)
    assert_type(PortRange(80), PortRange)
    assert_type(PortRange(index, index), PortRange)
    assert_type(PortRange(first=80, last=81), PortRange)
    assert_type(ports.first, int)
    assert_type(ports.last, int)
    assert_type(PortRange.parse("80"), PortRange)
    assert_type(PortRange.from_range(range(80, 90)), PortRange)
    assert_type(ports.to_range(), range)
    assert_type(iter(ports), Iterator[int])
    assert_type(len(ports), int)
    assert_type(80 in ports, bool)
    assert_type(ports < PortRange(9000), bool)
    assert_type(ports.overlaps(PortRange(80)), bool)
    assert_type(ports.adjoins(PortRange(80)), bool)
    assert_type(ports.prefix_cover(), tuple[MaskedPort, ...])
    assert_type(ports.ternary_cover(), tuple[MaskedPort, ...])
    takes_key(ports)
    takes_sized(ports)


def sets(index: SupportsIndex, generator: Iterator[int]) -> None:
    ports = PortSet([80, 443])
    assert_type(ports, PortSet)
    assert_type(PortSet(), PortSet)
    assert_type(PortSet({80}), PortSet)
    assert_type(PortSet(range(80, 90)), PortSet)
    assert_type(PortSet(PortRange(80)), PortSet)
    assert_type(PortSet(PortSet([80])), PortSet)
    assert_type(PortSet(generator), PortSet)
    assert_type(PortSet([index]), PortSet)
    assert_type(PortSet([80, PortRange(81), range(90, 99), PortSet([7])]), PortSet)
    assert_type(PortSet.parse("80"), PortSet)
    assert_type(PortSet.empty(), PortSet)
    assert_type(PortSet.full(), PortSet)
    assert_type(PortSet.from_int(6), PortSet)
    assert_type(PortSet.from_masks([MaskedPort(0, 0)]), PortSet)
    assert_type(PortSet.from_psid(6, 8, psid=52), PortSet)
    assert_type(ports.to_int(), int)
    assert_type(ports.first, int)
    assert_type(ports.last, int)
    assert_type(ports.nth(0), int)
    assert_type(ports[0], int)
    assert_type(ports[index], int)
    assert_type(ports[1:5:2], PortSet)
    assert_type(list(reversed(ports)), list[int])
    assert_type(ports.index(80), int)
    assert_type(ports.choice(Random(1)), int)
    assert_type(ports.sample(2, SystemRandom()), tuple[int, ...])
    assert_type(ports | {80}, PortSet)
    assert_type({80} | ports, PortSet)
    assert_type(frozenset({80}) - ports, PortSet)
    assert_type({80} <= ports, bool)
    assert_type(ports.ranges, tuple[PortRange, ...])
    assert_type(ports.table, bytes)
    assert_type(iter(ports), Iterator[int])
    assert_type(list(ports), list[int])
    assert_type(80 in ports, bool)
    assert_type(ports.prefix_cover(), tuple[MaskedPort, ...])
    takes_key(ports)
    takes_sized(ports)


def algebra(ports: PortSet, other: PortSet, between: PortRange) -> None:
    assert_type(ports | other, PortSet)
    assert_type(ports & other, PortSet)
    assert_type(ports - other, PortSet)
    assert_type(ports ^ other, PortSet)
    assert_type(~ports, PortSet)
    assert_type(ports | between, PortSet)
    assert_type(between | ports, PortSet)
    assert_type(between & ports, PortSet)
    assert_type(between - ports, PortSet)
    assert_type(between ^ ports, PortSet)
    assert_type(ports <= other, bool)
    assert_type(ports < between, bool)
    assert_type(ports >= between, bool)
    assert_type(ports == other, bool)
    assert_type(ports.union([80], range(9), between, other), PortSet)
    assert_type(ports.intersection([80]), PortSet)
    assert_type(ports.difference([80]), PortSet)
    assert_type(ports.symmetric_difference(between), PortSet)
    assert_type(ports.issubset([80]), bool)
    assert_type(ports.issuperset([80]), bool)
    assert_type(ports.isdisjoint([80]), bool)
    ports |= between
    assert_type(ports, PortSet)


def sets_with_transports(
    ports: TransportPorts, transport: Transport, by_name: dict[str, list[int]]
) -> None:
    assert_type(TransportPorts({"tcp": [22], "udp": PortSet([53])}), TransportPorts)
    assert_type(TransportPorts({Transport.TCP: PortRange(1, 2)}), TransportPorts)
    assert_type(TransportPorts(dict.fromkeys(Transport, PortSet([53]))), TransportPorts)
    assert_type(TransportPorts(by_name), TransportPorts)
    assert_type(TransportPorts(ports, tcp=[22], dccp=range(9)), TransportPorts)
    assert_type(TransportPorts.parse("22/tcp"), TransportPorts)
    assert_type(TransportPorts.parse("22", default_transports="tcp"), TransportPorts)
    assert_type(TransportPorts.parse("22", default_transports=("tcp", "udp")), TransportPorts)
    assert_type(TransportPorts.parse("22", default_transports=[transport]), TransportPorts)
    assert_type(ports.tcp, PortSet)
    assert_type(ports["tcp"], PortSet)
    assert_type(ports[transport], PortSet)
    assert_type(ports.items(), tuple[tuple[Transport, PortSet], ...])
    assert_type(ports.ranges, tuple[tuple[PortRange, Transport], ...])
    assert_type(list(ports), list[tuple[int, Transport]])
    assert_type((22, "tcp") in ports, bool)
    assert_type(ports | ports, TransportPorts)
    assert_type(ports & ports, TransportPorts)
    assert_type(ports - ports, TransportPorts)
    assert_type(ports ^ ports, TransportPorts)
    assert_type(~ports, TransportPorts)
    assert_type(ports <= ~ports, bool)
    assert_type(ports.isdisjoint(ports), bool)
    takes_key(ports)
    takes_sized(ports)


def masks() -> None:
    mask = MaskedPort(0x3E8, 0xFFF8)
    assert_type(mask.value, int)
    assert_type(mask.mask, int)
    assert_type(1000 in mask, bool)


def names_of_systems(name: systems.System) -> None:
    assert_type(systems.lookup("darwin"), systems.System)
    assert_type(systems.rows(), tuple[systems.System, ...])
    assert_type(name.kind, systems.Kind)
    assert_type(ephemeral.profile("linux").system, systems.System)
    assert_type(ephemeral.ports(systems.COMMON), PortSet)


def errors(port: InvalidPortError, syntax: PortSyntaxError, name: UnknownNameError) -> None:
    assert_type(port.value, int)
    assert_type(syntax.reason, str)
    assert_type(syntax.text, str)
    assert_type(syntax.span, tuple[int, int])
    assert_type(name.near, tuple[str, ...])
    values: list[ValueError] = [port, syntax]
    lookups: list[LookupError] = [name]
    assert_type((values, lookups), tuple[list[ValueError], list[LookupError]])


def this_machine() -> None:
    here = system.RECORDED_LINUX
    assert_type(system.read_ephemeral(machine=here), EphemeralProfile)
    assert_type(system.read_configured("udp", family=Family.INET6), PortRange)
    assert_type(system.read_reserved(Transport.TCP, family="inet6"), PortSet)
    assert_type(system.read_settings().time_wait, float | None)
    assert_type(system.read_settings().family, Family)
    assert_type(system.parse("", "configured", "windows", program="powershell"), PortRange)
    assert_type(system.parse("", system.Field.RESERVED, "openbsd", transport="udp"), PortSet)
    assert_type(
        system.parse("", "time_wait", "aix"),
        PortRange | PortSet | system.TimeWaitReuse | float | None,
    )
    assert_type(probe.sockets("tcp", backend="netlink"), probe.SocketTable)
    assert_type(probe.free_ports(PortRange(80, 90)), PortSet)
    assert_type(probe.usage("udp", system="linux").destinations[0].remaining, Interval)
    assert_type(probe.lingering(60)[0].record.state, probe.SocketState)
    assert_type(probe.Watcher(80).poll(), tuple[probe.Change, ...])


def drawing() -> None:
    assert_type(strategies.ports(), st.SearchStrategy[int])
    assert_type(strategies.ports(category=Category.USER), st.SearchStrategy[int])
    assert_type(strategies.ports(min_value=1, category="user"), st.SearchStrategy[int])
    assert_type(strategies.port_ranges(max_value=9), st.SearchStrategy[PortRange])
    assert_type(strategies.port_sets(min_size=1), st.SearchStrategy[PortSet])
    assert_type(strategies.masked_ports(), st.SearchStrategy[MaskedPort])
    assert_type(strategies.transports(), st.SearchStrategy[Transport])
    assert_type(strategies.transport_ports(max_value=9), st.SearchStrategy[TransportPorts])
    assert_type(strategies.profiles(), st.SearchStrategy[EphemeralProfile])
    assert_type(strategies.ports(among=PortSet([80])), st.SearchStrategy[int])
    assert_type(strategies.ports(among=[80, PortRange(8000, 8010)]), st.SearchStrategy[int])
    assert_type(strategies.endpoints(category="user"), st.SearchStrategy[Endpoint])
    assert_type(strategies.sockets(system="macos"), st.SearchStrategy[reuse.Socket])
    assert_type(strategies.service_names(registry=registry.SHIPPED), st.SearchStrategy[str])
    assert_type(strategies.dialect_texts("nft"), st.SearchStrategy[str])
    assert_type(strategies.rulesets("aws"), st.SearchStrategy[str])


def free_ports(folder: Path) -> None:
    free = testing.FreePorts(PortRange(8000, 8100), shared_folder=folder)
    assert_type(free(), int)
    with free.reserve() as reserved:
        assert_type(reserved, testing.ReservedPort)
        assert_type(reserved.port, int)
        assert_type(reserved.socket, socket)
        assert_type(reserved.socket_for("udp", family="inet6"), socket)
        assert_type(reserved.is_released, bool)


def anything(value: Any) -> None:
    assert_type(check_port(value), int)


def other_programs(ports: PortSet, transport: Transport) -> None:
    assert_type(dialects.parse("80", "nft", transport=transport), PortSet)
    assert_type(dialects.render(ports, "tcpdump", transport="udp"), str)
    assert_type(dialects.render_rules(ports, "ovs", ternary=True), tuple[str, ...])
    assert_type(dialects.lookup(dialects.names()[0]), dialects.Dialect)
    assert_type(dialects.to_aws(ports), tuple[dict[str, str | int], ...])
    for row in dialects.rows():
        assert_type(dialects.render(ports, row.name), str)


def advice_and_flows(ports: PortSet, profile: EphemeralProfile, transport: Transport) -> None:
    assert_type(advice.listen_ports("openbsd", "udp"), PortSet)
    assert_type(advice.listen_ports(["linux", profile], [transport, "sctp"]), PortSet)
    assert_type(advice.why_not(80, profile, transport=None), tuple[advice.Finding, ...])
    assert_type(advice.audit(ports, systems="linux"), tuple[advice.Finding, ...])
    assert_type(flows.server_port(51514, 443, systems=("linux", profile)), int | None)
    assert_type(flows.judge(51514, 443, systems="linux", transport="tcp"), flows.Judgement)
    assert_type(flows.server_side_many(b"", [443, None], byteorder="big"), bytes)
    assert_type(flows.sql_case(("t", "port"), {"web": ports, "client": profile}, quote="["), str)


def whole_files(text: str, data: object) -> None:
    ruleset = rulesets.parse(text, "iptables", services=registry.SHIPPED)
    assert_type(ruleset, rulesets.Ruleset)
    assert_type(rulesets.from_data(data), rulesets.Ruleset)
    assert_type(rulesets.detect(text), rulesets.Format)
    assert_type(ruleset.rules[0].ports, TransportPorts)
    assert_type(ruleset.rules[0].translated_ports, PortSet | None)
    assert_type(ruleset.reachable(), rulesets.Reachable)
    assert_type(ruleset.reachable("out").ports, TransportPorts)
    assert_type(ruleset.reachable(rulesets.Direction.FORWARD).is_exact, bool)
    assert_type(ruleset.deciding_rules(22, "tcp", direction="in"), tuple[rulesets.Rule, ...])
    assert_type(rulesets.diff(ruleset, ruleset), tuple[rulesets.Change, ...])
    for each in ruleset.reachable().because:
        assert_type(each, rulesets.Rule | rulesets.Skipped)
