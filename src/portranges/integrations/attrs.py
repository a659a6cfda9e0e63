"""Converters and a validator for fields of attrs.

Example:
    >>> from attrs import define, field
    >>> from portranges import PortSet
    >>> from portranges.integrations.attrs import is_port, to_port_set
    >>> @define
    ... class Rule:
    ...     listen: int = field(validator=is_port)
    ...     allow: PortSet = field(converter=to_port_set, factory=PortSet)
    >>> Rule(8080, "22,8000-8100")
    Rule(listen=8080, allow=PortSet.parse('22,8000-8100'))
"""

# attrs copies the type of a converter's argument to the constructor's annotation, where a text
# would be looked up among the names of the user's module. So this module does not import
# annotations from __future__.

from collections.abc import Iterable, Mapping
from typing import Any, SupportsIndex

from portranges import values
from portranges.categories import Category
from portranges.endpoints import Endpoint
from portranges.integrations.extras import required
from portranges.ports import MaskedPort, PortRange, Transport, check_port
from portranges.portset import PortSet
from portranges.transport_ports import TransportPorts

with required("attrs"):
    __import__("attrs")

__all__ = [
    "is_port",
    "to_category",
    "to_endpoint",
    "to_masked_port",
    "to_port",
    "to_port_range",
    "to_port_set",
    "to_transport",
    "to_transport_ports",
]


def is_port(_instance: object, _attribute: object, value: Any) -> None:
    """Raise if *value* is not an integer that is a port; for ``validator=`` of attrs.

    Args:
        _instance: The object, which is not used.
        _attribute: The field, which is not used.
        value: The value of the field.

    Raises:
        TypeError: The value is not an integer.
        InvalidPortError: The value is outside 0 to 65535.

    Example:
        >>> import attrs
        >>> @attrs.define
        ... class Server:
        ...     port: int = attrs.field(validator=is_port)
        >>> Server(70000)
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidPortError: port must be in 0..65535, got 70000
    """
    check_port(value)


def to_port(value: SupportsIndex | str) -> int:
    """Return *value* as a port; for ``converter=`` of attrs.

    Args:
        value: An integer, or its text.

    Example:
        >>> to_port("443")
        443
    """
    return values.port(value)


def to_port_range(value: PortRange | str | SupportsIndex | Mapping[str, int]) -> PortRange:
    """Return *value* as a range; for ``converter=`` of attrs.

    Args:
        value: A range, its text, one port, or a mapping with ``first`` and ``last``.

    Example:
        >>> to_port_range("8000-8100")
        PortRange(first=8000, last=8100)
    """
    return values.port_range(value)


def to_port_set(value: PortSet | str | SupportsIndex | Iterable[Any]) -> PortSet:
    """Return *value* as a set; for ``converter=`` of attrs.

    Args:
        value: A set, its text, one port, or ports, ranges and texts.

    Example:
        >>> to_port_set("22,8000-8100")
        PortSet.parse('22,8000-8100')
    """
    return values.port_set(value)


def to_transport_ports(value: TransportPorts | str | Mapping[str, Any]) -> TransportPorts:
    """Return *value* as ports with transports; for ``converter=`` of attrs.

    Args:
        value: Such ports, their text, or a mapping from transports to ports.

    Example:
        >>> to_transport_ports("22/tcp,53/udp")
        TransportPorts.parse('22/tcp,53/udp')
    """
    return values.transport_ports(value)


def to_masked_port(value: MaskedPort | str | Mapping[str, int]) -> MaskedPort:
    """Return *value* as a masked port; for ``converter=`` of attrs.

    Args:
        value: Such a port, its text, or a mapping with ``value`` and ``mask``.

    Example:
        >>> print(to_masked_port("0x3e8/0xfff8"))
        0x3e8/0xfff8
    """
    return values.masked_port(value)


def to_transport(value: str) -> Transport:
    """Return *value* as a transport; for ``converter=`` of attrs.

    Args:
        value: A transport, or its value.

    Example:
        >>> to_transport("udp")
        <Transport.UDP: 'udp'>
    """
    return values.transport(value)


def to_category(value: str) -> Category:
    """Return *value* as a category; for ``converter=`` of attrs.

    Args:
        value: A category, or its value.

    Example:
        >>> to_category("dynamic")
        <Category.DYNAMIC: 'dynamic'>
    """
    return values.category(value)


def to_endpoint(value: Endpoint | str | Mapping[str, Any]) -> Endpoint:
    """Return *value* as an endpoint; for ``converter=`` of attrs.

    Args:
        value: An endpoint, its text, or a mapping with ``host`` and ``port``.

    Example:
        >>> to_endpoint("[::1]:443")
        Endpoint(host='::1', port=443)
    """
    return values.endpoint(value)
