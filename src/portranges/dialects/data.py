"""What all data forms share: checks, errors, and combining the ports of several transports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portranges import types
from portranges.dialects.model import DataForm
from portranges.dialects.writing import check_ports
from portranges.errors import InvalidRangeError, UnrepresentableError, elide, got
from portranges.ports import PortRange, Transport, check_transport, is_digits
from portranges.portset import PortSet

__all__ = [
    "check_alike",
    "check_writable",
    "entries_of",
    "gathered",
    "has_no_ports",
    "ports_between",
    "refused",
]

# Protocols without ports, by the names that AWS, Google Cloud and OpenStack use.
_PORTLESS = frozenset(
    {
        "ah",
        "egp",
        "esp",
        "gre",
        "icmp",
        "icmpv6",
        "igmp",
        "ipip",
        "ipv6-encap",
        "ipv6-frag",
        "ipv6-icmp",
        "ipv6-nonxt",
        "ipv6-opts",
        "ipv6-route",
        "ospf",
        "pgm",
        "rsvp",
        "udplite",
        "vrrp",
    }
)


def check_writable(form: DataForm, ports: PortSet, transport: types.TransportLike) -> Transport:
    """Return *transport*, or raise if the form cannot express *ports* for it."""
    check_ports(form.name, ports, form.lowest)
    selected = check_transport(transport)
    if selected not in form.transports:
        raise UnrepresentableError(form.name, f"{selected} is not supported")
    return selected


def entries_of(entries: types.Any) -> types.Iterator[Mapping[str, types.Any]]:
    """Yield each entry, or raise a TypeError if one is not a mapping."""
    if isinstance(entries, (str, bytes)) or not hasattr(entries, "__iter__"):
        raise TypeError(f"entries must be an iterable of mappings, got {got(entries)}")
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise TypeError(f"an entry must be a mapping, got {got(entry)}")
        yield entry


def check_alike(entries: Iterable[Mapping[str, types.Any]], key: str, rule: str, hint: str) -> None:
    """Raise if *entries* have different values of *key*."""
    found = {str(entry[key]) for entry in entries if key in entry}
    if len(found) > 1:
        raise refused(rule, " and ".join(sorted(found)), hint)


def refused(rule: str, entry: object, hint: str = "") -> InvalidRangeError:
    """Return the error for an entry that does not describe a set of ports."""
    return InvalidRangeError(rule, elide(entry) + (f"; {hint}" if hint else ""))


def has_no_ports(protocol: str) -> bool:
    """Return whether *protocol* is the name or number of a protocol without ports.

    An unknown word may mean a transport, so it must not be ignored.
    """
    return protocol in _PORTLESS or (is_digits(protocol) and len(protocol) <= 3)


def ports_between(entry: Mapping[str, types.Any], first: types.Any, last: types.Any) -> PortSet:
    """Return the ports *first* to *last* of *entry*, or raise if one is missing."""
    if first is None or last is None:
        raise refused("an entry must have both ends of its range", entry)
    # PortRange checks that both are integers.
    return PortSet([PortRange(first, last)])


def gathered(
    parts: Iterable[tuple[Transport | None, PortSet]], transport: types.TransportLike | None
) -> PortSet:
    """Return the ports for *transport*, or for all transports if they agree.

    Args:
        parts: Pairs of a transport, or None for every transport, and its ports.
        transport: The transport to select; None for all that the parts name.
    """
    selected = None if transport is None else check_transport(transport)
    for_all = PortSet.empty()
    sets: dict[Transport, PortSet] = {}
    for each, ports in parts:
        if each is None:
            for_all |= ports
        else:
            sets[each] = sets.get(each, PortSet.empty()) | ports
    if selected is not None:
        return for_all | sets.get(selected, PortSet.empty())
    results = [for_all | ports for ports in sets.values()] or [for_all]
    if (for_all and for_all != results[0]) or any(ports != results[0] for ports in results):
        named = " and ".join([*sorted(sets), *(["all"] if for_all else [])])
        raise InvalidRangeError(
            "ports must be the same for every transport",
            f"different ones for {named}; choose one with transport=",
        )
    return results[0]
