"""What each package claims about each system: under known names, and without contradiction.

The facts of every package about the systems in its rows are compared. A fact that two
packages state, or that follows from another one, must be the same in both.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from portranges import PortSet, capacity, ephemeral, reuse, selection, system, systems
from portranges.capacity.rows import METHODS, NEVER_ITSELF, PARITY_OF_LINUX
from portranges.report.rows import COMMANDS
from portranges.reuse import LinuxSettings
from portranges.reuse.linux.kernels import CHANGES, MEASURED, kernel
from portranges.reuse.others.bind_rules import Context
from portranges.reuse.others.lookup import SYSTEMS as OTHERS
from portranges.reuse.others.lookup import system as bind_rules
from portranges.reuse.others.picking import algorithm_of
from portranges.selection import Walk
from portranges.system.rows import PLATFORMS, READINGS, UNREAD, VARIANTS

REMOTE = int.from_bytes(bytes.fromhex("00000000000000000000ffffc0000201"), "big")


@dataclass(frozen=True)
class Claim:
    """What a package says about a system, in words that all packages share."""

    package: str
    system: str
    topic: str
    value: object


def of_ephemeral() -> Iterator[Claim]:
    for row in ephemeral.profiles():
        for each in (row.system, *row.others):
            facts = {
                "title": each.title,
                "is current": each.is_current,
                "TIME_WAIT": row.time_wait,
                "privileged below": row.privileged_below,
                "privileged ports above": row.privileged_extra if row.privileged_below else None,
                "ports": row.ports - row.skipped - row.privileged_extra
                if row.has_fixed_range
                else None,
                "skipped ports": row.skipped if row.has_fixed_range else None,
                "order of TCP": row.tcp_algorithm or None,
                "order of TCP bind()": row.tcp_bind_algorithm or row.tcp_algorithm or None,
                "order of UDP": row.udp_algorithm or None,
                "connect() shares ports": row.shares_ports_across_destinations,
            }
            for topic, value in facts.items():
                if value is not None:
                    yield Claim("ephemeral", each.name, topic, value)
            releases = re.findall(r"(IP_\w+) \([^)]*since (\d+\.\d+)\)", row.socket_overrides)
            for option, release in releases:
                yield Claim("ephemeral", each.name, f"release with {option}", release)


def of_selection() -> Iterator[Claim]:
    known = {name for row in systems.rows() for name in (row.name, *row.aliases)}
    for row in selection.algorithms():
        # An algorithm that is called like a system, or like its TCP or UDP, is that system's.
        for name in (row.name, *row.aliases):
            base, _, transport = name.rpartition("-")
            if name in known:
                found: Any = name
                own = systems.lookup(found).name
                topic = "order of UDP" if name.endswith("-udp") else "order of TCP"
                yield Claim("selection", own, topic, row.name)
            elif transport in {"tcp", "udp"} and base in known:
                yield Claim("selection", base, f"order of {transport.upper()}", row.name)
        release = re.search(r"^Linux (\d+\.\d+) and later, .* IP_LOCAL_PORT_RANGE$", row.title)
        if release:
            yield Claim("selection", "linux", "release with steps of 1", release[1])


def of_reuse() -> Iterator[Claim]:
    linux = LinuxSettings()
    names = [*OTHERS, "linux"]
    assert sorted(names) == sorted(reuse.systems())
    yield from (
        Claim("reuse", "linux", topic, value)
        for topic, value in {
            "TIME_WAIT": kernel(MEASURED).time_wait,
            "privileged below": linux.ip_unprivileged_port_start,
            "ports": PortSet([linux.ip_local_port_range]) - linux.ip_local_reserved_ports,
            "IPV6_V6ONLY": linux.bindv6only,
            "TIME_WAIT at most": linux.tcp_max_tw_buckets,
            "FIN_WAIT2": linux.tcp_fin_timeout,
        }.items()
    )
    changes = {change.name: change.first for change in CHANGES}
    yield Claim("reuse", "linux", "release with IP_LOCAL_PORT_RANGE", changes["local_port_range"])
    steps = changes["own_range_in_single_steps"]
    yield Claim("reuse", "linux", "release with steps of 1", steps)
    for name in OTHERS:
        rules = bind_rules(name)
        context = Context(rules, None, None)
        yield from (
            Claim("reuse", name, topic, value)
            for topic, value in {
                "title": rules.title,
                "TIME_WAIT": context.time_wait(REMOTE),
                "privileged below": context.privileged_below,
                "privileged ports above": context.extra_privileged
                if context.privileged_below
                else None,
                "ports": context.ports,
                "IPV6_V6ONLY": context.v6only,
                "options": rules.options,
            }.items()
            if value is not None
        )
        for tcp, topic in ((True, "order of TCP"), (False, "order of UDP")):
            profile = context.profile
            published = profile.tcp_algorithm if tcp else profile.udp_algorithm
            # An order that is not published is replaced by another one.
            if published and selection.algorithm(published).walk is not Walk.UNKNOWN:
                yield Claim("reuse", name, topic, algorithm_of(profile, tcp=tcp).name)


def of_capacity() -> Iterator[Claim]:
    for method in METHODS:
        for name in method.systems:
            if method.name == "connect":
                shares = method.growth is capacity.Growth.TUPLES
                yield Claim("capacity", name, "connect() shares ports", shares)
            release = re.search(r"kernel (\d+\.\d+) and later", method.calls)
            if release and name == "linux":
                yield Claim("capacity", name, "release with steps of 1", release[1])
    for name in PARITY_OF_LINUX:
        yield Claim("capacity", name, "order of TCP", "linux-connect")
    for never in NEVER_ITSELF:
        yield Claim("capacity", never, "connects to itself", False)


def of_system() -> Iterator[Claim]:
    for _, name in PLATFORMS:
        yield Claim("system", name, "is read", True)
    for platform, _, variant in VARIANTS:
        yield Claim("system", platform, "is read", True)
        yield Claim("system", variant, "is read", True)
    for reading in READINGS:
        yield Claim("system", reading.system, f"{reading.field} has a place", True)
    for unread in UNREAD:
        yield Claim("system", unread.system, f"{unread.field} has a note", True)
    recorded = system.read_settings(machine=system.RECORDED_LINUX)
    yield Claim("system", "linux", "TIME_WAIT", recorded.time_wait)
    yield Claim("system", "linux", "privileged below", recorded.unprivileged_start)
    yield Claim("system", "linux", "TIME_WAIT at most", recorded.time_wait_limit)
    yield Claim("system", "linux", "FIN_WAIT2", recorded.fin_wait_2)


def of_report() -> Iterator[Claim]:
    for name, *_ in COMMANDS:
        yield Claim("report", name, "has a command", True)


def of_all() -> Iterator[Claim]:
    for name in systems.COMMON:
        yield Claim("systems", name, "is current", True)
    for row in systems.rows():
        yield Claim("systems", row.name, "title", row.title)
    yield from of_ephemeral()
    yield from of_selection()
    yield from of_reuse()
    yield from of_capacity()
    yield from of_system()
    yield from of_report()


CLAIMS = tuple(of_all())


def by_topic(claims: Iterable[Claim]) -> dict[tuple[str, str], list[Claim]]:
    found: defaultdict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        found[claim.system, claim.topic].append(claim)
    return found


@pytest.mark.parametrize("package", sorted({claim.package for claim in CLAIMS}))
def test_each_package_uses_the_canonical_names_of_systems(package: str) -> None:
    names = {row.name for row in systems.rows()}
    assert {claim.system for claim in CLAIMS if claim.package == package} - names == set()


@pytest.mark.parametrize("name", [row.name for row in systems.rows()])
def test_the_claims_about_a_system_agree(name: str) -> None:
    for (_, topic), claims in by_topic(each for each in CLAIMS if each.system == name).items():
        values = {claim.value for claim in claims}
        assert len(values) == 1, f"{topic}: {claims}"


def test_every_name_of_a_system_finds_its_ephemeral_row() -> None:
    for row in systems.rows():
        for name in (row.name, *row.aliases):
            found: Any = name
            profile = ephemeral.profile(found)
            assert row in (profile.system, *profile.others)


def test_every_order_that_a_row_names_is_an_algorithm() -> None:
    for row in ephemeral.profiles():
        for name in (row.tcp_algorithm, row.tcp_bind_algorithm, row.udp_algorithm):
            if name:
                assert selection.algorithm(name).name == name


def test_the_methods_of_linux_are_those_of_the_systems_with_its_order() -> None:
    with_order = {
        claim.system
        for claim in CLAIMS
        if claim.package == "ephemeral"
        and (claim.topic, claim.value) == ("order of TCP", "linux-connect")
    }
    assert with_order == set(PARITY_OF_LINUX)
    for method in METHODS:
        assert set(method.systems) == with_order or not with_order.intersection(method.systems)


def test_the_claims_of_several_packages_are_compared() -> None:
    # The tests above prove nothing if each topic is claimed by one package only.
    compared: defaultdict[str, set[str]] = defaultdict(set)
    for (_, topic), claims in by_topic(CLAIMS).items():
        if len({claim.package for claim in claims}) > 1:
            compared[topic] |= {claim.package for claim in claims}
    assert {
        "title",
        "is current",
        "TIME_WAIT",
        "TIME_WAIT at most",
        "FIN_WAIT2",
        "privileged below",
        "privileged ports above",
        "ports",
        "order of TCP",
        "order of UDP",
        "connect() shares ports",
        "release with IP_LOCAL_PORT_RANGE",
        "release with steps of 1",
    } <= compared.keys()
    assert compared["order of TCP"] == {"ephemeral", "selection", "reuse", "capacity"}
    windows = by_topic(CLAIMS)["windows-xp", "order of TCP"]
    assert {claim.package for claim in windows} == {"ephemeral", "selection", "reuse"}
    assert {claim.value for claim in windows} == {"windows-xp"}


def test_a_contradiction_is_found() -> None:
    wrong = Claim("reuse", "windows-xp", "order of TCP", "rfc6056-1")
    claims = by_topic([*CLAIMS, wrong])["windows-xp", "order of TCP"]
    assert len({claim.value for claim in claims}) == 2
