"""Records that are valid however they are built, and their data for JSON.

A record is a frozen dataclass that checks its fields in ``__post_init__``, which the
constructor, ``dataclasses.replace``, pydantic, msgspec and cattrs call. ``always_checked``
closes the ways around that method.
"""

from __future__ import annotations

from collections.abc import Iterator

from portranges import types


def always_checked(kind: type[types.T]) -> type[types.T]:
    """Make copies and pickles of the frozen dataclass *kind* call its constructor.

    ``dataclass(frozen=True, slots=True)`` adds a ``__setstate__`` that stores any values
    unchecked; it is removed. A ``__reduce__`` that the class defines itself is kept.

    Args:
        kind: The class, with the decorator ``dataclass`` applied.

    Returns:
        The same class.

    Example:
        >>> import copy
        >>> from dataclasses import dataclass
        >>> @always_checked
        ... @dataclass(frozen=True, slots=True)
        ... class Percentage:
        ...     value: int
        ...     def __post_init__(self):
        ...         if not 0 <= self.value <= 100:
        ...             raise ValueError("a percentage must be in 0..100")
        >>> wrong = object.__new__(Percentage)
        >>> object.__setattr__(wrong, "value", 101)
        >>> copy.copy(wrong)
        Traceback (most recent call last):
        ...
        ValueError: a percentage must be in 0..100
    """
    for name in ("__getstate__", "__setstate__"):
        if name in vars(kind):
            delattr(kind, name)
    if "__reduce__" not in vars(kind):
        setattr(kind, "__reduce__", _reduce)  # noqa: B010 - a type checker refuses the assignment
    return shown_by_fields(kind)


def shown_by_fields(kind: type[types.T]) -> type[types.T]:
    """Make rich and IPython show the dataclass *kind* by its fields that are not the default.

    A class that has a ``__repr__`` of its own is shown by that.

    Args:
        kind: The class, with the decorator ``dataclass`` applied.

    Returns:
        The same class.

    Example:
        >>> from dataclasses import dataclass
        >>> @shown_by_fields
        ... @dataclass
        ... class Listener:
        ...     port: int
        ...     backlog: int = 0
        >>> list(Listener(80).__rich_repr__())
        [('port', 80), ('backlog', 0, 0)]
    """
    if hasattr(vars(kind).get("__repr__"), "__wrapped__"):
        for name, method in (("__rich_repr__", rich_fields), ("_repr_pretty_", pretty_fields)):
            if name not in vars(kind):
                setattr(kind, name, method)
    return kind


def _reduce(record: types.Any) -> tuple[types.Any, ...]:
    kind = record.__class__
    fields: list[types.Any] = [each for each in kind.__dataclass_fields__.values() if each.init]
    if any(each.kw_only for each in fields):
        return construct, (kind, {each.name: getattr(record, each.name) for each in fields})
    return kind, tuple([getattr(record, each.name) for each in fields])


def rich_fields(record: types.Any) -> Iterator[tuple[types.Any, ...]]:
    """Yield the fields as ``__rich_repr__`` does: rich leaves out a value that is the default.

    Example:
        >>> from portranges import Source
        >>> next(rich_fields(Source(document="RFC 6335", checked="2026-11")))
        ('document', 'RFC 6335')
    """
    for field in record.__dataclass_fields__.values():
        if field.repr:
            # A field without a default has a marker of dataclasses there, which equals no other
            # value.
            has_default = field.default.__class__.__name__ != "_MISSING_TYPE"
            value = field.name, getattr(record, field.name)
            yield (*value, field.default) if has_default else value


def pretty_fields(record: types.Any, printer: types.Any, cycle: bool) -> None:  # noqa: FBT001
    """Print the fields as ``_repr_pretty_`` does for IPython, without those that are the default.

    Example:
        >>> from portranges import Source
        >>> class Printer:
        ...     text = staticmethod(print)
        >>> pretty_fields(Source(document="RFC 6335", checked="2026-11"), Printer(), cycle=True)
        Source(...)
    """
    name = record.__class__.__name__
    if cycle:
        printer.text(f"{name}(...)")
        return
    shown = [each for each in rich_fields(record) if each[2:] != each[1:2]]
    with printer.group(len(name) + 1, f"{name}(", ")"):
        for place, (field, value, *_) in enumerate(shown):
            if place:
                printer.text(",")
                printer.breakable()
            printer.text(f"{field}=")
            printer.pretty(value)


def construct(kind: type[types.T], fields: dict[str, object]) -> types.T:
    """Return *kind* made of *fields*: what a pickle calls if the constructor has keywords only.

    Example:
        >>> from portranges import Source
        >>> print(construct(Source, {"document": "RFC 6335", "checked": "2026-11"}))
        RFC 6335 (checked 2026-11)
    """
    return kind(**fields)


def as_field(kind: type[types.T]) -> type[types.T]:
    """Give *kind* the methods that pydantic calls for a field of that type.

    Args:
        kind: The class.

    Returns:
        The same class.

    Example:
        >>> from portranges import PortSet
        >>> PortSet.__get_pydantic_json_schema__({}, None)["examples"]
        ['80', '22,80,8000-8100']
    """
    setattr(kind, "__get_pydantic_core_schema__", classmethod(_core_schema))  # noqa: B010
    setattr(kind, "__get_pydantic_json_schema__", classmethod(_json_schema))  # noqa: B010
    return kind


# pydantic calls these when a model is defined. Its other arguments are for types that change the
# schema of another type.


def _core_schema(kind: type[object], *_: object) -> types.Schema:
    from portranges import fields

    return fields.core_schema(kind)


def _json_schema(kind: type[object], *_: object) -> types.Schema:
    from portranges import fields

    return fields.json_schema(kind)


def as_data(record: object, *names: str) -> dict[str, types.Any]:
    """Return *record* as data for JSON, with a key for each of *names*, or for each field.

    Args:
        record: A dataclass, or with *names* any object.
        names: The attributes to include, in this order.

    Example:
        >>> from dataclasses import dataclass
        >>> from portranges import PortSet, Transport
        >>> @dataclass
        ... class Use:
        ...     transport: Transport
        ...     ports: PortSet
        >>> as_data(Use(Transport.TCP, PortSet([80, 81])))
        {'transport': 'tcp', 'ports': '80-81'}
    """
    wanted = names or types.cast("types.Any", record).__dataclass_fields__
    return {name: value_as_data(getattr(record, name)) for name in wanted}


def value_as_data(value: types.Any) -> types.Any:
    """Return *value*, a part of a record, as data for JSON.

    A value with ``to_dict`` becomes its data, a tuple a list, and a record without a text form a
    dictionary of its fields. Anything else that JSON cannot represent, such as a set of ports or a
    source, becomes its text. ``json.dumps`` accepts this function as its argument *default*.

    Example:
        >>> from portranges import PortSet, Transport
        >>> value_as_data((Transport.TCP, PortSet([80, 81]), 7, None))
        ['tcp', '80-81', 7, None]
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, tuple):
        return [value_as_data(each) for each in types.cast("tuple[object, ...]", value)]
    if hasattr(value, "to_dict"):
        return value.to_dict()
    # A dataclass has no __str__ unless it defines one.
    return as_data(value) if value.__class__.__str__ is object.__str__ else str(value)
