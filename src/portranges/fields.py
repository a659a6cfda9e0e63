"""The types of the library as fields of pydantic models, and so as parameters of FastAPI.

A core schema of pydantic is a dictionary, so nothing here imports pydantic. ``records.as_field``
gives a class the two methods that pydantic calls, and these load this module. ``Port``, the
annotation of a single port, is here because it imports ``typing``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from portranges import types, values
from portranges.categories import Category
from portranges.endpoints import Endpoint
from portranges.errors import PortRangesError, PortSyntaxError, got
from portranges.ports import LAST_PORT, MaskedPort, PortRange, Transport
from portranges.portset import PortSet
from portranges.transport_ports import TransportPorts

__all__ = ["Port"]


class _PortType:
    """The metadata of ``Port``: a port as an integer, or as its text."""

    __slots__ = ()

    def __get_pydantic_core_schema__(
        self, source: object, handler: types.SchemaHandler
    ) -> types.Schema:
        """Return how pydantic validates and serialises a port."""
        # The bounds of ``port: Port = Field(ge=1024)`` are in the schema of the integer.
        return _port_schema(handler(source))

    def __get_pydantic_json_schema__(
        self, core: object, handler: types.SchemaHandler
    ) -> types.Schema:
        """Return the JSON schema of a port."""
        return {
            "minimum": 0,
            "maximum": LAST_PORT,
            "description": "A TCP or UDP port.",
            "examples": [443],
            **handler(core),
        }

    def __repr__(self) -> str:
        """Return how a signature shows the metadata."""
        return "portranges.Port"

    def __eq__(self, other: object) -> bool:
        """Return whether *other* is the metadata of ``Port`` too."""
        return isinstance(other, _PortType)

    def __hash__(self) -> int:
        """Return the hash of the class: all instances are equal."""
        return hash(_PortType)


Port: TypeAlias = Annotated[int, _PortType()]
"""An integer that pydantic and FastAPI validate as a port, from a number or from its text."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How the text of a type is described, and of which parts its data may consist.

    pydantic reads values of the types ``made_of`` by the schema ``parts``, so that an error has
    the location of its part.
    """

    json: types.Schema
    made_of: tuple[type, ...] = ()
    parts: Callable[[], types.Schema] = dict


def core_schema(kind: type[Any]) -> types.Schema:
    """Return how pydantic validates and serialises *kind*, as a new dictionary."""
    base = _base_of(kind)
    if base is not None:
        # Sets have a private subclass.
        return _schema_of_form(PortSet if base is PortSet else kind, base)
    to_data = {"type": "function-plain", "function": kind.to_dict, "when_used": "json"}
    return {**_instance(kind), "serialization": to_data}


def json_schema(kind: type[Any]) -> types.Schema:
    """Return the JSON schema of *kind*, as a new dictionary."""
    base = _base_of(kind)
    return {"type": "object"} if base is None else {"type": "string", **deepcopy(_FORMS[base].json)}


def _base_of(kind: type[Any]) -> type[Any] | None:
    return next((base for base in kind.__mro__ if base in _FORMS), None)


def _schema_of_form(kind: type[Any], base: type[Any]) -> types.Schema:
    form, reader = _FORMS[base], values.READERS[base]

    def read(value: object) -> object:
        if isinstance(value, kind):
            return value
        made = reader(value)
        # A subclass of a record has a constructor with the same fields.
        return made if isinstance(made, kind) else kind(*[getattr(made, each) for each in names])

    def read_parts(value: object, inner: types.SchemaHandler) -> object:
        return read(inner(value) if isinstance(value, form.made_of) else value)

    names = getattr(base, "__match_args__", ())
    if form.made_of:
        lax = _wrap(_checked(read_parts, kind), form.parts())
    else:
        lax = _plain(_checked(read, kind))
    return {
        "type": "lax-or-strict",
        "lax_schema": lax,
        "strict_schema": {
            "type": "json-or-python",
            # JSON has no instances.
            "json_schema": lax,
            "python_schema": _instance(kind),
        },
        "serialization": {
            "type": "function-plain",
            "function": _only(kind),
            # As JSON it is text. In Python it stays what it is, also as the key of a dictionary.
            "return_schema": {
                "type": "any",
                "serialization": {"type": "to-string", "when_used": "json"},
            },
        },
    }


def _port_schema(integer: types.Schema | None = None) -> types.Schema:
    """Return the schema of a port, whose number is validated by *integer* in the end."""
    number = integer or {"type": "int"}
    read = _function(_checked(values.port, int))
    port = {"type": "function-before", "function": read, "schema": number}
    strict = {"type": "chain", "steps": [{"type": "int", "strict": True}, port]}
    return {
        "type": "lax-or-strict",
        "lax_schema": strict if number.get("strict") else port,
        "strict_schema": strict,
    }


def _plain(function: Callable[..., object]) -> types.Schema:
    return {"type": "function-plain", "function": _function(function)}


def _wrap(function: Callable[..., object], schema: types.Schema) -> types.Schema:
    return {"type": "function-wrap", "function": _function(function), "schema": schema}


def _function(function: Callable[..., object]) -> types.Schema:
    return {"type": "no-info", "function": function}


def _instance(kind: type[Any]) -> types.Schema:
    return {"type": "is-instance", "cls": kind}


# -- errors --------------------------------------------------------------------


def _checked(function: Callable[..., object], kind: type) -> Callable[..., object]:
    """Return *function* with errors that pydantic collects."""

    def checked(*arguments: object) -> object:
        try:
            return function(*arguments)
        except (PortRangesError, TypeError) as error:
            raise _error_of_pydantic(error) from error

    # pydantic shows the name above the errors of a value that is not in a model.
    checked.__name__ = kind.__name__
    return checked


def _only(kind: type[Any]) -> Callable[[object], object]:
    """Return a function that rejects every other type, so that a union tries its next one."""

    def only(value: object) -> object:
        if isinstance(value, kind):
            return value
        error = sys.modules["pydantic_core"].PydanticSerializationUnexpectedValue
        raise error(f"expected a {kind.__name__}, got {got(value)}")

    return only


def _error_of_pydantic(error: Exception) -> Exception:
    # pydantic_core has called us, so it is loaded. It would accept a ValueError too, but write
    # "Value error, " before the message, and not show the position.
    make: Callable[..., Exception] = sys.modules["pydantic_core"].PydanticCustomError
    if isinstance(error, PortSyntaxError):
        # The braces of a template are replaced in this order, and a text may contain "{span}".
        return make("port_syntax", "{error}", {"span": error.span, "error": str(error)})
    kind = "port_type" if isinstance(error, TypeError) else "port_value"
    return make(kind, "{error}", {"error": str(error)})


# -- the classes ---------------------------------------------------------------


def _fields(optional: tuple[str, ...] = (), **schemas: types.Schema) -> types.Schema:
    fields = {
        name: {"type": "typed-dict-field", "schema": schema, "required": name not in optional}
        for name, schema in schemas.items()
    }
    return {"type": "typed-dict", "fields": fields, "extra_behavior": "forbid"}


_PORT = "[0-9]{1,5}"
_RANGE = f"{_PORT}(-{_PORT})?"
_RANGES = f"{_RANGE}( *, *{_RANGE})*"
_WITH_TRANSPORT = f"{_RANGE}/({'|'.join(Transport)})"
_HEXADECIMAL = "0x[0-9a-fA-F]{1,4}"

_FORMS: dict[type[Any], _Form] = {
    PortRange: _Form(
        {
            "pattern": f"^{_RANGE}$",
            "description": "A port or a range of ports, inclusive.",
            "examples": ["80", "8000-8100"],
        },
        (Mapping,),
        lambda: _fields(("last",), first=_port_schema(), last=_port_schema()),
    ),
    PortSet: _Form(
        {
            "pattern": f"^({_RANGES})?$",
            "description": "Ports and ranges of ports, inclusive, separated by commas.",
            "examples": ["80", "22,80,8000-8100"],
        },
        (list, tuple, set, frozenset),
        lambda: {"type": "list", "items_schema": _plain(_checked(values.port_item, PortSet))},
    ),
    TransportPorts: _Form(
        {
            "pattern": f"^({_WITH_TRANSPORT}( *, *{_WITH_TRANSPORT})*)?$",
            "description": "Ports and ranges with a transport, inclusive, separated by commas.",
            "examples": ["22/tcp", "22/tcp,53/udp,8000-8100/tcp"],
        },
        (Mapping,),
        lambda: {
            "type": "dict",
            "keys_schema": core_schema(Transport),
            "values_schema": core_schema(PortSet),
        },
    ),
    MaskedPort: _Form(
        {
            "pattern": f"^({_HEXADECIMAL}|{_PORT})(/{_HEXADECIMAL})?$",
            "description": "The ports that equal a value in the bits of a mask.",
            "examples": ["0x3e8/0xfff8"],
        },
        (Mapping,),
        lambda: _fields(value=_port_schema(), mask=_port_schema()),
    ),
    Endpoint: _Form(
        {
            "pattern": f"^.*:{_PORT}$",
            "description": "A host and a port. An IPv6 address is in brackets.",
            "examples": ["localhost:8080", "[2001:db8::1]:443", "*:80"],
        },
        (Mapping,),
        lambda: _fields(host={"type": "str"}, port=_port_schema()),
    ),
    Transport: _Form(
        {
            "enum": list(map(str, Transport)),
            "description": "A transport protocol.",
            "examples": ["tcp"],
        },
    ),
    Category: _Form(
        {
            "enum": list(map(str, Category)),
            "description": "A category of port numbers (RFC 6335).",
            "examples": ["user"],
        },
    ),
}
