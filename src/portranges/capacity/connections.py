"""How many connections a client can have at once and per second; how many clients a NAT serves.

The functions are formulas over a profile of ``portranges.ephemeral`` and a method of ``rows``.
``portranges.selection`` knows which ports a search reaches.
"""

from __future__ import annotations

from math import inf

from portranges import checks, types
from portranges.capacity.lookup import method_of, profile_of
from portranges.capacity.model import Growth, Interval, Method
from portranges.capacity.rows import NEVER_ITSELF, NEVER_ITSELF_OVER_V4, PARITY_OF_LINUX
from portranges.ephemeral import EphemeralProfile
from portranges.ephemeral.lookup import fixed
from portranges.errors import InvalidValueError
from portranges.ports import check_port
from portranges.portset import PortSet
from portranges.selection import algorithm
from portranges.selection.linux import bind_parts, connect_scan, scanned
from portranges.selection.orders import missed_by
from portranges.selection.tables import Lanes
from portranges.systems import Kind


def concurrent(
    system: types.SystemLike,
    *,
    destinations: types.SupportsIndex = 1,
    sources: types.SupportsIndex = 1,
    method: types.MethodName = "connect",
    families: types.SupportsIndex = 1,
    ports_per_client: types.SupportsIndex | None = None,
) -> Interval:
    """Return how many connections a client can have at once.

    With n ports, d destinations and s source addresses it is n * d * s if a local port can be used
    for several destinations, and n * s if it cannot. macOS and NetBSD have n ports for IPv4 and n
    for IPv6, whatever s is, and lwIP has n ports that IPv4 and IPv6 share. ``methods`` lists the
    rows for these systems. For others only the method ``"connect"`` is known, from the profile's
    ``shares_ports_across_destinations``.

    Linux does not reach every port of a range of odd size: each search leaves out the first or
    the last, so the answer has two bounds that differ by one for each destination and source.
    In a range of three ports it never tries the third. The bounds also differ if it is unknown
    whether ports are shared, or whether another source address helps.

    Limits: ports that other sockets hold are not subtracted, not even those of listening
    sockets. A destination is an address and a port; a source is one address of the client.
    Memory and file descriptors are other limits. Excluded ports at the ends of a tuned range
    make it shorter here, because a profile does not distinguish them from ports outside; a
    range of odd size can then look like one of even size.

    An address translator has its vendor's limit per address, or the range of a tuned profile if
    that is smaller. Its sources are its public addresses.

    Args:
        system: A system's name, or a profile of ``portranges.ephemeral``.
        destinations: d, at least 1.
        sources: s, at least 1.
        method: How the client gets its port, one of ``methods``.
        families: How many versions of IP the sources have, 1 or 2; at most s.
        ports_per_client: The ports that a translator assigns to each client (a virtual
            machine, a node), at least 1; the result is then for one client. Such a block may
            lie on several addresses.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidValueError: A number is out of bounds, a tuned profile contains port 0, the system
            has no fixed ephemeral range, or *ports_per_client* is given for a host.
        UnknownNameError: There is no such system, or nothing is known about the method there.

    Source:
        The row of the method; for others the profile's ``sharing_note``.

    Example:
        >>> concurrent("linux").value, concurrent("linux", destinations=3).value
        (28232, 84696)
        >>> concurrent("linux", destinations=3, method="bind0").value
        28232
        >>> print(concurrent("linux-2.6.24"), concurrent("macos", destinations=3))
        28,233 16,383
        >>> concurrent("macos", sources=2), concurrent("macos", sources=2, families=2)
        (Interval(low=16383, high=16383), Interval(low=32766, high=32766))
        >>> concurrent("gcp-cloud-nat", destinations=2, ports_per_client=64).value
        128
    """
    row = profile_of(system)
    far = checks.integer("destinations", destinations, least=1)
    near_by = checks.integer("sources", sources, least=1)
    versions = checks.integer("families", families, least=1, most=2)
    if versions > near_by:
        raise InvalidValueError(
            "families=2 requires at least 2 sources, one of each IP version",
            f"sources={near_by}",
        )
    chosen = method_of(row, method)
    low, high = _reached(row, chosen)
    if ports_per_client is not None:
        block = _block(row, ports_per_client)
        low, high, near_by = min(block, low * near_by), min(block, high * near_by), 1
    if chosen is None:
        return _by_profile(row, low, far, near_by)
    times = {
        Growth.TUPLES: far * near_by,
        Growth.SOURCES: near_by,
        Growth.LOWER_HALF: near_by,
        Growth.FAMILIES: versions,
        Growth.NOTHING: 1,
    }[chosen.growth]
    more = (far - 1) * _lower_half(_usable(row)) if chosen.growth is Growth.LOWER_HALF else 0
    return Interval((low + more) * times, (high + more) * times)


def _by_profile(row: EphemeralProfile, size: int, far: int, near_by: int) -> Interval:
    """Return the number of connections by connect() if the system has no row for it."""
    if row.ports_per_address is not None or row.shares_ports_across_destinations:
        return Interval(size * far * near_by, size * far * near_by)
    if row.shares_ports_across_destinations is False:
        # The implied bind() needs a port that is free on this address at least. Whether it must be
        # free on all addresses was not tested.
        return Interval(size, size * near_by)
    return Interval(size, size * far * near_by)


def _block(row: EphemeralProfile, ports_per_client: types.SupportsIndex) -> int:
    """Return *ports_per_client*, which only an address translator assigns."""
    if row.kind is not Kind.MIDDLEBOX:
        rule = "ports_per_client requires an address translator, such as gcp-cloud-nat"
        raise InvalidValueError(rule, row.name)
    return checks.integer("ports_per_client", ports_per_client, least=1)


def clients(
    system: types.SystemLike,
    *,
    ports_per_client: types.SupportsIndex,
    addresses: types.SupportsIndex = 1,
) -> Interval:
    """Return how many clients an address translator has ports for.

    The upper bound is all ports of all addresses, divided by the ports per client. The lower
    bound divides the ports of each address separately, because a translator may not split a
    client's block over two addresses. The bounds are equal if an address has room for a whole
    number of blocks.

    Limits: ports for the provider's own use are not subtracted. On an Azure Load Balancer, for
    example, each rule uses 8 ports of its address.

    Args:
        system: A translator's name, such as ``"gcp-cloud-nat"``, or a profile of
            ``portranges.ephemeral``.
        ports_per_client: The ports for each virtual machine or node, at least 1.
        addresses: The number of public addresses, at least 1.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidValueError: A number is less than 1, *system* is a host, or its number of ports
            is unknown.
        UnknownNameError: There is no such system.

    Source:
        The row of the system. The formula is in the documentation of Azure Kubernetes Service,
        "Use a public standard load balancer", and of Google Cloud NAT, "IP addresses and ports".

    Example:
        >>> clients("gcp-cloud-nat", ports_per_client=64).value
        1008
        >>> clients("azure-load-balancer", ports_per_client=4000, addresses=7).value
        112
        >>> print(clients("gcp-cloud-nat", ports_per_client=1000, addresses=2))
        128 to 129
    """
    row = profile_of(system)
    many = checks.integer("addresses", addresses, least=1)
    block = _block(row, ports_per_client)
    size, _ = _reached(row, None)
    return Interval(size // block * many, size * many // block)


def addresses(
    system: types.SystemLike,
    *,
    ports_per_client: types.SupportsIndex,
    clients: types.SupportsIndex,
) -> Interval:
    """Return how many public addresses a translator needs for a number of clients.

    It is the inverse of the function ``clients``, whose limits apply here too.

    Args:
        system: A translator's name, or a profile of ``portranges.ephemeral``.
        ports_per_client: The ports for each virtual machine or node, at least 1.
        clients: The number of clients, at least 1.

    Returns:
        The number of addresses. The upper bound is infinite if a block is larger than an
        address, because the translator may not assign it from two.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidValueError: A number is less than 1, *system* is a host, its number of ports is
            unknown, or it has no ports.
        UnknownNameError: There is no such system.

    Source:
        The same as for the function ``clients``.

    Example:
        >>> addresses("azure-load-balancer", ports_per_client=4000, clients=100).value
        7
        >>> addresses("gcp-cloud-nat", ports_per_client=1024, clients=280).low
        5
    """
    row = profile_of(system)
    block = _block(row, ports_per_client)
    many = checks.integer("clients", clients, least=1)
    size, _ = _reached(row, None)
    if size == 0:
        raise InvalidValueError("system must have ports", repr(row))
    whole = size // block
    return Interval(-(-many * block // size), -(-many // whole) if whole else inf)


def rate(
    system: types.SystemLike,
    *,
    time_wait: float | None = None,
    destinations: types.SupportsIndex = 1,
    sources: types.SupportsIndex = 1,
    method: types.MethodName = "connect",
    families: types.SupportsIndex = 1,
    ports_per_client: types.SupportsIndex | None = None,
) -> Interval:
    """Return the sustainable rate of new connections per second, in total.

    A connection that this side closes first keeps its port for T more seconds, so the rate is
    the number of ``concurrent`` divided by T: n / T to one destination from one source address.
    If a local port can be used for several destinations, each of them has this rate; if not
    (macOS, OpenBSD, NetBSD), they share it.

    Limits: it is a mean, and a burst can use all ports at once. The time that a connection is open
    is added to T. A port does not wait if the other side closes first, or after a reset. Linux with
    ``tcp_tw_reuse=1``, and by default on loopback, reuses a port after one second
    (``tcp_tw_reuse_delay``) if both sides use timestamps: pass ``time_wait=1.0``.

    Args:
        system: A system's name, or a profile of ``portranges.ephemeral``.
        time_wait: T in seconds, greater than 0; by default the system's.
        destinations: The number of remote addresses and ports, at least 1.
        sources: The number of local addresses, at least 1.
        method: How the client gets its port, one of ``methods``.
        families: As in ``concurrent``.
        ports_per_client: As in ``concurrent``; the result is then the rate of one client.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidValueError: *time_wait* is not greater than 0, or left out although the system's
            own is unknown; *method* is one of UDP, which has no TIME_WAIT; or for the
            reasons of ``concurrent``.
        UnknownNameError: There is no such system, or nothing is known about the method there.

    Source:
        RFC 9293, section 3.6.1, for TIME-WAIT; its length is the profile's.

    Example:
        >>> round(rate("linux").value, 1), round(rate("linux", time_wait=1.0).value, 1)
        (470.5, 28232.0)
        >>> round(rate("linux", destinations=3).value, 1)
        1411.6
        >>> round(rate("macos", destinations=3).value, 1)
        546.1
        >>> rate("aix")
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidValueError: time_wait is required for a system whose own is \
unknown, got aix
    """
    row = profile_of(system)
    chosen = method_of(row, method)
    if chosen is not None and not chosen.waits:
        raise InvalidValueError(
            "method must be one of TCP, because nothing else enters TIME_WAIT", repr(method)
        )
    wait = row.time_wait
    if time_wait is not None:
        wait = checks.number("time_wait", time_wait, above=0)
    if wait is None:
        rule = "time_wait is required for a system whose own is unknown"
        raise InvalidValueError(rule, row.name)
    count = concurrent(
        row,
        destinations=destinations,
        sources=sources,
        method=method,
        families=families,
        ports_per_client=ports_per_client,
    )
    return Interval(count.low / wait, count.high / wait)


def time_wait_sockets(rate: float, time_wait: float) -> float:
    """Return how many connections are in TIME_WAIT at once, on average.

    The formula is rate * T, by Little's law, and does not depend on the ports.

    Limits: only connections that this side closes first count. Linux keeps at most
    ``tcp_max_tw_buckets`` and drops the others immediately.

    Args:
        rate: Connections closed per second, 0 or more.
        time_wait: T in seconds, 0 or more.

    Returns:
        The mean.

    Raises:
        TypeError: An argument is not a number.
        InvalidValueError: An argument is negative or not finite.

    Source:
        RFC 9293, section 3.6.1; Little, Operations Research 9 (1961).

    Example:
        >>> time_wait_sockets(500, 60.0)
        30000.0
    """
    return checks.number("rate", rate) * checks.number("time_wait", time_wait)


def self_connect_probability(
    system: types.SystemLike, port: types.SupportsIndex, *, family: types.FamilyName = "inet"
) -> float:
    """Return how likely one connect() to a local *port* is to connect to itself.

    If nothing listens on the port and the system chooses the same number for the client's end,
    the socket is connected to itself. Linux begins at a port with the parity of the first port
    of its range, each with the same probability. So a port of the other parity is never first,
    and one of this parity is first with a probability of 2/n.

    Limits: the formula assumes that all ports of the range are free. With many in use, the search
    reaches *port* more often, and in the end the other parity too. The probability is for one
    attempt: in a series of attempts Linux advances by 2 to 16 ports, so the attempts are not
    independent, but the mean number of hits is the same.

    Args:
        system: The name or a profile of a Linux system, or of a system that never connects to
            itself.
        port: The destination port, at an address of the client.
        family: ``"inet"`` or ``"inet6"``. macOS and iOS refuse a connection to itself over
            IPv4 only, and what happens over IPv6 is not known.

    Returns:
        0 to 1.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidPortError: *port* is outside 0..65535.
        InvalidValueError: A tuned profile contains port 0, or the system has no fixed
            ephemeral range, or it is not known whether it connects to itself.
        UnknownNameError: There is no such system or family.

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
    row = profile_of(system)
    number = check_port(port)
    checks.word("family", family, ("inet", "inet6"))
    never = set(NEVER_ITSELF) - (NEVER_ITSELF_OVER_V4 if family == "inet6" else set())
    if row.name in never:
        return 0.0
    if row.name not in PARITY_OF_LINUX:
        version = "IPv6" if family == "inet6" else "IPv4"
        raise InvalidValueError(
            f"system must be one whose connections to itself over {version} are known",
            row.name,
        )
    usable = _usable(row)
    if not usable or number not in usable:
        return 0.0
    return _first_of_linux(usable, number)


def _usable(row: EphemeralProfile) -> PortSet:
    (row,) = fixed(row, "system")
    return row.ports - row.skipped


def _reached(row: EphemeralProfile, method: Method | None) -> tuple[int, int]:
    """Return how many ports of one address a method allocates at least, and at most."""
    limit = row.ports_per_address
    if limit is not None and not row.has_fixed_range:
        return limit, limit
    usable = _usable(row)
    count = len(usable) if limit is None else min(limit, len(usable))
    if method is None or not usable or not method.algorithm:
        return count, count
    span = usable.last - usable.first + 1
    once, always = missed_by(algorithm(method.algorithm), span)
    return count - once, count - always


def _lower_half(usable: PortSet) -> int:
    """Return how many ports Linux allocates again with ip_autobind_reuse.

    It allocates the first port of its order that it finds, so only the first group with a port
    counts: of the lower half the parity that the first port does not have, or else the other one.
    """
    if not usable:
        return 0
    first, last = bind_parts(usable.first, usable.last, halves=True)[0]
    # The lower half has the first port, so one of its parities has a port.
    return len(
        usable.intersection(range(first + 1, last + 1, 2))
        or usable.intersection(range(first, last + 1, 2))
    )


def _first_of_linux(usable: PortSet, port: int) -> float:
    """Return how likely *port* is the first one that Linux's connect() finds."""
    low, high = usable.first, usable.last
    if low == high:
        return 1.0
    table = Lanes(bytes(1 - taken for taken in usable.table[low : high + 1]), 2)
    starts = range(0, scanned(high - low + 1), 2)
    hits = 0
    for start in starts:
        found = (
            table.find(ports.start, ports.stop, ports.step)
            for ports in connect_scan(0, high - low, start, 2)
        )
        # A scan misses at most one port of a range, so it finds the first or the last.
        hits += next(slot for slot in found if slot >= 0) == port - low
    return hits / len(starts)
