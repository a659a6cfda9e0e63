"""Checks of arguments other than ports, with messages of one form.

Each returns the value in the type that the caller computes with, or raises ``TypeError`` or
``InvalidValueError`` with the rule, what was given, and a hint if one fits. Ports and
transports have checks of their own in ``portranges.ports``.
"""

from __future__ import annotations

from operator import index

from portranges import types
from portranges.errors import InvalidValueError, UnknownNameError, elide, got

# Larger than any real count, and small enough that the product of two fits into a float.
_LARGEST = 10**100

_TEXTS: tuple[type, ...] = (str, bytes, bytearray, memoryview)


def of_type(
    name: str,
    value: object,
    kind: type[types.T],
    *,
    optional: bool = False,
    hint: str = "",
) -> types.T:
    """Return *value*, the argument *name*, if it is a *kind*.

    A ``bool`` is not accepted as an ``int``.

    Args:
        name: The argument's name, for the message.
        value: The argument.
        kind: Its type.
        optional: Whether None is accepted too.
        hint: What may have been meant, for the message.

    Raises:
        TypeError: It is not a *kind*.

    Example:
        >>> of_type("name", b"linux", str)
        Traceback (most recent call last):
        ...
        TypeError: name must be a str, got bytes b'linux'
    """
    if type(value) is kind:
        return value
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return plain(value)
    if optional and value is None:
        return types.cast("types.T", value)
    article = "an" if kind.__name__[0] in "AEIOaeiou" else "a"
    rule = f"{name} must be {article} {kind.__name__}{' or None' if optional else ''}"
    raise TypeError(f"{rule}, got {got(value)}{f'; {hint}' if hint else ''}")


def plain(value: types.T) -> types.T:
    """Return *value* as a plain str, int or float if it is an instance of a subclass of one.

    A subclass may override comparison, hash and text, and these may raise.

    Example:
        >>> from portranges import Transport
        >>> plain(Transport.TCP)
        'tcp'
    """
    if isinstance(value, str):
        return types.cast("types.T", str.__str__(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return types.cast("types.T", int.__index__(value))
    return types.cast("types.T", float.__float__(value)) if isinstance(value, float) else value


def flag(name: str, value: object) -> bool:
    """Return *value*, the argument *name*, if it is a ``bool``.

    Raises:
        TypeError: It is not a ``bool``; 0, 1 and None are rejected.

    Example:
        >>> flag("current", "yes")
        Traceback (most recent call last):
        ...
        TypeError: current must be a bool, got str 'yes'
    """
    return of_type(name, value, bool)


def byteorder(value: str) -> types.ByteOrder:
    """Return *value*, the argument ``byteorder``, if it is one of the two.

    Raises:
        TypeError: It is not a ``str``.
        InvalidValueError: It is neither ``"little"`` nor ``"big"``.

    Example:
        >>> byteorder("network")
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidValueError: byteorder must be 'little' or 'big', got 'network'
    """
    return types.cast("types.ByteOrder", _one_of("byteorder", value, "little", "big"))


def invalid(value: str) -> types.InvalidPorts:
    """Return *value*, the argument ``invalid``, if it is one of the two.

    Raises:
        TypeError: It is not a ``str``.
        InvalidValueError: It is neither ``"raise"`` nor ``"absent"``.

    Example:
        >>> invalid("ignore")
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidValueError: invalid must be 'raise' or 'absent', got 'ignore'
    """
    return types.cast("types.InvalidPorts", _one_of("invalid", value, "raise", "absent"))


def _one_of(name: str, value: str, *words: str) -> str:
    found = of_type(name, value, str)
    if found not in words:
        raise InvalidValueError(f"{name} must be {' or '.join(map(repr, words))}", elide(found))
    return found


def tuple_of(
    name: str, value: object, kind: type[types.T], *, least: int = 0
) -> tuple[types.T, ...]:
    """Return *value*, the field *name* of a record, if it is a tuple of *kind*.

    Args:
        name: The field's name, for the message.
        value: The field.
        kind: The type of each item.
        least: How many items there must be at least.

    Raises:
        TypeError: *value* is not a tuple, or an item is not a *kind*.
        InvalidValueError: It has fewer items.

    Example:
        >>> tuple_of("aliases", ["tcpdump"], str)
        Traceback (most recent call last):
        ...
        TypeError: aliases must be a tuple, got list ['tcpdump']
    """
    items = types.cast("tuple[object, ...]", of_type(name, value, tuple))
    if len(items) < least:
        raise InvalidValueError(f"{name} must have at least {least} item", elide(items))
    return tuple([of_type(f"each of {name}", each, kind) for each in items])


def fields(record: object, /, **checks: types.FieldCheck) -> None:
    """Check fields of *record*, each by its type, or by a function of its name and value.

    Raises:
        TypeError: A field has another type.
        InvalidValueError: Its value is out of range.

    Example:
        >>> from types import SimpleNamespace
        >>> fields(SimpleNamespace(name="init", pid=-1), name=str, pid=integer)
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidValueError: pid must be at least 0, got -1
    """
    for name, check in checks.items():
        value = getattr(record, name)
        if type(value) is check:
            continue
        if isinstance(check, type):
            of_type(name, value, check)
        else:
            check(name, value)


def optional(check: types.FieldCheck) -> types.FieldCheck:
    """Return the check for ``fields`` that accepts None too.

    Example:
        >>> from types import SimpleNamespace
        >>> fields(SimpleNamespace(uid=None), uid=optional(integer))
    """

    def check_value(name: str, value: types.Any) -> None:
        if isinstance(check, type):
            of_type(name, value, check, optional=True)
        elif value is not None:
            check(name, value)

    return check_value


def tuple_with(kind: type[object], *, least: int = 0) -> types.FieldCheck:
    """Return the check for ``fields`` of a tuple of *least* or more values of *kind*.

    Example:
        >>> from types import SimpleNamespace
        >>> fields(SimpleNamespace(names=("sshd",)), names=tuple_with(str))
    """
    return lambda name, value: tuple_of(name, value, kind, least=least)


def filled(name: str, value: object) -> str:
    """Return *value*, the argument *name*, if it is a ``str`` that is not empty.

    Raises:
        TypeError: It is not a ``str``.
        InvalidValueError: It is empty.

    Example:
        >>> filled("name", "")
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidValueError: name must not be empty, got ''
    """
    text = of_type(name, value, str)
    if not text:
        raise InvalidValueError(f"{name} must not be empty", "''")
    return text


def integer(
    name: str,
    value: types.SupportsIndex,
    *,
    least: int = 0,
    most: int | None = None,
    error: types.ValueErrorKind = InvalidValueError,
) -> int:
    """Return *value*, the argument *name*, as an integer in *least* to *most*.

    Args:
        name: The argument's name, for the message.
        value: An integer, or an object with ``__index__``; not a ``bool``.
        least: The smallest value accepted.
        most: The largest value accepted; by default a bound that only keeps the later
            arithmetic in range.
        error: The exception for a value outside the bounds.

    Raises:
        TypeError: *value* is not an integer.
        InvalidValueError: It is outside the bounds; or *error*.

    Example:
        >>> integer("pid", -1)
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidValueError: pid must be at least 0, got -1
    """
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise TypeError(f"{name} must be an integer, got {got(value)}")
    try:
        found = int.__index__(index(value))
    except Exception as failure:
        # An __index__ from outside can raise anything.
        raise TypeError(f"{name} must be an integer, got {got(value)}") from failure
    if found < least or found > (_LARGEST if most is None else most):
        if most is not None:
            rule = f"in {least}..{most}"
        elif found < least:
            rule = f"at least {least}"
        else:
            rule = f"at most {_LARGEST:.0e}"
        raise error(f"{name} must be {rule}", elide(found))
    return found


def number(
    name: str,
    value: float,
    *,
    above: float | None = None,
    most: float | None = None,
    error: types.ValueErrorKind = InvalidValueError,
) -> float:
    """Return *value*, the argument *name*, as a finite number that is not negative.

    Args:
        name: The argument's name, for the message.
        value: An ``int`` or ``float``, not a ``bool``.
        above: A number that it must be greater than.
        most: The largest value accepted; by default a bound that only keeps the later
            arithmetic in range.
        error: The exception for a value outside the bounds.

    Raises:
        TypeError: *value* is not a number.
        InvalidValueError: It is outside the bounds, or not finite; or *error*.

    Example:
        >>> number("timeout", 0, above=0)
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidValueError: timeout must be greater than 0, got 0
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, got {got(value)}")
    value = plain(value)
    # NaN fails every comparison.
    if most is not None:
        if not 0 <= value <= most:
            raise error(f"{name} must be in 0..{most:g}", elide(value))
    elif value > _LARGEST:
        raise error(f"{name} must be at most {_LARGEST:.0e}", elide(value))
    if above is not None:
        if not value > above:
            raise error(f"{name} must be greater than {above:g}", elide(value))
    elif not value >= 0:
        raise error(f"{name} must not be negative", elide(value))
    return value


def services(value: types.Services | None) -> types.Services | None:
    """Return *value*, the argument ``services``, if it can look up the ports of a name, or None.

    Raises:
        TypeError: It is neither.

    Example:
        >>> services("/etc/services")
        Traceback (most recent call last):
        ...
        TypeError: services must be a registry, got str '/etc/services'
    """
    if value is None or (callable(getattr(value, "ports", None)) and not isinstance(value, type)):
        return value
    raise TypeError(f"services must be a registry, got {got(value)}")


def word(name: str, value: str, known: types.Iterable[str], *, kind: str = "") -> str:
    """Return *value*, the argument *name*, if it is one of the *known* words.

    Args:
        name: The argument's name, for the message.
        value: The argument.
        known: The words that are accepted.
        kind: What the words are, if that is not *name*.

    Raises:
        TypeError: *value* is not a ``str``.
        UnknownNameError: It is not one of the words; the message suggests similar ones.

    Example:
        >>> word("filling", "selv", ("random", "self"))
        Traceback (most recent call last):
        ...
        portranges.errors.UnknownNameError: unknown filling, got 'selv'; did you mean 'self'?
    """
    words = tuple(known)
    value = of_type(name, value, str)
    if value in words:
        return value
    raise _unknown(kind or name, value, words)


def member(name: str, value: str, words: type[types.Word], *, kind: str = "") -> types.Word:
    """Return the member of the enumeration *words* that *value*, the argument *name*, means.

    Args:
        name: The argument's name, for the message.
        value: A member or its value.
        words: The ``StrEnum``.
        kind: What its members are, if that is not *name*.

    Raises:
        TypeError: *value* is neither a member nor a ``str``.
        UnknownNameError: No member has that value; the message suggests similar ones.

    Example:
        >>> from portranges.source import Confidence
        >>> member("confidence", "source", Confidence)
        <Confidence.SOURCE: 'source'>
        >>> member("word", "sauce", Confidence)
        Traceback (most recent call last):
        ...
        portranges.errors.UnknownNameError: unknown word, got 'sauce'; did you mean 'source'?
    """
    if isinstance(value, words):
        return value
    value = of_type(name, value, str)
    try:
        return words(value)
    except ValueError:
        raise _unknown(kind or name, value, map(str, words)) from None


def _unknown(kind: str, value: str, known: types.Iterable[str]) -> UnknownNameError:
    # Most programs misspell nothing and need no suggestions.
    from portranges.names import unknown

    return unknown(kind, value, known)


def one_or_many(
    name: str, value: object, one: type[types.T] | tuple[type[types.T], ...], *, what: str
) -> tuple[types.T, ...]:
    """Return *value*, the argument *name*, as a tuple: itself if it is a *one*, else its items.

    Args:
        name: The argument's name, for the message.
        value: One object, or an iterable of such objects.
        one: The type, or the types, of one.
        what: What it must be, for the message, as ``"a name or an iterable of names"``. Bytes
            are not an iterable of anything here.

    Raises:
        TypeError: *value* is neither one nor an iterable, or an item is not a *one*.

    Example:
        >>> one_or_many("systems", "linux", str, what="a name or an iterable of names")
        ('linux',)
        >>> one_or_many("systems", ["linux", "macos"], str, what="a name or an iterable of names")
        ('linux', 'macos')
    """
    if isinstance(value, one):
        return (plain(value),)
    # A text of another type is a mistake; iterating over bytes would report integers instead.
    if isinstance(value, _TEXTS) or not hasattr(type(value), "__iter__"):
        raise TypeError(f"{name} must be {what}, got {got(value)}")
    found: list[types.T] = []
    for each in types.cast("types.Iterable[object]", value):
        if not isinstance(each, one):
            raise TypeError(f"{name} must be {what}, got {got(each)} in it")
        found.append(plain(each))
    return tuple(found)
