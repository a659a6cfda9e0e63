"""How many connections at once, how many a second, and which to itself.

What lives here: the formulas over a profile and a method.
What must not: which method does what (``rows``), a range (``ephemeral``).
"""

from __future__ import annotations

from bisect import bisect_left

from portranges import checks, types
from portranges.capacity.lookup import method_of, profile_of
from portranges.capacity.model import Growth, Interval, Scan
from portranges.capacity.rows import NEVER_ITSELF, PARITY_OF_LINUX
from portranges.ephemeral import EphemeralProfile
from portranges.errors import InvalidValueError, UnknownNameError
from portranges.names import near
from portranges.ports import check_port
from portranges.portset import PortSet

__all__ = ["concurrent", "rate", "self_connect_probability", "time_wait_sockets"]


def concurrent(
    profile: types.SystemLike,
    *,
    destinations: types.SupportsIndex = 1,
    sources: types.SupportsIndex = 1,
    method: str = "connect",
) -> int | Interval:
    """Return how many connections a client may have at once.

    With n ports, d destinations and s source addresses it is n * d * s where a
    local port serves several destinations, and n * s where it does not. The
    methods of Linux are rows (``methods``). Of other systems only ``"connect"``
    is known, by the profile's ``shares_ports_across_destinations``.

    Linux does not reach every port of a range of odd size: each search leaves
    out the first or the last, so that an answer is an interval then, of one for
    each destination and source. In a range of three ports it never tries the
    third. It is an interval, too, where it is not known whether ports are
    shared, or whether a further source address helps.

    Limits: ports that others hold are not counted, listening sockets among
    them. A destination is an address and a port; a source is one address of
    the client. Memory and files are other limits. Excluded ports at the ends
    of a tuned range shorten it here, for a profile does not tell them from
    ports outside; a range of odd size may then look like one of even size.

    Args:
        profile: A profile of ``ephemeral``, or its name.
        destinations: d, at least 1.
        sources: s, at least 1.
        method: How the client comes by its port, as ``methods`` names it.

    Returns:
        A number; an interval where only bounds are known.

    Raises:
        TypeError: An argument is of a wrong type.
        InvalidValueError: *destinations* or *sources* is less than 1, or port 0
            is one of a tuned profile's.
        UnknownNameError: There is no such profile, it has no fixed range, or
            nothing is known of the method there.

    Source:
        The row of the method; for others the profile's ``sharing_note``.

    Example:
        >>> concurrent("linux"), concurrent("linux", destinations=3)
        (28232, 84696)
        >>> concurrent("linux", destinations=3, method="bind0")
        28232
        >>> print(concurrent("linux-2.6.24"), concurrent("macos", destinations=3))
        28233 16383
    """
    row = profile_of(profile)
    far = checks.integer("destinations", destinations, least=1)
    near_by = checks.integer("sources", sources, least=1)
    chosen = method_of(row, method)
    size = _size(row)
    if chosen is None:
        low = high = size
        if row.ports_per_address is not None or row.shares_ports_across_destinations:
            low = high = size * far * near_by
        elif row.shares_ports_across_destinations is False:
            # The port that an implied bind() takes is free on this address at
            # least; whether it must be free on all was not tried.
            high = size * near_by
        else:
            high = size * far * near_by
        return _plain(low, high)
    low, high = _reached(row, chosen.scan)
    if chosen.growth is Growth.TUPLES:
        return _plain(low * far * near_by, high * far * near_by)
    if chosen.growth is Growth.SOURCES:
        return _plain(low * near_by, high * near_by)
    more = (far - 1) * _lower_half(_usable(row))
    return _plain((low + more) * near_by, (high + more) * near_by)


def rate(
    profile: types.SystemLike,
    *,
    time_wait: float | None = None,
    destinations: types.SupportsIndex = 1,
    sources: types.SupportsIndex = 1,
    method: str = "connect",
) -> float | Interval:
    """Return how many connections a second last for ever, in all.

    A connection that this side closes first holds its place for T more seconds,
    so that it is what ``concurrent`` allows, over T: n / T to one destination
    from one source address. Where a local port serves several destinations,
    each of them has as many; where not (macOS, OpenBSD, NetBSD), they share it.

    Limits: it is the mean that can be kept up; in a burst all ports may go at
    once. The time that a connection is open comes on top of T. Nothing waits
    where the other side closes first, or after a reset. Linux with
    ``tcp_tw_reuse=1``, and by default on loopback, takes a port again after a
    second (``tcp_tw_reuse_delay``) where both sides use timestamps: give
    ``time_wait=1.0``.

    Args:
        profile: A profile of ``ephemeral``, or its name.
        time_wait: T in seconds, greater than 0; left out, the profile's own.
        destinations: As in ``concurrent``.
        sources: As in ``concurrent``.
        method: As in ``concurrent``.

    Returns:
        Connections a second; an interval where ``concurrent`` is one.

    Raises:
        TypeError: An argument is of a wrong type.
        InvalidValueError: *time_wait* is not greater than 0, or left out where
            the profile does not know it; *method* is one of UDP, which waits
            for nothing; or as in ``concurrent``.
        UnknownNameError: As in ``concurrent``.

    Source:
        RFC 9293, section 3.6.1, for TIME-WAIT; its length is the profile's.

    Example:
        >>> round(rate("linux"), 1), round(rate("linux", time_wait=1.0), 1)
        (470.5, 28232.0)
        >>> round(rate("linux", destinations=3), 1), round(rate("macos", destinations=3), 1)
        (1411.6, 546.1)
        >>> rate("aix")
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidValueError: time_wait must be given where the profile has none, \
got aix
    """
    row = profile_of(profile)
    chosen = method_of(row, method)
    if chosen is not None and not chosen.waits:
        raise InvalidValueError(
            "method must be one of TCP, for nothing else waits in TIME-WAIT", repr(method)
        )
    wait = row.time_wait
    if time_wait is not None:
        wait = checks.number("time_wait", time_wait, above=0)
    if wait is None:
        raise InvalidValueError("time_wait must be given where the profile has none", row.name)
    count = concurrent(row, destinations=destinations, sources=sources, method=method)
    if isinstance(count, Interval):
        return Interval(count.low / wait, count.high / wait)
    return count / wait


def time_wait_sockets(rate: float, time_wait: float) -> float:
    """Return how many connections are in TIME-WAIT at once, on average.

    The formula is rate * T, by Little's law, whatever the ports.

    Limits: only connections that this side closes first count. Linux holds at
    most ``tcp_max_tw_buckets`` and drops the others at once.

    Args:
        rate: Connections closed a second, 0 or more.
        time_wait: T in seconds, 0 or more.

    Returns:
        The mean.

    Raises:
        TypeError: An argument is no number.
        InvalidValueError: An argument is negative or not finite.

    Source:
        RFC 9293, section 3.6.1; Little, Operations Research 9 (1961).

    Example:
        >>> time_wait_sockets(500, 60.0)
        30000.0
    """
    return checks.number("rate", rate) * checks.number("time_wait", time_wait)


def self_connect_probability(profile: types.SystemLike, port: types.SupportsIndex) -> float:
    """Return how likely one connect() to a local *port* connects to itself.

    Where nobody listens on the port and the system picks the same number for
    the client's end, the connection is established with itself. Linux begins at
    a port with the parity of its range's first, evenly; so a port of the other
    parity is never first, and one of this parity is with 2/n.

    Limits: all ports of the range are free; with many in use the scan comes to
    *port* more often, and to the other parity at last. For one attempt: in a
    row of attempts Linux goes on by 2 to 16 ports, so that they are not
    independent, but the mean number of hits is the same.

    Args:
        profile: A profile of Linux, or its name; or a system that never
            connects to itself.
        port: The destination port, at an address of the client.

    Returns:
        0 to 1.

    Raises:
        TypeError: An argument is of a wrong type.
        InvalidPortError: *port* is outside 0 to 65535.
        InvalidValueError: Port 0 is one of a tuned profile's.
        UnknownNameError: There is no such profile, it has no fixed range, or
            nothing is known of it.

    Complexity:
        Linear in the number of ports.

    Source:
        Linux, net/ipv4/inet_hashtables.c; measured on Linux 6.18.44: 5 in
        120,000 to an even port, 0 in 60,000 to an odd one. tokio-rs/tokio#3405.

    Example:
        >>> round(1 / self_connect_probability("linux", 40000))
        14116
        >>> self_connect_probability("linux", 40001), self_connect_probability("macos", 50000)
        (0.0, 0.0)
    """
    row = profile_of(profile)
    number = check_port(port)
    if row.name in NEVER_ITSELF:
        return 0.0
    if row.name not in PARITY_OF_LINUX:
        known = {*NEVER_ITSELF, *PARITY_OF_LINUX}
        raise UnknownNameError(
            "system whose connections to itself are known", row.name, near(row.name, known)
        )
    usable = _usable(row)
    if not usable or number not in usable:
        return 0.0
    return _first_of_linux(usable, number - usable.first)


def _usable(row: EphemeralProfile) -> PortSet:
    if not row.has_fixed_range:
        raise UnknownNameError("system with a fixed range", row.name)
    return row.ports - row.skipped


def _size(row: EphemeralProfile) -> int:
    return len(_usable(row)) if row.ports_per_address is None else row.ports_per_address


def _plain(low: int, high: int) -> int | Interval:
    return low if low == high else Interval(low, high)


def _reached(row: EphemeralProfile, scan: Scan) -> tuple[int, int]:
    """Return how many ports are handed out at least, and at most."""
    usable = _usable(row)
    count = len(usable)
    if scan is Scan.ALL or not usable:
        return count, count
    span = usable.last - usable.first + 1
    if scan is Scan.HALVES and span >= 4:
        span -= span >> 2 << 1
    if span == 3:
        return count - 1, count - 1
    return (count - 1, count) if span % 2 and span > 1 else (count, count)


def _lower_half(usable: PortSet) -> int:
    """Return how many ports Linux hands out again with ip_autobind_reuse.

    It takes the first port of its order that it comes upon, so that only the
    first group with a port counts: of the lower half the parity that is not the
    first port's, then the other one, then the upper half likewise.
    """
    if not usable:
        return 0
    span = usable.last - usable.first + 1
    half = span >> 2 << 1
    parts = [(0, half), (half, span)] if span >= 4 else [(0, span)]
    for first, end in parts:
        for parity in (1, 0):
            group = range(usable.first + first + parity, usable.first + end, 2)
            found = len(usable.intersection(group))
            if found:
                return found
    return 0


def _first_of_linux(usable: PortSet, wanted: int) -> float:
    """Return how likely Linux's connect() comes upon the port at offset *wanted* first."""
    span = usable.last - usable.first + 1
    if span == 1:
        return 1.0
    offsets = [
        [port - usable.first for port in usable if (port - usable.first) % 2 == parity]
        for parity in (0, 1)
    ]
    scanned = span & ~1
    hits = 0
    for start in range(0, scanned, 2):
        found = _next_of_linux(offsets[0], start, span)
        if found is None:
            found = _next_of_linux(offsets[1], start + 1, span)
        hits += found == wanted
    return hits / (scanned // 2)


def _next_of_linux(offsets: list[int], start: int, span: int) -> int | None:
    """Return the first of *offsets* in a scan of one parity from *start* on."""
    # In a range of odd size the last port is left out by a scan from the first
    # one on, and the first port by all others.
    left_out = -1
    if span % 2 and start % 2 == 0:
        left_out = span - 1 if start == 0 else 0
    at = bisect_left(offsets, start)
    for offset in (*offsets[at : at + 2], *offsets[:2]):
        if offset != left_out:
            return offset
    return None
