"""DigitalOcean: the inbound or outbound rules of a cloud firewall."""

from __future__ import annotations

from portranges import checks, types
from portranges.dialects import data
from portranges.dialects.rows_data import DIGITALOCEAN
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet

_PROTOCOLS = data.Protocols(
    key="protocol",
    transports={"tcp": Transport.TCP, "udp": Transport.UDP},
    accepted="tcp or udp",
)
_DIRECTIONS = {"sources": "inbound", "destinations": "outbound"}


def to_digitalocean(
    ports: PortSet, *, transport: types.TransportLike = "tcp"
) -> tuple[dict[str, str], ...]:
    """Return *ports* as ``inbound_rules`` or ``outbound_rules`` of a DigitalOcean firewall.

    Args:
        ports: The set.
        transport: ``"tcp"`` or ``"udp"``.

    Returns:
        One rule per range, ascending, with ``protocol`` and ``ports``. The caller adds
        ``sources`` or ``destinations``.

    Raises:
        TypeError: *ports* is not a ``PortSet``.
        UnknownNameError: *transport* is unknown.
        UnrepresentableError: The set is empty or contains port 0, or *transport* is not
            supported.

    Source:
        digitalocean/openapi, resources/firewalls/models/firewall_rule.yml.

    Example:
        >>> to_digitalocean(PortSet.parse("22,8000-8100"))
        ({'protocol': 'tcp', 'ports': '22'}, {'protocol': 'tcp', 'ports': '8000-8100'})
    """
    selected = data.check_writable(DIGITALOCEAN, ports, transport)
    return tuple({"protocol": selected.value, "ports": str(each)} for each in ports.ranges)


def from_digitalocean(
    rules: types.Iterable[types.Entry], *, transport: types.TransportLike | None = None
) -> PortSet:
    """Return the ports of ``inbound_rules`` or ``outbound_rules`` of a DigitalOcean firewall.

    Args:
        rules: Rules as the API returns them, all for one direction and with one action. The ports
            ``"0"`` and ``"all"`` mean every port. A rule for ICMP is ignored if *transport* is
            given.
        transport: The transport to select. By default all transports that the rules name must
            have the same ports.

    Returns:
        The set; empty if there is no rule.

    Raises:
        TypeError: A rule is not a mapping, or its protocol or ports are not a ``str``.
        PortSyntaxError: The ports are neither a port nor a range.
        InvalidRangeError: A range contains port 0, the protocol is not ``"tcp"``, ``"udp"`` or
            ``"icmp"``, a rule lacks ``protocol`` or ``ports`` or has an unknown
            key, directions or actions are mixed, or the transports differ and none was selected.

    Source:
        digitalocean/openapi, resources/firewalls/models/firewall_rule.yml.

    Example:
        >>> from_digitalocean([{"protocol": "tcp", "ports": "8000-8100"}])
        PortSet.parse('8000-8100')
        >>> from_digitalocean([{"protocol": "udp", "ports": "0"}])
        PortSet.parse('0-65535')
    """
    held = list(data.entries_of(DIGITALOCEAN, rules))
    directions = {_DIRECTIONS[key] for rule in held for key in _DIRECTIONS if key in rule}
    if len(directions) > 1:
        raise data.refused(
            "rules must be for one direction",
            " and ".join(sorted(directions)),
            "pass inbound_rules or outbound_rules",
        )
    data.check_alike(
        # The default of the API.
        ({"action": "allow", **rule} for rule in held),
        "action",
        ("allow", "deny"),
        "rules must all allow or all deny",
    )
    return data.ports_of_entries(map(_checked, held), _PROTOCOLS, _ports_of, transport)


def _checked(rule: types.Entry) -> types.Entry:
    """Return *rule* if its protocol is one of the three that the API has."""
    protocol = checks.of_type("'protocol'", rule["protocol"], str)
    if protocol not in (*_PROTOCOLS.transports, "icmp"):
        raise data.refused("'protocol' must be tcp, udp or icmp", protocol)
    return rule


def _ports_of(rule: types.Entry) -> PortSet:
    if "ports" not in rule:
        raise data.refused("a rule must have ports", rule)
    text = checks.of_type("'ports'", rule["ports"], str)
    if text in ("0", "all"):
        return PortSet.full()
    ports = PortSet([PortRange.parse(text)])
    data.check_lowest(DIGITALOCEAN, rule, ports)
    return ports
