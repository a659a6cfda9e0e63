"""Google Cloud: what a VPC firewall rule allows or denies."""

from __future__ import annotations

from portranges import types
from portranges.dialects import data
from portranges.dialects.protocols import NUMBERS
from portranges.dialects.rows_data import GCP
from portranges.errors import got
from portranges.ports import PortRange
from portranges.portset import PortSet

_PROTOCOLS = data.Protocols(
    key="IPProtocol",
    transports={**{each.value: each for each in GCP.transports}, **NUMBERS, "all": None},
    accepted="tcp, udp, sctp or all",
)


def to_gcp(
    ports: PortSet, *, transport: types.TransportLike = "tcp"
) -> tuple[dict[str, str | list[str]], ...]:
    """Return *ports* as ``allowed`` or ``denied`` of a VPC firewall rule.

    Args:
        ports: The set.
        transport: ``"tcp"``, ``"udp"`` or ``"sctp"``.

    Returns:
        One entry with ``IPProtocol`` and ``ports``, a list of texts, ascending. The full set is
        ``"0-65535"``, not an entry without ports.

    Raises:
        TypeError: *ports* is not a ``PortSet``.
        UnknownNameError: *transport* is unknown.
        UnrepresentableError: The set is empty, or *transport* is not supported.

    Source:
        Google Cloud, Compute Engine API, firewalls.

    Example:
        >>> to_gcp(PortSet.parse("22,80-90"))
        ({'IPProtocol': 'tcp', 'ports': ['22', '80-90']},)
    """
    selected = data.check_writable(GCP, ports, transport)
    return ({"IPProtocol": selected.value, "ports": [str(each) for each in ports.ranges]},)


def from_gcp(
    allowed: types.Iterable[types.Entry], *, transport: types.TransportLike | None = None
) -> PortSet:
    """Return the ports of ``allowed`` or ``denied`` of a VPC firewall rule.

    Args:
        allowed: Entries as the API returns them. An entry without ports applies to every port of
            its protocol. One for a protocol without ports is ignored if *transport* is given.
        transport: The transport to select. By default all transports that the entries name must
            have the same ports.

    Returns:
        The set; empty if there is no entry.

    Raises:
        TypeError: An entry is not a mapping, or a port is not a ``str``.
        PortSyntaxError: A text is neither a port nor a range.
        InvalidRangeError: A list of ports is empty, a protocol has no ports or is not a name in
            lower case, an entry lacks ``IPProtocol`` or has an unknown key, or
            the transports differ and none was selected.

    Source:
        Google Cloud, Compute Engine API, firewalls.

    Example:
        >>> from_gcp([{"IPProtocol": "tcp", "ports": ["22", "80-90"]}])
        PortSet.parse('22,80-90')
        >>> from_gcp([{"IPProtocol": "udp"}])
        PortSet.parse('0-65535')
    """
    return data.ports_of_entries(data.entries_of(GCP, allowed), _PROTOCOLS, _ports_of, transport)


def _ports_of(entry: types.Entry) -> PortSet:
    texts = entry.get("ports")
    if entry["IPProtocol"] == "all" and texts:
        raise data.refused("an entry for every protocol must have no ports", entry)
    if texts is None or entry["IPProtocol"] == "all":
        return PortSet.full()
    if isinstance(texts, str) or not hasattr(texts, "__iter__"):
        raise TypeError(f"ports must be a list, got {got(texts)}")
    held: list[types.Any] = list(texts)
    if not held:
        hint = "without the field, every port is meant"
        raise data.refused("ports must not be empty", entry, hint)
    return PortSet(map(PortRange.parse, held))
