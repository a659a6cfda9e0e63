"""What all data forms share: checks, errors, and combining the ports of several transports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from portranges import types
from portranges.checks import plain
from portranges.dialects.combining import agreed
from portranges.dialects.model import DataForm
from portranges.dialects.rows_data import FORMS
from portranges.dialects.writing import check_ports
from portranges.errors import InvalidRangeError, UnrepresentableError, elide, got
from portranges.ports import PortRange, Transport, check_transport, is_digits
from portranges.portset import PortSet

__all__ = [
    "check_alike",
    "check_writable",
    "entries_of",
    "gathered",
    "part_of",
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


def entries_of(
    form: DataForm, entries: types.Any, *, nested: bool = False
) -> types.Iterator[Mapping[str, types.Any]]:
    """Yield each entry of *form*, or the mappings inside one.

    An unknown key is refused: what is not understood may restrict the ports, or be where another
    service has them, and an entry without ports can mean every port. A key whose value is null is
    left out, because SDKs and APIs write a field without a value so.

    Raises:
        TypeError: An entry is not a mapping.
        InvalidRangeError: It lacks the required keys, or has others than those of the form.
    """
    if isinstance(entries, (str, bytes)) or not hasattr(entries, "__iter__"):
        raise TypeError(f"entries must be an iterable of mappings, got {got(entries)}")
    keys = form.nested_keys if nested else form.keys
    for item in entries:
        if not isinstance(item, Mapping):
            raise TypeError(f"an entry must be a mapping, got {got(item)}")
        named = types.cast("Mapping[str, types.Any]", item)
        given = {plain(key): plain(value) for key, value in named.items()}
        foreign = [key for key in given if key not in keys]
        if foreign:
            raise refused(
                f"an entry must have only keys of {form.tool} ({form.place})",
                foreign[0],
                "" if nested else _other_form(given),
            )
        entry = {
            key: value
            for key, value in given.items()
            if value is not None or key in form.null_is_value
        }
        if not nested and not any(key in entry for key in form.required):
            rule = f"an entry must have {' or '.join(form.required)}"
            raise refused(rule, given, _other_form(entry))
        yield entry


def _other_form(entry: Mapping[str, types.Any]) -> str:
    for form in FORMS:
        if any(key in entry for key in form.required) and all(key in form.keys for key in entry):
            return f"these are keys of {form.place}, which from_{form.name}() reads"
    return ""


def check_alike(
    entries: Iterable[Mapping[str, types.Any]],
    key: str,
    values: tuple[object, ...],
    rule: str,
    hint: str,
) -> None:
    """Raise if *entries* have different values of *key*, or one that is not one of *values*."""
    found: set[object] = set()
    for value in (entry[key] for entry in entries if key in entry):
        # 1 equals True.
        if not isinstance(value, type(values[0])) or value not in values:
            raise refused(f"{key!r} must be {' or '.join(map(repr, values))}", value)
        found.add(value)
    if len(found) > 1:
        raise refused(rule, " and ".join(sorted(map(str, found))), hint)


def refused(rule: str, entry: object, hint: str = "") -> InvalidRangeError:
    """Return the error for an entry that does not describe a set of ports."""
    return InvalidRangeError(rule, elide(entry) + (f"; {hint}" if hint else ""))


def part_of(
    key: str,
    protocol: str,
    transports: Mapping[str, Transport | None],
    *,
    accepted: str,
    selected: types.TransportLike | None,
    read: Callable[[], PortSet],
) -> types.Iterator[types.UnreadPart]:
    """Yield the transport and the ports of an entry; nothing if its protocol has no ports.

    An unknown word may mean a transport, so it must not be ignored.

    Args:
        key: The key of the protocol, for the message.
        protocol: The protocol of the entry.
        transports: The transport of each protocol with ports; None means every transport.
        accepted: The protocols that have ports, for the message.
        selected: The transport that the caller selected. Without one, a protocol without ports is
            refused.
        read: A function that reads the ports.
    """
    if protocol in transports:
        yield transports[protocol], read
        return
    rule = f"{key!r} must be {accepted} to have ports"
    if protocol not in _PORTLESS and not _is_protocol_number(protocol):
        raise refused(rule, protocol)
    if selected is None:
        raise refused(rule, protocol, "select a transport with transport= to ignore it")


def _is_protocol_number(text: str) -> bool:
    # With a leading zero, the number of a transport would not be recognized as one.
    return is_digits(text) and len(text) <= 3 and int(text) <= 255 and text == str(int(text))


def ports_between(entry: Mapping[str, types.Any], first: types.Any, last: types.Any) -> PortSet:
    """Return the ports *first* to *last* of *entry*, or raise if one is missing."""
    if first is None or last is None:
        raise refused("an entry must have both ends of its range", entry)
    # PortRange checks that both are integers.
    return PortSet([PortRange(first, last)])


def gathered(
    parts: Iterable[tuple[Transport | None, Callable[[], PortSet]]],
    transport: types.TransportLike | None,
) -> PortSet:
    """Return the ports for *transport*, or for all transports if they agree.

    Args:
        parts: Pairs of a transport, or None for every transport, and a function that reads the
            ports. The ports of transports that were not selected are not read: one of them may be
            a name.
        transport: The transport to select; None for all that the parts name.
    """
    selected = None if transport is None else check_transport(transport)
    sets: types.PortSets = {}
    for each, read in parts:
        if selected is None or each in (None, selected):
            sets[each] = sets.get(each, PortSet.empty()) | read()
    if selected is not None:
        return PortSet.empty().union(*sets.values())
    return agreed(dict(sorted(sets.items(), key=lambda part: part[0] or "")), InvalidRangeError)
