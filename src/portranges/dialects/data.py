"""What all data forms share: checks, errors, and combining the ports of several transports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from portranges import checks, types
from portranges.dialects.combining import agreed
from portranges.dialects.forms import DataForm
from portranges.dialects.protocols import is_portless
from portranges.dialects.rows_data import FORMS
from portranges.dialects.writing import check_ports
from portranges.errors import InvalidRangeError, UnrepresentableError, elide, got
from portranges.ports import LAST_PORT, PortRange, Transport, check_transport
from portranges.portset import PortSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocols:
    """How the entries of a form name their protocol.

    Attributes:
        key: The key of the protocol.
        transports: The transport of each protocol with ports; None means every transport.
        accepted: The protocols with ports, for messages.
    """

    key: str
    transports: types.Mapping[types.Any, Transport | None]
    accepted: str


def check_writable(form: DataForm, ports: PortSet, transport: types.TransportLike) -> Transport:
    """Return *transport*, or raise if the form cannot express *ports* for it."""
    check_ports(form.name, ports, form.lowest)
    selected = check_transport(transport)
    if selected not in form.transports:
        raise UnrepresentableError(form.name, f"{selected} is not supported")
    return selected


def entries_of(
    form: DataForm, entries: types.Any, *, nested: bool = False
) -> types.Iterator[types.Entry]:
    """Yield each entry of *form*, or the mappings inside one.

    An unknown key is refused: what is not understood may restrict the ports, or be where another
    service has them, and an entry without ports can mean every port. A key whose value is null is
    ignored, because SDKs and APIs write absent values that way.

    Raises:
        TypeError: An entry is not a mapping.
        InvalidRangeError: It lacks a required key, or has a key that the form does not define.
    """
    if isinstance(entries, (str, bytes)) or not hasattr(entries, "__iter__"):
        raise TypeError(f"entries must be an iterable of mappings, got {got(entries)}")
    keys = form.nested_keys if nested else form.keys
    for item in entries:
        if not isinstance(item, Mapping):
            raise TypeError(f"an entry must be a mapping, got {got(item)}")
        named = types.cast("types.Entry", item)
        given = {checks.plain(key): checks.plain(value) for key, value in named.items()}
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


def _other_form(entry: types.Entry) -> str:
    for form in FORMS:
        if any(key in entry for key in form.required) and all(key in form.keys for key in entry):
            return f"these are keys of {form.place}, which from_{form.name}() reads"
    return ""


def check_alike(
    entries: types.Iterable[types.Entry],
    key: str,
    values: tuple[object, ...],
    rule: str,
    hint: str = "",
) -> None:
    """Raise if *entries* have different values of *key*, or one that is not one of *values*."""
    found: set[object] = set()
    for value in (entry[key] for entry in entries if key in entry):
        # 1 equals True.
        if not isinstance(value, type(values[0])) or value not in values:
            raise refused(f"{key!r} must be {' or '.join(map(repr, values))}", value)
        found.add(value)
    if len(found) > 1:
        raise refused(
            rule, " and ".join(sorted(map(str, found))), hint or f"select them by {key!r}"
        )


def refused(rule: str, entry: object, hint: str = "") -> InvalidRangeError:
    """Return the error for an entry that does not describe a set of ports."""
    return InvalidRangeError(rule, elide(entry) + (f"; {hint}" if hint else ""))


def ports_of_entries(
    entries: types.Iterable[types.Entry],
    protocols: Protocols,
    read: types.Callable[[types.Entry], PortSet],
    transport: types.TransportLike | None,
) -> PortSet:
    """Return the ports of *entries* for *transport*, or for all transports if they agree.

    An entry whose protocol has no ports is left out if a transport is selected. An unknown word
    may mean a transport, so it is refused.

    Args:
        entries: The entries.
        protocols: How they name their protocol.
        read: A function that returns the ports of an entry.
        transport: The transport to select; None for all that the entries name.
    """
    return gathered(_parts(entries, protocols, read, transport), transport)


def _parts(
    entries: types.Iterable[types.Entry],
    protocols: Protocols,
    read: types.Callable[[types.Entry], PortSet],
    transport: types.TransportLike | None,
) -> types.Iterator[types.UnreadPart]:
    """Yield the transport of each entry, and a function that reads its ports."""
    key = protocols.key
    for entry in entries:
        given = entry.get(key)
        protocol = None if given is None else checks.of_type(repr(key), given, str)
        if protocol in protocols.transports:
            yield protocols.transports[protocol], partial(read, entry)
            continue
        rule = f"{key!r} must be {protocols.accepted} to have ports"
        if protocol is None or not is_portless(protocol):
            raise refused(rule, protocol)
        if transport is None:
            raise refused(rule, protocol, "select a transport with transport= to ignore it")


def ports_between(form: DataForm, entry: types.Entry, first: types.Any, last: types.Any) -> PortSet:
    """Return the ports *first* to *last* of *entry*, or raise if one is missing or too low."""
    if first is None or last is None:
        raise refused("an entry must have both ends of its range", entry)
    # PortRange checks that both are integers.
    ports = PortSet([PortRange(first, last)])
    check_lowest(form, entry, ports)
    return ports


def check_lowest(form: DataForm, entry: types.Entry, ports: PortSet) -> None:
    """Raise if *ports* of *entry* has a port that the program does not accept."""
    if ports.first < form.lowest:
        raise refused(f"port must be in {form.lowest}..{LAST_PORT}", entry)


def gathered(
    parts: types.Iterable[types.UnreadPart], transport: types.TransportLike | None
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
