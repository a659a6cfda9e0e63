"""The order in which Linux tries the ports of a range.

Linux has three searches (net/ipv4/inet_hashtables.c, inet_connection_sock.c and udp.c): TCP
connect(), TCP bind() to port 0, and UDP. The functions here have no state and draw nothing:
they go through a range from a start that the caller drew. Ports are given as ``range``
objects in the order in which they are tried, so that a caller can skip many ports at once.
"""

from __future__ import annotations

from math import gcd

from portranges import types

_PORTS = 1 << 16

# Up to this size the ports of a range are sorted into the order of a UDP search. The walk
# through all hash chains costs the same for one port as for 65,536.
_FEW = 256


def scanned(size: int) -> int:
    """Return how many ports one scan in steps of two tries in a range of *size* ports."""
    # if (remaining > 1) remaining &= ~1U;
    return size & ~1 if size > 1 else size


def missed(size: int) -> tuple[int, int]:
    """Return how many ports of a range one scan in steps of two misses, and how many all miss.

    A scan of an odd range misses the last port if it starts at the first, and otherwise the
    first. In a range of three ports every scan starts at the first.
    """
    if size % 2 == 0 or size == 1:
        return 0, 0
    return 1, int(size == 3)


def _around(start: int, end: int, remaining: int, step: int, stride: int) -> types.Iterator[range]:
    """Yield the ports from *start* on, *remaining* / *step* of them, in steps of *stride*.

    A port at or after *end* is replaced by the one *remaining* ports before it.
    """
    missing = (remaining + step - 1) // step
    while missing:
        # if (unlikely(port >= high)) port -= remaining;
        if start >= end:
            start -= remaining
        ports = range(start, end, stride)[:missing]
        yield ports
        missing -= len(ports)
        start += len(ports) * stride


def connect_stride(size: int, step: int, width: int, draw: types.Draw) -> int:
    """Return the distance of two ports that connect() tries one after the other.

    Args:
        size: The number of ports of the range.
        step: As in ``connect_scan``.
        width: ``ip_local_port_step_width``. With 0 the distance is *step*.
        draw: Returns a random number below its argument.
    """
    remaining = size if step == 1 else scanned(size)
    # if (max_rand_step && remaining > 1)
    if not width or remaining == 1:
        return step
    ports = remaining // step
    most = min(ports, width)
    stride = 1 + draw(most)
    # Coprime to the number of ports, so that all of them are tried.
    while gcd(stride, ports) != 1:
        stride += 1
        if stride % 2 == ports % 2 == 0:
            stride += 1
        if stride > most:
            return step
    return stride * step


def connect_scan(
    first: int, last: int, offset: int, step: int, stride: int | None = None
) -> types.Iterator[range]:
    """Yield the ports that connect() tries, beginning *offset* ports after *first*.

    Args:
        first: The first port of the range.
        last: The last port of the range.
        offset: Where to begin; of any size.
        step: 2, or 1 for a socket with IP_LOCAL_PORT_RANGE. In steps of 2 the ports with the
            parity of *first* come before the others.
        stride: The distance of two ports that are tried one after the other; ``None`` means
            *step*. See ``connect_stride``.
    """
    size = last - first + 1
    stride = stride or step
    if step == 1:
        yield from _around(first + offset % size, last + 1, size, 1, stride)
        return
    remaining = scanned(size)
    start = first + (offset % remaining & ~1)
    yield from _around(start, last + 1, remaining, 2, stride)
    # offset++; if ((offset & 1) && remaining > 1) goto other_parity_scan;
    if remaining > 1:
        yield from _around(start + 1, last + 1, remaining, 2, stride)


def bind_parts(first: int, last: int, *, halves: bool) -> tuple[tuple[int, int], ...]:
    """Return the parts of a range that bind() to port 0 searches one after the other.

    With SO_REUSEADDR (*halves*) these are its lower and its upper half.
    """
    size = last - first + 1
    if not halves or size < 4:
        return ((first, last),)
    middle = first + (size >> 2 << 1)
    return (first, middle - 1), (middle, last)


def bind_scan(first: int, last: int, offset: int) -> types.Iterator[range]:
    """Yield the ports of one part that bind() tries, beginning *offset* ports after *first*.

    The parity that connect() tries last comes first, to leave connect() the other one.

    Args:
        first: The first port of the part.
        last: The last port of the part.
        offset: 0 up to, but not including, ``scanned(last - first + 1)``.
    """
    remaining = scanned(last - first + 1)
    # offset |= 1U;
    offset |= 1
    yield from _around(first + offset, last + 1, remaining, 2, 2)
    # offset--; if (!(offset & 1)) goto other_parity_scan;
    yield from _around(first + offset - 1, last + 1, remaining, 2, 2)


def udp_start(first: int, last: int, number: int, chains: int) -> tuple[int, int]:
    """Return the port at which a UDP search begins, and the step within a hash chain.

    Args:
        first: The first port of the range.
        last: The last port of the range.
        number: A random number of 32 bits.
        chains: The number of hash chains, a power of two.
    """
    # first = reciprocal_scale(rand, remaining) + low;
    start = (number * (last - first + 1) >> 32) + first
    # rand = (rand | 1) * (udptable->mask + 1);
    return start, (number | 1) * chains & (_PORTS - 1)


def udp_chain(port: int, step: int) -> types.Iterator[int]:
    """Yield the ports of the hash chain of *port*, from *port* on in steps of *step*."""
    start = port
    while True:
        yield port
        port = (port + step) & (_PORTS - 1)
        if port == start:
            return


def udp_ports(first: int, last: int, number: int, chains: int) -> types.Iterator[int]:
    """Yield the ports of a range in the order in which a UDP search tries them.

    The arguments are as in ``udp_start``.
    """
    start, step = udp_start(first, last, number, chains)
    if last - first < _FEW:
        # The place of each port in its chain, counted from the port that begins the chain.
        places = {i * step % _PORTS // chains: i for i in range(_PORTS // chains)}
        yield from sorted(
            range(first, last + 1),
            key=lambda port: (
                (chain := (port - start) % chains),
                places[(port - start - chain) % _PORTS // chains],
            ),
        )
        return
    for beginning in range(start, start + chains):
        for port in udp_chain(beginning & (_PORTS - 1), step):
            if first <= port <= last:
                yield port
