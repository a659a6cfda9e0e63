"""Prefix covers: a range of ports as value and mask, beside ipaddress.

ipaddress and netaddr have no ports. A port range is passed to them as the last 16 bits of an
address, as users of these libraries do. Ternary covers have no counterpart to compare with.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, summarize_address_range
from typing import TYPE_CHECKING, Any

from measure import Case, Question, compare
from tables import Goal, Table, ratio, span

from portranges import PortRange

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from measure import Effort
    from peers import Peers

__all__ = ["run"]

_RANGES = (PortRange(8000, 8100), PortRange(1024, 65535), PortRange(1, 65534))


def run(effort: Effort, peers: Peers, rng: random.Random) -> tuple[list[Table], list[Goal]]:
    """Time the covers of a few ranges."""
    heads = ["range", "masks", "prefix_cover", "ipaddress"]
    netaddr = peers.module("netaddr")
    if netaddr is not None:
        heads.append("netaddr")
    rows: list[list[str]] = []
    for ports in _RANGES:
        timings = compare(_question(ports, netaddr), effort, rng)
        rows.append(
            [
                str(ports),
                str(len(ports.prefix_cover())),
                span(timings[0].seconds),
                *(ratio(timing.ratio) for timing in timings[1:]),
            ]
        )
    note = "" if netaddr is not None else "netaddr: not installed."
    return [Table("Prefix covers", heads, rows, note)], []


def _question(ports: PortRange, netaddr: Any) -> Question:
    first, last = IPv4Address(ports.first), IPv4Address(ports.last)
    cases = [
        Case(
            "portranges",
            "ports.prefix_cover()",
            {"ports": ports},
            lambda: [(masked.value, masked.mask) for masked in ports.prefix_cover()],
        ),
        Case(
            "ipaddress",
            "list(summarize(first, last))",
            {"summarize": summarize_address_range, "first": first, "last": last},
            lambda: _pairs(summarize_address_range(first, last)),
        ),
    ]
    if netaddr is not None:
        # netaddr takes text and numbers alike; numbers spare it the parsing.
        summary = netaddr.iprange_to_cidrs
        low, high = netaddr.IPAddress(ports.first, 4), netaddr.IPAddress(ports.last, 4)
        cases.append(
            Case(
                "netaddr",
                "summary(low, high)",
                {"summary": summary, "low": low, "high": high},
                lambda: _pairs(IPv4Network(str(net)) for net in summary(low, high)),
            )
        )
    return Question(f"prefix cover of {ports}", tuple(cases))


def _pairs(networks: Iterable[IPv4Network]) -> list[tuple[int, int]]:
    return [(int(network.network_address), int(network.netmask) & 0xFFFF) for network in networks]
