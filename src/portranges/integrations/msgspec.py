"""Fields of msgspec: ports in JSON, MessagePack, YAML, TOML and plain data.

msgspec reads dataclasses and enumerations without a hook: an endpoint must be an object, and
msgspec words the message about an unknown word. The types of this module have the same instances,
but msgspec reads them with ``dec_hook``, which accepts text too.
"""

from __future__ import annotations

from typing import Annotated

from portranges import categories, endpoints, ports, types
from portranges.fields import json_schema
from portranges.integrations.extras import required
from portranges.portset import PortSet
from portranges.transport_ports import TransportPorts
from portranges.values import READERS

with required("msgspec"):
    import msgspec

__all__ = [
    "Category",
    "Endpoint",
    "MaskedPort",
    "Port",
    "PortRange",
    "PortSet",
    "Transport",
    "TransportPorts",
    "dec_hook",
    "enc_hook",
    "schema_hook",
]

Port = Annotated[
    int, msgspec.Meta(ge=0, le=65535, description="A TCP or UDP port.", examples=[443])
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from portranges.categories import Category
    from portranges.endpoints import Endpoint
    from portranges.ports import MaskedPort, PortRange, Transport
else:

    class _ReadByHook(type):
        """A class with the attributes and the instances of its ``kind``."""

        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, cls.kind)

        def __call__(cls, *arguments: object, **named: object) -> object:
            return cls.kind(*arguments, **named)

        def __getattr__(cls, name: str) -> object:
            # msgspec recognises a dataclass by such a name.
            if name.startswith("__"):
                raise AttributeError(name)
            return getattr(cls.kind, name)

    def _read_by_hook(kind: type) -> type:
        doc = f"``portranges.{kind.__name__}``, which msgspec reads with ``dec_hook``."
        return _ReadByHook(kind.__name__, (), {"kind": kind, "__doc__": doc})

    Category = _read_by_hook(categories.Category)
    Endpoint = _read_by_hook(endpoints.Endpoint)
    MaskedPort = _read_by_hook(ports.MaskedPort)
    PortRange = _read_by_hook(ports.PortRange)
    Transport = _read_by_hook(ports.Transport)


def dec_hook(kind: type[types.T], value: object) -> types.T:
    """Return *value*, plain data, as an object of the type *kind*; for ``dec_hook=`` of msgspec.

    Args:
        kind: A type of this module, or a type of the library.
        value: Its text, or the data that msgspec has read.

    Raises:
        NotImplementedError: The type is another one. msgspec expects this of its hooks, and
            reports a type that it does not support.
        TypeError: The data is not of a type that describes such an object.
        ValueError: The data or the text is wrong. msgspec adds the place of the field.

    Example:
        >>> import msgspec
        >>> class Rule(msgspec.Struct):
        ...     allow: PortSet
        ...     peer: Endpoint
        >>> text = '{"allow": "80,443", "peer": "[::1]:99"}'
        >>> msgspec.json.decode(text, type=Rule, dec_hook=dec_hook)
        Rule(allow=PortSet.parse('80,443'), peer=Endpoint(host='::1', port=99))
    """
    read = READERS.get(_kind_of(kind))
    if read is None:
        raise NotImplementedError(f"{kind!r} is not a type of portranges")
    try:
        made: types.T = read(value)
    except LookupError as error:
        # msgspec adds the place to a TypeError or a ValueError only.
        raise ValueError(str(error)) from error
    return made


def enc_hook(value: object) -> str:
    """Return the text of *value*; for ``enc_hook=`` of msgspec.

    msgspec writes ``PortRange``, ``MaskedPort`` and ``Endpoint`` as objects without calling it.

    Args:
        value: A ``PortSet`` or a ``TransportPorts``.

    Raises:
        NotImplementedError: The object is another one. msgspec expects this of its hooks.

    Example:
        >>> import msgspec
        >>> msgspec.json.encode({"ports": PortSet([80, 443])}, enc_hook=enc_hook)
        b'{"ports":"80,443"}'
    """
    if isinstance(value, (PortSet, TransportPorts)):
        return str(value)
    raise NotImplementedError(f"{type(value)!r} is not a type of portranges")


def schema_hook(kind: type) -> dict[str, types.Any]:
    """Return the JSON schema of *kind*; for ``schema_hook=`` of msgspec.

    Args:
        kind: A type of this module, or a type of the library.

    Raises:
        NotImplementedError: The type is another one. msgspec expects this of its hooks, and
            reports a type that it does not support.

    Example:
        >>> import msgspec
        >>> msgspec.json.schema(PortSet, schema_hook=schema_hook)["examples"]
        ['80', '22,80,8000-8100']
    """
    if _kind_of(kind) in READERS:
        return json_schema(_kind_of(kind))
    raise NotImplementedError(f"{kind!r} is not a type of portranges")


def _kind_of(kind: types.Any) -> type[types.Any]:
    """Return the type of the library for a type of this module."""
    found: type[types.Any] = getattr(kind, "kind", kind)
    return found
