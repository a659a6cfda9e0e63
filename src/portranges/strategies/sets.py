"""Strategies for ports, ranges, sets, masks, transports and profiles.

Half of the numbers are drawn evenly, the other half near the ports at which something changes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import accumulate

from hypothesis import strategies as st

from portranges import checks, types
from portranges.errors import InvalidValueError, elide
from portranges.ports import MaskedPort, PortRange, Transport
from portranges.portset import PortSet
from portranges.transport_ports import TransportPorts

_LAST = 65535

# The last port before a boundary and the first one after it.
_EDGES = (
    (0, 1),
    (1023, 1024),
    (4999, 5000),
    (32767, 32768),
    (49151, 49152),
    (60999, 61000),
    (65534, 65535),
)

# Parts of a set, the simplest first: a later kind shrinks to an earlier one. A comb is every n-th
# port of a range; a hole is removed from the other parts.
_KIND = st.sampled_from(("port", "range", "comb", "long", "port"))
_HOLE = st.sampled_from(("port", "port", "port", "range"))
_STEP = st.integers(2, 9)

# The most ranges of a set near whose ends ports are drawn.
_MOST_EDGES = 16

# Transports that get the same ports.
_TOGETHER = st.sampled_from(
    (*((each,) for each in Transport), (Transport.TCP, Transport.UDP), tuple(Transport))
)

# The most ranges of a comb: Hypothesis prints the failing example, and tens of thousands of ranges
# are not readable.
_TEETH = 1000

# Repeated here, so that a strategy can test categories.py.
_CATEGORIES = {"system": (0, 1023), "user": (1024, 49151), "dynamic": (49152, 65535)}


def ports(
    *,
    min_value: int = 0,
    max_value: int = _LAST,
    category: str | None = None,
    among: types.PortItems | None = None,
) -> st.SearchStrategy[int]:
    """Return a strategy for port numbers.

    Shrinks towards the smallest port.

    Args:
        min_value: The smallest port to draw, 0 to 65535.
        max_value: The greatest port to draw, inclusive.
        category: Draw only from this category of RFC 6335: a ``Category``,
            or its value as a ``str``.
        among: Draw only from these ports: a set, a range, or any iterable that ``PortSet``
            accepts. Half of the ports are then drawn near the ends of its ranges.

    Returns:
        A strategy for ``int``.

    Raises:
        TypeError: A bound is not an ``int``, the category is not a ``str``, or *among* is not
            a set of ports.
        InvalidPortError: *among* has an integer outside 0 to 65535.
        InvalidValueError: A bound is outside 0 to 65535, the category is unknown, or
            there is no port to draw.

    Example:
        >>> from hypothesis import find
        >>> find(ports(), lambda port: port > 2000)
        2001
        >>> find(ports(category="dynamic"), lambda port: True)
        49152
        >>> find(ports(among=[22, 443, 8080]), lambda port: port > 100)
        443
    """
    low, high = _bounds(min_value, max_value, category)
    if among is None:
        return _ports_between(low, high)
    found = PortSet(among) & PortRange(low, high)
    if not found:
        raise InvalidValueError(f"among must have a port in {low}..{high}", "none")
    return _ports_of(found.ranges)


def port_ranges(
    *, min_value: int = 0, max_value: int = _LAST, category: str | None = None
) -> st.SearchStrategy[PortRange]:
    """Return a strategy for ``PortRange`` objects.

    Both ends are drawn like ``ports``. Shrinks towards a small first port, then towards a
    small last one.

    Args:
        min_value: The smallest port of any range, 0 to 65535.
        max_value: The greatest port of any range, inclusive.
        category: Draw only from this category of RFC 6335: a ``Category``,
            or its value as a ``str``.

    Raises:
        TypeError: A bound is not an ``int``, or the category is not a ``str``.
        InvalidValueError: A bound is outside 0 to 65535, the category is unknown, or
            there is no port to draw.

    Example:
        >>> from hypothesis import find
        >>> find(port_ranges(min_value=1024), lambda ports: len(ports) > 100)
        PortRange(first=1024, last=1124)
    """
    return _ranges_between(*_bounds(min_value, max_value, category))


def port_sets(
    *,
    min_value: int = 0,
    max_value: int = _LAST,
    category: str | None = None,
    min_size: int = 0,
    max_size: int | None = None,
) -> st.SearchStrategy[PortSet]:
    """Return a strategy for ``PortSet`` objects.

    Draws the empty set and the full one, few ports, long ranges, hundreds of
    ranges (every n-th port), everything but a few ports, and mixtures. Shrinks
    towards few and small ports.

    Args:
        min_value: The smallest port of any set, 0 to 65535.
        max_value: The greatest port of any set, inclusive.
        category: Draw only from this category of RFC 6335: a ``Category``,
            or its value as a ``str``.
        min_size: The smallest number of ports in a set.
        max_size: The greatest number of ports in a set, inclusive. ``None`` means no limit.

    Raises:
        TypeError: A bound or a size is not an ``int``, or the category is not a ``str``.
        InvalidValueError: A bound is outside 0 to 65535, the category is unknown, there is no
            port to draw, or no set has such a size.

    Example:
        >>> from hypothesis import find
        >>> find(port_sets(), lambda ports: len(ports) > 2)
        PortSet.parse('0-2')
        >>> find(port_sets(min_value=1024, min_size=1), lambda ports: True)
        PortSet.parse('1024')
    """
    low, high = _bounds(min_value, max_value, category)
    most = high - low + 1
    if max_size is None:
        max_size = most
    _check_order("size", min_size, max_size, most)
    return _port_sets(low, high, min_size, max_size)


def masked_ports() -> st.SearchStrategy[MaskedPort]:
    """Return a strategy for ``MaskedPort`` objects.

    Shrinks towards few and small bits.

    Returns:
        A strategy for ``MaskedPort``, prefixes and masks of any other form.

    Example:
        >>> from hypothesis import find
        >>> print(find(masked_ports(), lambda masked: len(masked) == 1))
        0x0/0xffff
    """
    prefixes = st.integers(0, 16).map(lambda free: _LAST >> free << free)
    masks = st.one_of(st.integers(0, _LAST), prefixes)
    return st.tuples(_ports_between(0, _LAST), masks).map(
        lambda pair: MaskedPort(pair[0] & pair[1], pair[1])
    )


def transports() -> st.SearchStrategy[Transport]:
    """Return a strategy for the members of ``Transport``.

    Shrinks towards TCP.

    Example:
        >>> from hypothesis import find
        >>> find(transports(), lambda transport: True)
        <Transport.TCP: 'tcp'>
    """
    return st.sampled_from(Transport)


def transport_ports(
    *, min_value: int = 0, max_value: int = _LAST, category: str | None = None
) -> st.SearchStrategy[TransportPorts]:
    """Return a strategy for ``TransportPorts`` objects.

    Draws the ports like ``port_sets``, for one transport or for several at once. Often a
    transport has no ports, and often two have some in common. Shrinks towards few transports
    and few, small ports.

    Args:
        min_value: The smallest port of any transport, 0 to 65535.
        max_value: The greatest port of any transport, inclusive.
        category: Draw only from this category of RFC 6335: a ``Category``,
            or its value as a ``str``.

    Raises:
        TypeError: A bound is not an ``int``, or the category is not a ``str``.
        InvalidValueError: A bound is outside 0 to 65535, the category is unknown, or
            there is no port to draw.

    Example:
        >>> from hypothesis import find
        >>> find(transport_ports(min_value=1024), lambda ports: len(ports) > 0)
        TransportPorts.parse('1024/tcp')
    """
    low, high = _bounds(min_value, max_value, category)
    sets = _port_sets(low, high, 0, high - low + 1)
    return _transport_ports(st.lists(st.tuples(_TOGETHER, sets), max_size=4))


def profiles() -> st.SearchStrategy[types.EphemeralProfile]:
    """Return a strategy for the rows of ``portranges.ephemeral``.

    Shrinks towards the first row of ``portranges.ephemeral.profiles()``.

    Example:
        >>> from hypothesis import find
        >>> from portranges import ephemeral
        >>> find(profiles(), lambda profile: True) == ephemeral.profiles()[0]
        True
    """
    # Not imported above: most tests draw ports only, and do not need the row of every system.
    from portranges import ephemeral

    return st.sampled_from(ephemeral.profiles())


def _bounds(min_value: int, max_value: int, category: str | None) -> tuple[int, int]:
    """Return the first and the last port to draw, or raise an error about the arguments."""
    _check_order("value", min_value, max_value, _LAST)
    if category is None:
        return min_value, max_value
    checks.of_type("category", category, str)
    if category not in _CATEGORIES:
        raise InvalidValueError("category must be 'system', 'user' or 'dynamic'", elide(category))
    first, last = _CATEGORIES[category]
    low, high = max(first, min_value), min(last, max_value)
    if low > high:
        raise InvalidValueError(
            f"bounds must leave a port of category {str(category)!r}",
            f"{min_value}..{max_value}; the category is {first}..{last}",
        )
    return low, high


def _check_order(what: str, low: int, high: int, most: int) -> None:
    """Check the arguments ``min_`` and ``max_`` of *what*."""
    checks.integer(f"min_{what}", low, most=most)
    checks.integer(f"max_{what}", high, most=most)
    if low > high:
        raise InvalidValueError(
            f"min_{what} must not be greater than max_{what}", f"{low} and {high}"
        )


# The strategies are made once: one that is made anew for every draw is validated for every draw.
@lru_cache(maxsize=64)
def _spans_between(
    low: int, high: int, likely: int | None = None
) -> tuple[st.SearchStrategy[int], tuple[st.SearchStrategy[int], ...]]:
    """Return the number of a span to draw, and the spans, from which a port is drawn.

    Half of them have every port, the others those near a boundary or the *likely* one.
    """
    edges = [
        st.integers(max(low, before), min(high, after))
        for before, after in (*_EDGES, (low, low + 1), (high - 1, high))
        if before <= high and low <= after
    ]
    if likely is not None:
        edges = [st.integers(likely, likely)] * len(edges)
    spans = tuple([st.integers(low, high)] * len(edges) + edges)
    return st.integers(0, len(spans) - 1), spans


def _draw_port(draw: st.DrawFn, low: int, high: int, likely: int | None = None) -> int:
    # The span is drawn first, then the port as a separate number. So the shrinker can replace a
    # boundary by the widest span, keep the port, and continue with smaller ports. It could not
    # leave sampled_from(edges).
    number, spans = _spans_between(low, high, likely)
    return draw(spans[draw(number)])


def _draw_pair(draw: st.DrawFn, low: int, high: int, *, long: bool = False) -> tuple[int, int]:
    """Draw two ports in order; if *long*, often the lowest or the highest one."""
    one = _draw_port(draw, low, high, low if long else None)
    other = _draw_port(draw, low, high, high if long else None)
    return min(one, other), max(one, other)


@st.composite
def _ports_between(draw: st.DrawFn, low: int, high: int) -> int:
    return _draw_port(draw, low, high)


def _ports_of(ranges: tuple[PortRange, ...]) -> st.SearchStrategy[int]:
    """Return a strategy for the ports of ascending *ranges*.

    A port is drawn by its index, so that it shrinks through the gaps.
    """
    # The index of the first port of each range, and the number of all.
    starts = list(accumulate((len(each) for each in ranges), initial=0))
    last = starts[-1] - 1
    step = -(-len(ranges) // _MOST_EDGES)
    edges = [
        st.integers(max(0, each - 1), min(last, each)) for each in (*starts[::step], starts[-1])
    ]
    spans = [st.integers(0, last)] * len(edges) + edges
    return _port_at(spans, starts, ranges)


@st.composite
def _port_at(
    draw: st.DrawFn,
    spans: list[st.SearchStrategy[int]],
    starts: list[int],
    ranges: tuple[PortRange, ...],
) -> int:
    # As in _draw_port, the span is drawn first.
    index = draw(spans[draw(st.integers(0, len(spans) - 1))])
    number = bisect_right(starts, index) - 1
    return ranges[number].first + index - starts[number]


@st.composite
def _ranges_between(draw: st.DrawFn, low: int, high: int) -> PortRange:
    return PortRange(*_draw_pair(draw, low, high))


@st.composite
def _part_between(draw: st.DrawFn, low: int, high: int, kinds: st.SearchStrategy[str]) -> int:
    """Draw the bits of one port or of some."""
    kind = draw(kinds)
    if kind == "port":
        return 1 << _draw_port(draw, low, high)
    first, last = _draw_pair(draw, low, high, long=kind == "long")
    step, size = 1, last - first + 1
    if kind == "comb":
        step = draw(_STEP)
        size = min(_TEETH, len(range(first, last + 1, step)))
    # Binary digits, most significant first: "001" * 4 is every third bit.
    return int("1".rjust(step, "0") * size, 2) << first


@lru_cache(maxsize=64)
def _parts_between(
    low: int, high: int, kinds: st.SearchStrategy[str], most: int
) -> st.SearchStrategy[list[int]]:
    return st.lists(_part_between(low, high, kinds), max_size=most)


@st.composite
def _port_sets(draw: st.DrawFn, low: int, high: int, least: int, most: int) -> PortSet:
    bits = 0
    for part in draw(_parts_between(low, high, _KIND, 6)):
        bits |= part
    # Without this test the empty set would be drawn in many ways, and therefore too often.
    if bits:
        for hole in draw(_parts_between(low, high, _HOLE, 3)):
            bits ^= bits & hole
    size = bits.bit_count()
    if size > most:
        bits = _lowest(bits, most)
    elif size < least:
        bits |= _lowest(_all_between(low, high) ^ bits, least - size)
    return PortSet.from_int(bits)


@st.composite
def _transport_ports(
    draw: st.DrawFn, parts: st.SearchStrategy[list[tuple[tuple[Transport, ...], PortSet]]]
) -> TransportPorts:
    found: dict[Transport, PortSet] = {}
    for transports, ports in draw(parts):
        for transport in transports:
            found[transport] = found.get(transport, PortSet.empty()) | ports
    return TransportPorts(found)


def _all_between(low: int, high: int) -> int:
    return int("1" * (high - low + 1), 2) << low


def _lowest(bits: int, count: int) -> int:
    """Return the *count* lowest ones of *bits*."""

    def ones(width: int) -> int:
        return (bits & ((1 << width) - 1)).bit_count()

    width = bisect_left(range(_LAST + 2), count, key=ones)
    return bits & ((1 << width) - 1)
