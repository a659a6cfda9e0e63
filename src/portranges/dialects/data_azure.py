"""Azure: the destination ports of a security rule."""

from __future__ import annotations

from portranges import checks, types
from portranges.dialects import data
from portranges.dialects.rows_data import AZURE
from portranges.dialects.writing import check_ports
from portranges.ports import PortRange
from portranges.portset import PortSet

_ONE = "destinationPortRange"
_SEVERAL = "destinationPortRanges"
_WITH_PORTS = ("Tcp", "Udp", "*")


def to_azure(ports: PortSet) -> dict[str, str | list[str]]:
    """Return *ports* as the port property of an Azure security rule.

    Args:
        ports: The set.

    Returns:
        ``destinationPortRange`` with one text, or ``destinationPortRanges`` with several,
        ascending. The full set is ``"0-65535"``.

    Raises:
        TypeError: *ports* is not a ``PortSet``.
        UnrepresentableError: The set is empty.

    Source:
        Microsoft Learn, SecurityRulePropertiesFormat.

    Example:
        >>> to_azure(PortSet.parse("80"))
        {'destinationPortRange': '80'}
        >>> to_azure(PortSet.parse("80,1000-2000"))
        {'destinationPortRanges': ['80', '1000-2000']}
    """
    check_ports(AZURE.name, ports, AZURE.lowest)
    texts = [str(each) for each in ports.ranges]
    return {_ONE: texts[0]} if len(texts) == 1 else {_SEVERAL: list(texts)}


def from_azure(properties: types.Entry) -> PortSet:
    """Return the destination ports of an Azure security rule.

    Args:
        properties: The rule's properties. Only the two for destination ports are read, and the
            protocol must be one that has ports.

    Returns:
        The set; every port for ``"*"``.

    Raises:
        TypeError: *properties* is not a mapping, or a port or the protocol is not a ``str``.
        PortSyntaxError: A text is neither a port nor a range.
        InvalidRangeError: Neither property has a port, or both have one, ``"*"`` is in a list, the
            protocol has no ports, or Azure has no such property.

    Source:
        Microsoft Learn, SecurityRulePropertiesFormat.

    Example:
        >>> from_azure({"destinationPortRange": "", "destinationPortRanges": ["80", "90-99"]})
        PortSet.parse('80,90-99')
    """
    (rule,) = data.entries_of(AZURE, [properties])
    protocol = checks.of_type("protocol", rule.get("protocol", "*"), str)
    # Templates also have "TCP" and "tcp".
    if protocol.capitalize() not in _WITH_PORTS:
        raise data.refused(f"protocol must be {', '.join(_WITH_PORTS)} to have ports", protocol)
    return ports_in(rule, _ONE, _SEVERAL)


def ports_in(rule: types.Entry, one_key: str, several_key: str) -> PortSet:
    """Return the ports of *rule*, which are in one of two properties.

    Raises:
        TypeError: A port is not a ``str``.
        PortSyntaxError: A text is neither a port nor a range.
        InvalidRangeError: Neither property has a port, both have one, or ``"*"`` is in a list.
    """
    # The API returns the unused one as "" or [].
    one = checks.of_type("text", rule.get(one_key, ""), str)
    several: types.Any = rule.get(several_key, ())
    if isinstance(several, str) or not hasattr(several, "__iter__"):
        raise TypeError(f"{several_key} must be a list, got {type(several).__name__}")
    texts = [checks.of_type("text", each, str) for each in several]
    if bool(one) == bool(texts):
        raise data.refused(f"a rule must have either {one_key} or {several_key}", rule)
    if one == "*":
        return PortSet.full()
    if "*" in texts:
        raise data.refused("'*' must not be in a list", texts)
    return PortSet(map(PortRange.parse, texts or [one]))
