"""Hooks of cattrs: ports are structured from text and plain data, and unstructured to text."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from portranges import types
from portranges.errors import PortRangesError
from portranges.fields import Port
from portranges.integrations.extras import required
from portranges.values import READERS, port

with required("cattrs"):
    import cattrs
    from cattrs.v import format_exception as _format_exception

__all__ = ["Port", "format_exception", "register"]

# The address of a socket, for which cattrs has no hook.
_Address = IPv4Address | IPv6Address


def register(converter: cattrs.Converter) -> None:
    """Make *converter* structure and unstructure the types of the library, and ``Port``.

    Args:
        converter: A converter of cattrs, such as one of ``cattrs.preconf``.

    Example:
        >>> import cattrs
        >>> from portranges import PortSet
        >>> converter = cattrs.Converter()
        >>> register(converter)
        >>> converter.structure({"web": "80,443"}, dict[str, PortSet])
        {'web': PortSet.parse('80,443')}
        >>> converter.unstructure(PortSet([80, 443]))
        '80,443'
    """
    for kind, read in READERS.items():
        converter.register_structure_hook(kind, _hook(read))
        converter.register_unstructure_hook(kind, str)
    converter.register_structure_hook_func(lambda kind: kind == Port, _hook(port))
    converter.register_structure_hook_func(lambda kind: kind == _Address, _hook(ip_address))


def format_exception(error: BaseException, kind: Any) -> str:
    """Return the message of *error*; for ``format_exception=`` of ``cattrs.transform_error``.

    Args:
        error: What a hook raised.
        kind: The type of the field, for errors that are not the library's.

    Example:
        >>> import cattrs
        >>> from portranges import PortSet
        >>> converter = cattrs.Converter()
        >>> register(converter)
        >>> try:
        ...     converter.structure(["80", "81x"], list[PortSet])
        ... except cattrs.IterableValidationError as error:
        ...     print(*cattrs.transform_error(error, format_exception=format_exception))
        expected a port or 'first-last', got '81x'
            81x
            ~~~ @ $[1]
    """
    is_ours = isinstance(error, PortRangesError) or kind == Port or kind in READERS
    return str(error) if is_ours else _format_exception(error, kind)


def _hook(read: types.Callable[[Any], types.T]) -> types.Callable[[object, object], types.T]:
    return lambda value, _: read(value)
