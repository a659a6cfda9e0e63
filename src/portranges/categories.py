"""The three categories of RFC 6335, and the category of one port or of many.

``registry`` has the service that a port is assigned to, and ``ephemeral`` the ranges from which
systems choose ephemeral ports.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import cache

from portranges import types
from portranges.errors import InvalidPortError
from portranges.ports import PortRange, as_int, check_port
from portranges.records import as_field

__all__ = ["ABSENT", "Category", "classify", "classify_many", "count_by_category"]

ABSENT = 255
"""What ``classify_many`` and ``flows.server_side_many`` return for a row without a port.

As a signed byte it is -1, which ``pandas.Categorical.from_codes`` reads as a missing value.
"""


@as_field
class Category(StrEnum):
    """The three ranges of port numbers, with the names of RFC 6335.

    The categories define how IANA assigns a number. They do not define which ports
    require privileges, which depends on the system, nor which ports a system allocates to
    outgoing connections: see ``portranges.ephemeral``.

    Source:
        RFC 6335, section 6.

    Example:
        >>> Category.DYNAMIC.ports
        PortRange(first=49152, last=65535)
        >>> Category.PRIVATE is Category.DYNAMIC
        True
    """

    SYSTEM = "system"
    USER = "user"
    DYNAMIC = "dynamic"
    WELL_KNOWN = SYSTEM
    REGISTERED = USER
    PRIVATE = DYNAMIC
    EPHEMERAL = DYNAMIC

    @property
    def ports(self) -> PortRange:
        """The ports of the category.

        Returns:
            The range, inclusive.

        Example:
            >>> Category.SYSTEM.ports
            PortRange(first=0, last=1023)
        """
        return _ROWS[self][0]

    @property
    def label(self) -> str:
        """The name of the category in RFC 6335.

        Returns:
            The name, such as ``"Dynamic Ports"``.

        Example:
            >>> Category.USER.label
            'User Ports'
        """
        return _ROWS[self][1]

    @property
    def other_labels(self) -> tuple[str, ...]:
        """Other names of the category.

        Returns:
            Names, the most common first.

        Example:
            >>> Category.DYNAMIC.other_labels
            ('Private Ports', 'Ephemeral Ports')
        """
        return _ROWS[self][2]

    @property
    def procedure(self) -> str:
        """How IANA assigns a number of the category.

        Returns:
            The registration procedures, or ``"never assigned"``.

        Example:
            >>> Category.SYSTEM.procedure
            'IETF Review or IESG Approval'
        """
        return _ROWS[self][3]

    @property
    def source(self) -> types.Source:
        """Where the range and the names come from.

        Example:
            >>> print(Category.DYNAMIC.source)
            RFC 6335, sections 6 and 8.1.2 (checked 2026-11)
        """
        # Importing the class takes longer than everything else here, and few programs need it.
        from portranges.source import cite

        return cite("RFC 6335", "sections 6 and 8.1.2")


# The range, label, other labels, and procedure of each category. A dataclass for them
# would make every import of the package slower than these three tuples do.
_ROWS: dict[Category, tuple[PortRange, str, tuple[str, ...], str]] = {
    Category.SYSTEM: (
        PortRange(0, 1023),
        "System Ports",
        ("Well Known Ports",),
        "IETF Review or IESG Approval",
    ),
    Category.USER: (
        PortRange(1024, 49151),
        "User Ports",
        ("Registered Ports",),
        "IETF Review, IESG Approval or Expert Review",
    ),
    Category.DYNAMIC: (
        PortRange(49152, 65535),
        "Dynamic Ports",
        ("Private Ports", "Ephemeral Ports"),
        "never assigned",
    ),
}


def classify(port: types.SupportsIndex) -> Category:
    """Return the category of *port*.

    Args:
        port: A port number, 0 to 65535.

    Raises:
        TypeError: *port* is not an integer.
        InvalidPortError: *port* is outside 0 to 65535.

    Source:
        RFC 6335, section 6.

    Example:
        >>> classify(60454)
        <Category.DYNAMIC: 'dynamic'>
    """
    # The checks of check_port() and the boundaries of the rows are repeated here: a call, or
    # an attribute such as Category.SYSTEM, would double the time.
    if type(port) is not int:
        port = as_int(port)
    if port < 1024:
        if port >= 0:
            return _SYSTEM
    elif port < 49152:
        return _USER
    elif port < 65536:
        return _DYNAMIC
    raise InvalidPortError(port)


_SYSTEM, _USER, _DYNAMIC = Category


def classify_many(
    ports: types.PortNumbers,
    *,
    byteorder: types.ByteOrder = sys.byteorder,
    invalid: types.InvalidPorts = "raise",
) -> bytes:
    r"""Return the category of each port as a number.

    Args:
        ports: A buffer, an array or a column of integers of any width: bytes, an ``array``, a
            numpy array, a column of pandas, polars or pyarrow; or an iterable of integers.
            Bytes are read as two per port.
        byteorder: ``"little"`` or ``"big"``: the order of the bytes of a number, if *ports*
            does not define it itself.
        invalid: What to do with a row without a port, which is null or outside 0 to 65535:
            ``"raise"`` an error, or return ``ABSENT`` for it (``"absent"``).

    Returns:
        One byte per port, the index of its category in ``tuple(Category)`` (0 is system, 1 user, 2
        dynamic). A row without a port has 255, ``ABSENT``.

    Raises:
        TypeError: *ports* is of another type, or contains something that is not an integer,
            such as floating point numbers.
        InvalidPortError: A number is outside 0 to 65535; the error has its position.
        InvalidValueError: A row is null, the number of bytes is odd, or *byteorder* or
            *invalid* is unknown.

    Complexity:
        Linear. For a buffer or a column, no Python code is executed for each port.

    Source:
        RFC 6335, section 6.

    Example:
        >>> classify_many([80, 8080, 60454])
        b'\x00\x01\x02'
        >>> classify_many(b"\x00\x50\xec\x26", byteorder="big")
        b'\x00\x02'
        >>> classify_many([80, None, 70000], invalid="absent")
        b'\x00\xff\xff'
    """
    from portranges.columns import PortReader
    from portranges.scan import look_up_all

    reader = PortReader(ports, byteorder=byteorder, check=check_port, invalid=invalid)
    return look_up_all(_plan_of_codes(), reader, ABSENT)


@types.overload
def count_by_category(
    ports: types.PortNumbers,
    *,
    byteorder: types.ByteOrder = ...,
    invalid: types.Raise = ...,
) -> dict[Category, int]: ...
@types.overload
def count_by_category(
    ports: types.PortNumbers,
    *,
    byteorder: types.ByteOrder = ...,
    invalid: types.InvalidPorts,
) -> dict[Category | None, int]: ...
def count_by_category(
    ports: types.PortNumbers,
    *,
    byteorder: types.ByteOrder = sys.byteorder,
    invalid: types.InvalidPorts = "raise",
) -> dict[Category, int] | dict[Category | None, int]:
    """Count the ports of each category.

    Args:
        ports: The ports, in any form that ``classify_many`` accepts. An iterable is read
            piece by piece, so it may be a long stream.
        byteorder: See ``classify_many``.
        invalid: What to do with a row without a port: ``"raise"`` an error, or count it as
            ``None`` (``"absent"``).

    Returns:
        The number of ports of each category, in the order of the categories. A port that
        occurs several times is counted each time. With ``invalid="absent"``, the number of
        rows without a port follows, with the key ``None``.

    Raises:
        TypeError: *ports* is of another type, or contains something that is not an integer.
        InvalidPortError: A number is outside 0 to 65535; the error has its position.
        InvalidValueError: A row is null, the number of bytes is odd, or *byteorder* or
            *invalid* is unknown.

    Complexity:
        Linear, in bounded memory.

    Example:
        >>> {category.value: n for category, n in count_by_category([80, 80, 60454]).items()}
        {'system': 2, 'user': 0, 'dynamic': 1}
        >>> count_by_category([80, None, 70000], invalid="absent")[None]
        2
    """
    from portranges.chunks import count
    from portranges.columns import PortReader
    from portranges.scan import look_up

    reader = PortReader(ports, byteorder=byteorder, check=check_port, invalid=invalid)
    counts: dict[Category | None, int] = dict.fromkeys(Category, 0)
    for answers in look_up(_plan_of_codes(), reader, ABSENT):
        for code, category in enumerate(Category):
            counts[category] += count(answers, code)
    if invalid == "absent":
        counts[None] = reader.invalid
    return counts


@cache
def _plan_of_codes() -> types.Plan:
    # Built, and its module loaded, when it is first needed: most programs never classify
    # many ports.
    from portranges.scan import plan_of

    return plan_of(b"".join(bytes([code]) * len(each.ports) for code, each in enumerate(Category)))
