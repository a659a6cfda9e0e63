"""What fields and options accept in every integration: an object, its text, or plain data.

Plain data is what JSON, YAML or TOML contains: a number for a port, a list for a set, an object
for a record or for the sets of several transports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portranges import checks, types
from portranges.categories import Category
from portranges.endpoints import Endpoint
from portranges.errors import InvalidValueError, PortSyntaxError, elide, got
from portranges.notation import NAMES
from portranges.ports import (
    LAST_PORT,
    MaskedPort,
    PortRange,
    Transport,
    check_port,
    check_transport,
    parse_port,
)
from portranges.portset import PortSet, compact
from portranges.transport_ports import TransportPorts


def port(value: types.Any) -> int:
    """Return *value* as a port: an integer, or its text as ``parse_port`` reads it.

    Example:
        >>> port("443"), port(443)
        (443, 443)
    """
    return parse_port(value) if isinstance(value, str) else check_port(value)


def port_range(value: types.Any) -> PortRange:
    """Return *value* as a range: a range, its text, one port, or an object of two ports.

    Example:
        >>> port_range("8000-8100") == port_range({"first": 8000, "last": 8100})
        True
    """
    if isinstance(value, PortRange):
        return value
    if isinstance(value, str):
        return PortRange.parse(value)
    if _is(value, Mapping):
        return PortRange(**_fields(value, "first", optional="last"))
    if isinstance(value, range):
        return PortRange.from_range(value)
    return PortRange(value)


def port_set(value: types.Any) -> PortSet:
    """Return *value* as a set: a set, its text, one port, or a list of ports and texts.

    Example:
        >>> port_set([22, "8000-8100"]) == port_set("22,8000-8100")
        True
    """
    if isinstance(value, PortSet):
        return value
    if isinstance(value, str):
        return _parse(PortSet.parse, value)
    if value is None or _is(value, Mapping, bytes, bytearray):
        raise TypeError(f"ports must be text, a number or a list, got {got(value)}")
    if _is(value, Iterable):
        return PortSet([port_item(each) for each in value])
    return PortSet([value])


def port_item(value: types.Any) -> PortSet | PortRange | range | int:
    """Return *value* as an item of a set: ports, or their text.

    Example:
        >>> port_item("80-90,99"), port_item(80)
        (PortSet.parse('80-90,99'), 80)
    """
    if isinstance(value, str):
        # Compact, because a long list may hold many texts.
        return compact(_parse(PortSet.parse, value))
    return value if isinstance(value, (PortSet, PortRange, range)) else check_port(value)


def transport_ports(value: types.Any) -> TransportPorts:
    """Return *value* as ports with transports: such ports, their text, or an object.

    Example:
        >>> transport_ports({"tcp": "22,80", "udp": [53]})
        TransportPorts.parse('22/tcp,53/udp,80/tcp')
    """
    if isinstance(value, TransportPorts):
        return value
    if isinstance(value, str):
        return _parse(TransportPorts.parse, value)
    if _is(value, Mapping):
        return TransportPorts({name: port_set(ports) for name, ports in value.items()})
    raise TypeError(f"ports must be text or a mapping from transports, got {got(value)}")


def masked_port(value: types.Any) -> MaskedPort:
    """Return *value* as a masked port: such a port, its text, one port, or an object.

    Example:
        >>> masked_port("0x3e8/0xfff8") == masked_port({"value": 1000, "mask": 65528})
        True
    """
    if isinstance(value, MaskedPort):
        return value
    if isinstance(value, str):
        return MaskedPort.parse(value)
    if _is(value, Mapping):
        return MaskedPort(**_fields(value, "value", "mask"))
    return MaskedPort(value, LAST_PORT)


def endpoint(value: types.Any) -> Endpoint:
    """Return *value* as an endpoint: an endpoint, its text, or an object of host and port.

    Example:
        >>> endpoint("[::1]:443") == endpoint({"host": "::1", "port": 443})
        True
    """
    if isinstance(value, Endpoint):
        return value
    if _is(value, Mapping):
        return Endpoint(**_fields(value, "host", "port"))
    if isinstance(value, str):
        return _parse(Endpoint.parse, value)
    raise TypeError(f"an endpoint must be text or a mapping of host and port, got {got(value)}")


def transport(value: types.Any) -> Transport:
    """Return *value*, a transport or its value, as a transport.

    Example:
        >>> transport("udp")
        <Transport.UDP: 'udp'>
    """
    return check_transport(value)


def category(value: types.Any) -> Category:
    """Return *value*, a category or its value, as a category.

    Example:
        >>> category("dynamic")
        <Category.DYNAMIC: 'dynamic'>
    """
    return checks.member("category", value, Category)


def argument(
    read: types.Callable[[types.Any], types.T], refusal: types.Callable[[str], Exception]
) -> types.Callable[[str], types.T]:
    """Return a function for an argument of a command line, with the name of *read*.

    Args:
        read: Reads the argument, such as ``port_set``.
        refusal: Makes the exception whose message a command line prints.

    Returns:
        A function that raises the exception, with the message of the library, if *read* does not
        accept its text.

    Example:
        >>> argument(port, SystemExit)("x80")
        Traceback (most recent call last):
        ...
        SystemExit: port must be decimal digits, got 'x80'
            x80
            ~~~
    """

    def read_argument(text: str) -> types.T:
        try:
            return read(text)
        except (ValueError, LookupError) as error:
            raise refusal(str(error)) from error

    read_argument.__name__ = read.__name__
    read_argument.__doc__ = read.__doc__
    return read_argument


# How a field of each type is made. A port itself is an int and has no type of its own.
READERS: types.Mapping[type[types.Any], types.Callable[[types.Any], types.Any]] = {
    PortRange: port_range,
    PortSet: port_set,
    TransportPorts: transport_ports,
    MaskedPort: masked_port,
    Endpoint: endpoint,
    Transport: transport,
    Category: category,
}


def _parse(parse: types.Callable[[str], types.T], text: str) -> types.T:
    """Return *text* parsed. Errors do not name an argument, because a form does not show it."""
    try:
        return parse(text)
    except PortSyntaxError as error:
        if not error.reason.endswith(NAMES):
            raise
        raise PortSyntaxError(error.reason.removesuffix(NAMES), text, error.span) from None


def _is(value: object, *kinds: type) -> bool:
    # After isinstance() a type checker regards the items of the value as unknown instead of Any.
    return isinstance(value, kinds)


def _fields(value: types.Any, *names: str, optional: str = "") -> dict[str, types.Any]:
    """Return the mapping *value*, whose keys are *names*, with its ports as integers."""
    fields: dict[str, types.Any] = dict(value)
    if fields.keys() - {optional} != {*names}:
        rule = " and ".join(map(repr, names)) + f", and perhaps {optional!r}" * bool(optional)
        raise InvalidValueError(f"the keys must be {rule}", elide([*fields]))
    return {name: each if name == "host" else port(each) for name, each in fields.items()}
