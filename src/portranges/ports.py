"""Single ports, ranges of ports, masks over ports, and the transports.

Every port that enters the library passes ``check_port`` if it is a number and ``parse_port`` if
it is text. Sets of ports are in ``portset``, and the meaning of a port is in ``categories``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from operator import index

from portranges import covers, types
from portranges.errors import (
    InvalidPortError,
    InvalidRangeError,
    InvalidValueError,
    PortSyntaxError,
    UnknownNameError,
    base_60,
    elide,
    got,
)
from portranges.records import always_checked, as_field

__all__ = [
    "LAST_PORT",
    "MaskedPort",
    "PortRange",
    "Transport",
    "check_port",
    "check_transport",
    "check_transports",
    "parse_port",
]

LAST_PORT = 65535


def check_port(value: types.SupportsIndex) -> int:
    """Return *value* if it is a port number, and raise if it is not.

    Args:
        value: An ``int``, or an object with ``__index__`` such as a numpy
            integer. Port 0 is valid.

    Returns:
        The number as a plain ``int``, 0 to 65535.

    Raises:
        TypeError: *value* is not an integer, or is a ``bool``.
        InvalidPortError: *value* is outside 0 to 65535.

    Example:
        >>> check_port(443)
        443
        >>> check_port(70000)
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidPortError: port must be in 0..65535, got 70000
    """
    if type(value) is not int:
        value = as_int(value)
    if 0 <= value <= LAST_PORT:
        return value
    raise InvalidPortError(value)


def as_int(value: types.SupportsIndex) -> int:
    """Return *value* as a plain ``int``, or raise a TypeError that calls it a port."""
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        message = f"port must be an integer, got {got(value)}"
        if isinstance(value, str):
            message += f"; {_reader_of(str.__str__(value))}"
        raise TypeError(message)
    try:
        # The second call makes a plain int of an instance of a subclass.
        return int.__index__(index(value))
    except Exception as error:
        # An __index__ from outside can raise anything.
        raise TypeError(f"port must be an integer, got {got(value)}") from error


def _reader_of(text: str) -> str:
    """Return the hint for a text where a port is expected: what would read it."""
    if text in _TRANSPORTS:
        return "the transport comes after the port"
    if means_every_port(text):
        return "PortSet.full() has every port"
    without_signs = text.replace(",", "").replace("-", "")
    if without_signs != text and is_digits(text[0] + without_signs + text[-1]):
        return "PortSet.parse() reads several ports"
    if "/" in text:
        return "TransportPorts.parse() reads ports with a transport"
    if _is_endpoint(text):
        return "Endpoint.parse() reads a host and a port"
    # A long name would make the message long. A name has a letter (RFC 6335, section 5.1).
    is_name = len(text) < 40 and text.replace("-", "").isalnum() and any(map(str.isalpha, text))
    if is_name and text.isascii():
        return f"registry.ports({text!r}) returns the ports of a service"
    return "parse_port() reads text"


def parse_port(text: str) -> int:
    """Return the port number written in *text*.

    Args:
        text: ASCII decimal digits: no sign, space, underscore, or leading
            zero.

    Returns:
        The port, 0 to 65535.

    Raises:
        TypeError: *text* is not a ``str``.
        PortSyntaxError: *text* is anything else, or its number is above 65535.

    Example:
        >>> parse_port("443")
        443
        >>> parse_port("080")
        Traceback (most recent call last):
        ...
        portranges.errors.PortSyntaxError: port must have no leading zero, got '080'; write 80
            080
            ~~~
    """
    check_text(text)
    return parse_port_at(text, 0, len(text), is_neutral=True)


def check_text(text: object) -> None:
    """Raise a TypeError if the argument *text* is not a ``str``."""
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {got(text)}")


def parse_port_at(text: str, start: int, stop: int, *, is_neutral: bool = False) -> int:
    """Return the port written in ``text[start:stop]``, or raise an error with that span.

    This is the only function that turns text into a port; every parser of the library
    calls it. The hint for another notation of a number is for texts of the library's own
    notation: programs differ in what they read 010 as.
    """
    digits = text[start:stop]
    hint = ""
    if not is_digits(digits):
        rule = "port must be decimal digits"
        if means_every_port(digits):
            raise every_port_error(rule, text, start, stop)
        hint = _transport_hint(digits)
    elif len(digits) > 1 and digits[0] == "0":
        rule = "port must have no leading zero"
    # int() is called last, and for five digits at most: its time grows with the square of
    # the length, and it rejects very long texts.
    elif len(digits) <= 5 and (port := int(digits)) <= LAST_PORT:
        return port
    else:
        rule = f"port must be in 0..{LAST_PORT}"
        hint = base_60(int(digits)) if len(digits) <= 7 else ""
    if is_neutral and not hint:
        # The module with the hints is loaded when it is first needed, here and below.
        from portranges.fixes import fix_of

        fix = fix_of(digits)
        hint = f"; write {fix}" if fix.isdigit() else ""
    raise PortSyntaxError(f"{rule}, got {elide(digits)}{hint}", text, (start, stop))


def means_every_port(text: str) -> bool:
    """Return whether *text* is a word by which other programs mean every port."""
    return len(text) <= 3 and text.lower() in ("any", "all", "*")


def every_port_error(rule: str, text: str, start: int, stop: int) -> PortSyntaxError:
    """Return the error for such a word in ``text[start:stop]``."""
    return PortSyntaxError(
        f"{rule}, got {elide(text[start:stop])}; every port is written 0-{LAST_PORT}, "
        f"or 1-{LAST_PORT} without port 0",
        text,
        (start, stop),
    )


def is_digits(text: str) -> bool:
    """Return whether *text* consists of ASCII digits, at least one."""
    # isdigit() alone accepts the digits of every script, and superscripts.
    return text.isascii() and text.isdigit()


def parse_range_at(
    text: str, start: int, stop: int, names: str | None = None, suffix: str = ""
) -> tuple[int, int]:
    """Return the first and the last port of ``text[start:stop]``, such as 80 or 80-90.

    Args:
        text: The whole text.
        start: The first index of the range.
        stop: One past the last index.
        names: The hint for the name of a service; None if *text* is not a list.
        suffix: What follows every range of the list, such as ``"/tcp"``.
    """
    dash = text.find("-", start, stop)
    end = stop if dash < 0 else dash
    if not is_digits(text[start:end]) or (dash >= 0 and not is_digits(text[dash + 1 : stop])):
        raise _not_an_item(text, start, stop, names, suffix)
    first = parse_port_at(text, start, end, is_neutral=True)
    if dash < 0:
        return first, first
    last = parse_port_at(text, dash + 1, stop, is_neutral=True)
    if first > last:
        raise PortSyntaxError(
            f"first must not be greater than last, got {first}-{last}; "
            f"did you mean {last}-{first}?",
            text,
            (start, stop),
        )
    return first, last


def _not_an_item(
    text: str, start: int, stop: int, names: str | None, suffix: str
) -> PortSyntaxError:
    item = text[start:stop]
    if means_every_port(item):
        return every_port_error("expected a port or 'first-last'", text, start, stop)
    from portranges.fixes import fix_hint, fix_of

    fix = fix_of(item, suffix)
    is_list = names is not None
    # A list cannot replace a single range.
    hint = fix_hint(item, fix) if is_list or "," not in fix else ""
    if is_list and not suffix and "," in text and not item.strip(" \r\n"):
        return nothing_error("a port or 'first-last'", text, start, stop)
    if not hint and (hint := _transport_hint(item)):
        hint += ", or use TransportPorts.parse()"
    elif not hint and _is_endpoint(item):
        hint = "; Endpoint.parse() reads a host and a port"
    elif not hint and names and _is_like_a_name(item):
        hint = names
    elif not hint and is_list and "#" in item:
        hint = "; omit the comment"
    elif not hint and is_list and any(mark in item.strip() for mark in "; \t|"):
        hint = "; separate ports with ','"
    message = f"expected a port or 'first-last', got {elide(item)}{hint}"
    return PortSyntaxError(message, text, (start, stop))


def nothing_error(expected: str, text: str, start: int, stop: int) -> PortSyntaxError:
    """Return the error for a comma of a list without an item after it, or before it."""
    reason = f"expected {expected}, got nothing; omit the comma"
    return PortSyntaxError(reason, text, (start, stop))


def _is_like_a_name(item: str) -> bool:
    """Return whether *item* looks more like the name of a service than like a mistyped port."""
    if len(item) > 40 or not item.isascii() or not item.replace("-", "").isalnum():
        return False
    return sum(map(str.isalpha, item)) >= sum(map(str.isdigit, item))


def _is_endpoint(text: str) -> bool:
    """Return whether *text* looks like a host and a port."""
    host, _, port = text.rpartition(":")
    return bool(host) and is_digits(port) and (":" not in host or host[-1] == "]")


def _transport_hint(text: str) -> str:
    """Return the hint for a port or a range with a transport; ``""`` for any other text."""
    ports, slash, transport = text.rpartition("/")
    if transport in _TRANSPORTS and ports.replace("-", "").isalnum():
        return f"; omit {slash + transport!r}"
    return ""


@as_field
class Transport(StrEnum):
    """The four transports for which IANA registers ports.

    Source:
        RFC 6335, section 1.

    Example:
        >>> Transport("tcp")
        <Transport.TCP: 'tcp'>
    """

    TCP = "tcp"
    UDP = "udp"
    SCTP = "sctp"
    DCCP = "dccp"


# The call Transport("tcp") takes four times as long as a look-up in this dictionary.
_TRANSPORTS = {each.value: each for each in Transport}


def check_transport(value: str, *, among: tuple[Transport, ...] = ()) -> Transport:
    """Return the transport that *value* names, and raise if there is none.

    Args:
        value: A ``Transport``, or its value such as ``"tcp"``, in lower case.
        among: The transports that are allowed; empty means all four.

    Raises:
        TypeError: *value* is not a ``str``.
        UnknownNameError: *value* is not one of the four; the error suggests names that
            look like it.
        InvalidValueError: *value* is not in *among*.

    Example:
        >>> check_transport("udp")
        <Transport.UDP: 'udp'>
        >>> check_transport("sctp", among=(Transport.TCP, Transport.UDP))
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidValueError: transport must be tcp or udp, got 'sctp'
    """
    if not isinstance(value, str):
        raise TypeError(f"transport must be a Transport or its value, got {got(value)}")
    transport = _TRANSPORTS.get(str.__str__(value))
    if transport is None:
        raise _unknown_transport(str.__str__(value))
    if among and transport not in among:
        raise InvalidValueError(f"transport must be {' or '.join(among)}", elide(transport.value))
    return transport


def check_transports(
    value: types.TransportLike | types.Iterable[types.TransportLike] | None,
    *,
    among: tuple[Transport, ...] = (),
) -> tuple[Transport, ...]:
    """Return the transports that *value* names.

    Args:
        value: One transport, several, or ``None`` for all that are allowed.
        among: The transports that are allowed; empty means all four.

    Returns:
        At least one transport, in the order of *value*, without repetitions.

    Raises:
        TypeError: *value* is neither a ``str`` nor an iterable of them.
        UnknownNameError: A name is not one of the four transports.
        InvalidValueError: A transport is not in *among*, or *value* is empty.

    Example:
        >>> check_transports(("udp", "tcp"))
        (<Transport.UDP: 'udp'>, <Transport.TCP: 'tcp'>)
        >>> len(check_transports(None))
        4
    """
    if value is None:
        return among or tuple(Transport)
    if isinstance(value, str):
        return (check_transport(value, among=among),)
    # `import portranges` does not load it, and a single transport does not need it.
    from portranges.checks import one_or_many

    several = one_or_many("transport", value, str, what="a Transport or several")
    found = tuple(dict.fromkeys([check_transport(each, among=among) for each in several]))
    if not found:
        raise InvalidValueError("transport must name at least one transport", elide(value))
    return found


def parse_transport_at(text: str, start: int, stop: int) -> Transport:
    """Return the transport that ``text[start:stop]`` names, or raise a PortSyntaxError."""
    name = text[start:stop]
    transport = _TRANSPORTS.get(name)
    if transport is None:
        raise PortSyntaxError(str(_unknown_transport(name)), text, (start, stop))
    return transport


def _unknown_transport(name: str) -> UnknownNameError:
    from portranges.names import unknown

    return unknown("transport", name, _TRANSPORTS)


@as_field
@always_checked
@dataclass(frozen=True, slots=True, order=True, init=False)
class PortRange:
    """A range of ports, inclusive on both ends and never empty.

    Ranges are ordered by ``first``, then by ``last``. ``PortSet`` has the algebra of sets,
    and accepts ranges as operands.

    Attributes:
        first: The first port, 0 to 65535.
        last: The last port, ``first`` to 65535.

    Example:
        >>> PortRange(8000, 8100)
        PortRange(first=8000, last=8100)
        >>> len(PortRange(80)), 8001 in PortRange(8000, 8100)
        (1, True)
    """

    first: int
    last: int

    def __init__(self, first: types.SupportsIndex, last: types.SupportsIndex | None = None) -> None:
        """Make the range from *first* to *last*, or of *first* only.

        Raises:
            TypeError: A bound is not an integer.
            InvalidPortError: A bound is outside 0 to 65535.
            InvalidRangeError: ``first`` is greater than ``last``.
        """
        low = check_port(first)
        high = low if last is None else check_port(last)
        if low > high:
            raise InvalidRangeError(
                "first must not be greater than last",
                f"{low}-{high}; did you mean {high}-{low}?",
            )
        _set_first(self, low)
        _set_last(self, high)

    def __post_init__(self) -> None:
        """Check a range that pydantic or msgspec built without the constructor."""
        PortRange.__init__(self, self.first, self.last)

    @classmethod
    def parse(cls, text: str) -> types.Self:
        """Return the range written in *text*.

        Args:
            text: ``"80"`` or ``"8000-8100"``: one or two ports as ``parse_port``
                accepts them, inclusive, not reversed, without spaces.

        Raises:
            TypeError: *text* is not a ``str``.
            PortSyntaxError: *text* is anything else.

        Example:
            >>> PortRange.parse("8000-8100")
            PortRange(first=8000, last=8100)
        """
        check_text(text)
        return cls(*parse_range_at(text, 0, len(text)))

    @classmethod
    def from_range(cls, ports: range) -> types.Self:
        """Return a Python ``range``, whose end is exclusive, as a port range.

        Args:
            ports: A ``range`` with step 1 that is not empty.

        Raises:
            TypeError: *ports* is not a ``range``.
            InvalidPortError: A port is outside 0 to 65535.
            InvalidRangeError: *ports* is empty or has another step.

        Example:
            >>> PortRange.from_range(range(8000, 8101))
            PortRange(first=8000, last=8100)
        """
        if not isinstance(ports, range):
            raise TypeError(f"ports must be a range, got {got(ports)}")
        if not ports:
            raise InvalidRangeError("a port range must not be empty", elide(ports))
        if ports.step != 1 and ports[0] != ports[-1]:
            raise InvalidRangeError("a port range must have step 1", elide(ports))
        return cls(ports[0], ports[-1])

    def to_range(self) -> range:
        """Return the ports as a Python ``range``, whose end is exclusive.

        Example:
            >>> PortRange(8000, 8100).to_range()
            range(8000, 8101)
        """
        return range(self.first, self.last + 1)

    def __str__(self) -> str:
        """Return the text form, such as ``"80"`` or ``"8000-8100"``, which ``parse`` reads."""
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"

    def __format__(self, spec: str) -> str:
        """Return the text form, formatted as text."""
        return format(str(self), spec)

    def __rich_repr__(self) -> Iterator[int]:
        """Yield the arguments of the constructor, for rich."""
        yield self.first
        if self.last != self.first:
            yield self.last

    def _repr_pretty_(self, printer: types.Any, _cycle: bool) -> None:  # noqa: FBT001
        """Print a call of the constructor, for IPython."""
        printer.text(f"PortRange({', '.join(map(str, self.__rich_repr__()))})")

    def __len__(self) -> int:
        """Return the number of ports in the range, 1 to 65536."""
        return self.last - self.first + 1

    def __iter__(self) -> types.Iterator[int]:
        """Return an iterator over the ports, ascending."""
        return iter(range(self.first, self.last + 1))

    def __contains__(self, port: types.SupportsIndex) -> bool:
        """Return whether *port* is in the range; raise a TypeError if it is not an integer."""
        if type(port) is not int:
            port = as_int(port)
        return self.first <= port <= self.last

    def overlaps(self, other: PortRange) -> bool:
        """Return whether the ranges have a port in common.

        Args:
            other: The other range.

        Raises:
            TypeError: *other* is not a ``PortRange``.

        Example:
            >>> PortRange(80, 90).overlaps(PortRange(90, 99))
            True
        """
        _check_port_range(other)
        return self.first <= other.last and other.first <= self.last

    def adjoins(self, other: PortRange) -> bool:
        """Return whether one range ends just before the other begins.

        Args:
            other: The other range.

        Returns:
            True if the ranges have no port in common and no port between them.

        Raises:
            TypeError: *other* is not a ``PortRange``.

        Example:
            >>> PortRange(80, 89).adjoins(PortRange(90, 99))
            True
        """
        _check_port_range(other)
        return self.last + 1 == other.first or other.last + 1 == self.first

    def prefix_cover(self) -> tuple[MaskedPort, ...]:
        """Return the fewest prefix masks that cover exactly this range.

        Returns:
            1 to 30 masks, disjoint, ascending.

        Example:
            >>> [str(masked) for masked in PortRange(1000, 1023).prefix_cover()]
            ['0x3e8/0xfff8', '0x3f0/0xfff0']
        """
        return tuple([masked_of(*pair) for pair in covers.prefix_cover(self.first, self.last, 16)])

    def ternary_cover(self) -> tuple[MaskedPort, ...]:
        """Return the fewest masks of any form that cover exactly this range.

        The 1 bits of a ternary mask may be anywhere. Open vSwitch, tc and TCAM hardware accept such
        masks.

        Returns:
            1 to 28 masks, ascending by value and mask; they may overlap.

        Source:
            Schieber, Geist, Zaks, Discrete Applied Mathematics 149 (2005).

        Example:
            >>> len(PortRange(1, 65534).prefix_cover())
            30
            >>> len(PortRange(1, 65534).ternary_cover())
            16
        """
        return tuple([masked_of(*pair) for pair in covers.ternary_cover(self.first, self.last, 16)])


def _check_port_range(other: object) -> None:
    if not isinstance(other, PortRange):
        raise TypeError(f"other must be a PortRange, got {got(other)}")


@as_field
@always_checked
@dataclass(frozen=True, slots=True)
class MaskedPort:
    """All ports that equal ``value`` in the bits that are set in ``mask``.

    Attributes:
        value: 0 to 65535, with no bit outside ``mask``.
        mask: 0 to 65535; 65535 matches one port, 0 matches all.

    Example:
        >>> masked = MaskedPort(0x3E8, 0xFFF8)
        >>> print(masked)
        0x3e8/0xfff8
        >>> 1007 in masked, 1008 in masked, len(masked)
        (True, False, 8)
    """

    value: int
    mask: int

    def __post_init__(self) -> None:
        """Check the two numbers.

        Raises:
            TypeError: A number is not an integer.
            InvalidPortError: A number is outside 0 to 65535.
            InvalidRangeError: ``value`` has a bit outside ``mask``.
        """
        object.__setattr__(self, "value", check_port(self.value))
        object.__setattr__(self, "mask", check_port(self.mask))
        if self.value & ~self.mask:
            raise InvalidRangeError(
                "value must have no bit outside mask", f"{self.value:#x}/{self.mask:#x}"
            )

    @classmethod
    def parse(cls, text: str) -> types.Self:
        """Return the mask written in *text*.

        Args:
            text: ``"0x3e8/0xfff8"``: a value, decimal or hexadecimal, and a mask, hexadecimal,
                each with up to four hexadecimal digits. A port without a mask matches itself.

        Raises:
            TypeError: *text* is not a ``str``.
            PortSyntaxError: *text* is anything else.

        Example:
            >>> MaskedPort.parse("1000/0xfff8")
            MaskedPort(value=1000, mask=65528)
        """
        check_text(text)
        slash = text.find("/")
        end = len(text) if slash < 0 else slash
        value = _parse_hexadecimal_at(text, 0, end)
        if value is None:
            value = parse_port_at(text, 0, end)
        mask = LAST_PORT if slash < 0 else _parse_hexadecimal_at(text, slash + 1, len(text))
        if mask is None:
            message = (
                f"mask must be 0x and up to four hexadecimal digits, got {elide(text[slash + 1 :])}"
            )
            raise PortSyntaxError(message, text, (slash + 1, len(text)))
        if value & ~mask:
            message = f"value must have no bit outside mask, got {elide(text)}"
            raise PortSyntaxError(message, text, (0, len(text)))
        return cls(value, mask)

    def __str__(self) -> str:
        """Return ``"0x3e8/0xfff8"``, the form of Open vSwitch, which ``parse`` reads."""
        return f"{self.value:#x}/{self.mask:#x}"

    def __len__(self) -> int:
        """Return the number of ports that match, a power of two from 1 to 65536."""
        return 1 << 16 - self.mask.bit_count()

    def __contains__(self, port: types.SupportsIndex) -> bool:
        """Return whether *port* matches; raise a TypeError if it is not an integer."""
        if type(port) is not int:
            port = as_int(port)
        return 0 <= port <= LAST_PORT and port & self.mask == self.value


def _parse_hexadecimal_at(text: str, start: int, stop: int) -> int | None:
    """Return the number in ``text[start:stop]``, such as 0x3e8, or None if it is not one."""
    digits = text[start + 2 : stop]
    is_hexadecimal = 0 < len(digits) <= 4 and _HEXADECIMAL.issuperset(digits)
    return int(digits, 16) if text.startswith("0x", start, stop) and is_hexadecimal else None


_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")

_new = object.__new__
_set_first = PortRange.__dict__["first"].__set__
_set_last = PortRange.__dict__["last"].__set__
_set_value = MaskedPort.__dict__["value"].__set__
_set_mask = MaskedPort.__dict__["mask"].__set__


def range_of(first: int, last: int) -> PortRange:
    """Return ``PortRange(first, last)`` without checking the numbers."""
    made = _new(PortRange)
    _set_first(made, first)
    _set_last(made, last)
    return made


def masked_of(value: int, mask: int) -> MaskedPort:
    """Return ``MaskedPort(value, mask)`` without checking the numbers."""
    made = _new(MaskedPort)
    _set_value(made, value)
    _set_mask(made, mask)
    return made
