"""The types of the library as fields of pydantic models, and so as parameters of FastAPI.

A core schema of pydantic is a dictionary, so nothing here imports pydantic. ``records.as_field``
gives a class the two methods that pydantic calls, and these load this module. ``Port``, the
annotation of a single port, is here because it imports ``typing``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from portranges import checks, types
from portranges.categories import Category
from portranges.endpoints import Endpoint
from portranges.errors import PortRangesError, PortSyntaxError, got
from portranges.ports import LAST_PORT, MaskedPort, PortRange, Transport, check_port, parse_port
from portranges.portset import PortSet, compact
from portranges.transport_ports import TransportPorts

__all__ = ["Port"]


class _PortType:
    """The metadata of ``Port``: a port as an integer, or as its text."""

    __slots__ = ()

    def __get_pydantic_core_schema__(
        self, source: object, handler: types.SchemaHandler
    ) -> types.Schema:
        """Return how pydantic validates and serialises a port."""
        return _port_schema()

    def __get_pydantic_json_schema__(
        self, core: object, handler: types.SchemaHandler
    ) -> types.Schema:
        """Return the JSON schema of a port."""
        return {
            "type": "integer",
            "minimum": 0,
            "maximum": LAST_PORT,
            "description": "A TCP or UDP port.",
            "examples": [443],
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


@dataclass(frozen=True, slots=True)
class _Form:
    """How a type is written as text, and which other values are read.

    ``read`` returns the value of a text or a number. ``parts`` is the schema of what ``made_of``
    is: a mapping or a list, of which ``combine`` makes the value. Without ``made_of``, neither is
    called.
    """

    read: Callable[[Any, Any], object]
    json: types.Schema
    made_of: tuple[type, ...] = ()
    parts: Callable[[], types.Schema] = dict
    combine: Callable[[Any, Any], object] = getattr


def core_schema(kind: type[Any]) -> types.Schema:
    """Return how pydantic validates and serialises *kind*, as a new dictionary."""
    form = _form_of(kind)
    if form is not None:
        # Sets have a private subclass.
        return _schema_of_form(PortSet if issubclass(kind, PortSet) else kind, form)
    to_data = {"type": "function-plain", "function": kind.to_dict, "when_used": "json"}
    return {**_instance(kind), "serialization": to_data}


def json_schema(kind: type[Any]) -> types.Schema:
    """Return the JSON schema of *kind*, as a new dictionary."""
    form = _form_of(kind)
    return {"type": "object"} if form is None else {"type": "string", **deepcopy(form.json)}


def _form_of(kind: type[Any]) -> _Form | None:
    return next((_FORMS[base] for base in kind.__mro__ if base in _FORMS), None)


def _schema_of_form(kind: type[Any], form: _Form) -> types.Schema:
    def read(value: object) -> object:
        return value if isinstance(value, kind) else form.read(kind, value)

    def read_or_combine(value: object, inner: types.SchemaHandler) -> object:
        is_made_of_parts = isinstance(value, form.made_of)
        return form.combine(kind, inner(value)) if is_made_of_parts else read(value)

    if form.made_of:
        lax = _wrap(_checked(read_or_combine, kind), form.parts())
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


def _port_schema() -> types.Schema:
    return {
        "type": "lax-or-strict",
        "lax_schema": _plain(_read_port),
        "strict_schema": {
            "type": "function-after",
            "function": _function(_read_port),
            "schema": {"type": "int", "strict": True},
        },
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
    """Return a function that refuses every other type, so that a union tries its next one."""

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


# -- what is read --------------------------------------------------------------


def _port(value: Any) -> int:
    return parse_port(value) if isinstance(value, str) else check_port(value)


_read_port = _checked(_port, int)


def _ports(value: Any) -> object:
    """Return the ports of one item of a list."""
    if isinstance(value, str):
        # Many ranges in little memory.
        return compact(PortSet.parse(value))
    return value if isinstance(value, (PortRange, PortSet, range)) else check_port(value)


def _range(kind: type[PortRange], value: Any) -> PortRange:
    if isinstance(value, str):
        return kind.parse(value)
    return kind.from_range(value) if isinstance(value, range) else kind(value)


def _set(_: object, value: object) -> PortSet:
    if isinstance(value, str):
        return PortSet.parse(value)
    items: Any = value
    if isinstance(value, Mapping):
        raise TypeError(f"ports must be a text, a number or a list, got {got(items)}")
    return PortSet(items if isinstance(value, Iterable) else [items])


def _set_with_transports(_: object, parts: Mapping[str, PortSet]) -> TransportPorts:
    return TransportPorts(parts)


def _masked(kind: type[MaskedPort], value: Any) -> MaskedPort:
    return kind.parse(value) if isinstance(value, str) else kind(value, LAST_PORT)


def _parsed(kind: Any, value: Any) -> object:
    return kind.parse(value)


def _word(kind: Any, value: Any) -> object:
    return checks.member(kind.__name__.lower(), value, kind)


def _from_fields(kind: Any, fields: Mapping[str, Any]) -> object:
    return kind(**fields)


def _fields(optional: tuple[str, ...] = (), **schemas: types.Schema) -> types.Schema:
    fields = {
        name: {"type": "typed-dict-field", "schema": schema, "required": name not in optional}
        for name, schema in schemas.items()
    }
    return {"type": "typed-dict", "fields": fields, "extra_behavior": "forbid"}


# -- the classes ---------------------------------------------------------------

_PORT = "[0-9]{1,5}"
_RANGE = f"{_PORT}(-{_PORT})?"
_RANGES = f"{_RANGE}( *, *{_RANGE})*"
_WITH_TRANSPORT = f"{_RANGE}/({'|'.join(Transport)})"
_HEXADECIMAL = "0x[0-9a-fA-F]{1,4}"

_FORMS: dict[type[Any], _Form] = {
    PortRange: _Form(
        _range,
        {
            "pattern": f"^{_RANGE}$",
            "description": "A port or a range of ports, inclusive.",
            "examples": ["80", "8000-8100"],
        },
        (Mapping,),
        lambda: _fields(("last",), first=_port_schema(), last=_port_schema()),
        _from_fields,
    ),
    PortSet: _Form(
        _set,
        {
            "pattern": f"^({_RANGES})?$",
            "description": "Ports and ranges of ports, inclusive, separated by commas.",
            "examples": ["80", "22,80,8000-8100"],
        },
        (list, tuple, set, frozenset),
        lambda: {"type": "list", "items_schema": _plain(_checked(_ports, PortSet))},
        _set,
    ),
    TransportPorts: _Form(
        _parsed,
        {
            "pattern": f"^({_WITH_TRANSPORT}( *, *{_WITH_TRANSPORT})*)?$",
            "description": "Ports and ranges with a transport, inclusive, separated by commas.",
            "examples": ["22/tcp", "22/tcp,53/udp,8000-8100/tcp"],
        },
        (Mapping,),
        lambda: {
            "type": "dict",
            "keys_schema": _schema_of_form(Transport, _FORMS[Transport]),
            "values_schema": _schema_of_form(PortSet, _FORMS[PortSet]),
        },
        _set_with_transports,
    ),
    MaskedPort: _Form(
        _masked,
        {
            "pattern": f"^({_HEXADECIMAL}|{_PORT})(/{_HEXADECIMAL})?$",
            "description": "The ports that equal a value in the bits of a mask.",
            "examples": ["0x3e8/0xfff8"],
        },
        (Mapping,),
        lambda: _fields(value=_port_schema(), mask=_port_schema()),
        _from_fields,
    ),
    Endpoint: _Form(
        _parsed,
        {
            "pattern": f"^.*:{_PORT}$",
            "description": "A host and a port. An IPv6 address is in brackets.",
            "examples": ["localhost:8080", "[2001:db8::1]:443", "*:80"],
        },
        (Mapping,),
        lambda: _fields(host={"type": "str"}, port=_port_schema()),
        _from_fields,
    ),
    Transport: _Form(
        _word,
        {
            "enum": list(map(str, Transport)),
            "description": "A transport protocol.",
            "examples": ["tcp"],
        },
    ),
    Category: _Form(
        _word,
        {
            "enum": list(map(str, Category)),
            "description": "A category of port numbers (RFC 6335).",
            "examples": ["user"],
        },
    ),
}
