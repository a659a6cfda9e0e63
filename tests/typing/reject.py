"""What the type checkers must reject, each on a line of its own.

Every line names the error that it expects; a checker that finds none there
complains of the needless comment. Checked by mypy and pyright, never run.
"""

# ruff: noqa: B015, B018
from __future__ import annotations

import portranges
from portranges import (
    MaskedPort,
    PortRange,
    PortSet,
    Source,
    advice,
    check_port,
    classify,
    classify_many,
    dialects,
    ephemeral,
    flows,
    parse_port,
    probe,
    system,
    systems,
)
from portranges import strategies as st
from portranges.reuse import LinuxSettings, PortTable, Socket, SystemSettings, can_bind, portability


def numbers() -> None:
    check_port("443")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    check_port(443.0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    check_port(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    parse_port(443)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    parse_port(b"443")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    classify("443")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def ranges(ports: PortRange, other: PortSet) -> None:
    PortRange("80")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    PortRange()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    PortRange(80, "90")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    PortRange.from_range((80, 90))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ports.first = 1  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    ports | ports  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    ports < 80  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    "80" in ports  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    ports.overlaps(other)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ports.adjoins(range(80, 90))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def sets(ports: PortSet) -> None:
    PortSet("80")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    PortSet(80)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    PortSet(["80"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    PortSet([80.0])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    PortSet([(80, 90)])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    PortSet.parse(80)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    PortSet.from_int("6")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    PortSet.from_masks([80])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    PortSet.from_psid(6, 8, "52")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ports | [80]  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    ports & {"80"}  # type: ignore[arg-type]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    ports - 80  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    ports <= [80]  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    ports.union("80")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ports.first = 1  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    ports["0"]  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    ports.choice(80)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ports.nth("0")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    "80" in ports  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]


def records(mask: MaskedPort) -> None:
    MaskedPort(80)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    mask.value = 1  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    Source("RFC 1", "", "2026-11")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Source(document="RFC 1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def sockets(new: Socket) -> None:
    Socket(transport="sctp", address="::", port=80)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Socket(transport="tcp", address="::", port=80, state="idle")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    can_bind(new, settings=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    can_bind(new, settings={"bindv6only": True})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    can_bind(new, system="linus")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    can_bind(new, "0.0.0.0:80")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    portability(new, systems="linus")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    portability(new, systems=["linux", "win"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    PortTable("plan9")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    PortTable("linux", settings=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    PortTable("linux").socket("tcp", family="ipv4")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    LinuxSettings(tcp_tw_reuse="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    SystemSettings(ports="80")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def other_programs(ports: PortSet) -> None:
    dialects.parse("80", "ntf")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    dialects.parse(80, "nft")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    dialects.render(ports, "nft", transport="icmp")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    dialects.render([80], "nft")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    dialects.lookup("iptable")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def names_of_systems() -> None:
    systems.lookup("linus")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ephemeral.profile("windows-96")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ephemeral.ports(["linux", "win"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


def advice_and_flows(ports: PortSet) -> None:
    advice.listen_ports("linus")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    advice.listen_ports(transport="icmp")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    advice.why_not("80")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    flows.server_port(443, 51514, systems=443)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    classify_many("80")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    classify_many([80.0])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    classify_many([80], invalid="ignore")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    flows.sql_case("port", ports, quote="'")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def this_machine() -> None:
    system.read_ephemeral("tcpp")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    system.read_ephemeral(family="ipv4")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    system.read_settings(machine="linux")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    system.parse_netsh_exclusions(b"")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    system.parse("", "range", "linux")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    system.parse("", "configured", "linus")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    probe.sockets("sctp")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    probe.sockets(backend="lsof")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    probe.usage(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    probe.usage(system=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    probe.usage(system="linus")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    probe.watch("80")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    probe.lingering(history={})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def drawing() -> None:
    st.ports(0, 80)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    st.ports(min_value="80")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    st.port_sets(max_size="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def top_level() -> None:
    portranges.no_such_name  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
