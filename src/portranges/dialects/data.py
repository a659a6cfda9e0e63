"""What all forms of data have in common: their checks, and their errors.

What lives here: the checks before writing, the entries one by one, ports of
several transports put together.
What must not: any form's own keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portranges import types
from portranges.dialects.model import DataForm
from portranges.dialects.writing import check_ports
from portranges.errors import InvalidRangeError, UnrepresentableError, elide
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

# Protocols without ports, as AWS, Google Cloud and OpenStack name them.
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
    """Return *transport*, or raise unless the form can say *ports* for it."""
    check_ports(form.name, ports, form.lowest)
    wanted = check_transport(transport)
    if wanted not in form.transports:
        raise UnrepresentableError(form.name, f"it has no ports of {wanted}")
    return wanted


def entries_of(entries: types.Any) -> types.Iterator[Mapping[str, types.Any]]:
    """Yield every entry, checked to be a mapping."""
    if isinstance(entries, (str, bytes)) or not hasattr(entries, "__iter__"):
        raise TypeError(
            f"entries must be an iterable of mappings, got {type(entries).__name__} "
            f"{elide(entries)}"
        )
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise TypeError(f"entry must be a mapping, got {type(entry).__name__} {elide(entry)}")
        yield entry


def check_alike(entries: Iterable[Mapping[str, types.Any]], key: str, rule: str, hint: str) -> None:
    """Raise unless all *entries* that have *key* have the same there."""
    found = {str(entry[key]) for entry in entries if key in entry}
    if len(found) > 1:
        raise refused(rule, " and ".join(sorted(found)), hint)


def refused(rule: str, entry: object, hint: str = "") -> InvalidRangeError:
    """Return the error for an entry that names no set of ports."""
    return InvalidRangeError(rule, elide(entry) + (f"; {hint}" if hint else ""))


def has_no_ports(protocol: str) -> bool:
    """Tell whether *protocol*, none of the transports, is another one's name or number.

    A word that nobody knows may be a transport's after all, and must not be
    passed over.
    """
    return protocol in _PORTLESS or (is_digits(protocol) and len(protocol) <= 3)


def ports_between(entry: Mapping[str, types.Any], first: types.Any, last: types.Any) -> PortSet:
    """Return the ports *first* to *last* of an entry, which must have both."""
    if first is None or last is None:
        raise refused("an entry must have both ends of its range", entry)
    # check_port() inside refuses what is no integer.
    return PortSet([PortRange(first, last)])


def gathered(
    parts: Iterable[tuple[Transport | None, PortSet]], transport: types.TransportLike | None
) -> PortSet:
    """Return the ports for *transport*, or those of all transports if they agree.

    Args:
        parts: Ports, each with its transport; None stands for every transport.
        transport: The one asked for; None for all that are named.
    """
    wanted = None if transport is None else check_transport(transport)
    for_all = PortSet.empty()
    sets: dict[Transport, PortSet] = {}
    for each, ports in parts:
        if each is None:
            for_all |= ports
        else:
            sets[each] = sets.get(each, PortSet.empty()) | ports
    if wanted is not None:
        return for_all | sets.get(wanted, PortSet.empty())
    results = [for_all | ports for ports in sets.values()] or [for_all]
    if (for_all and for_all != results[0]) or any(ports != results[0] for ports in results):
        named = " and ".join([*sets, *(["all"] if for_all else [])])
        raise InvalidRangeError(
            "ports must be the same for each transport",
            f"others for {named}; ask for one with transport=",
        )
    return results[0]
