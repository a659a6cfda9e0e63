"""Distributing elements over the fewest texts of limited size.

A size is a number of slots, of which a port uses one and a range two, or of characters.
"""

from __future__ import annotations

from portranges import types
from portranges.ports import PortRange


def pack_by_slots(ranges: types.Sequence[PortRange], slots: int) -> list[list[PortRange]]:
    """Return *ranges* in the fewest parts of *slots* slots.

    A single port uses one slot, a range of any length two. If the number of slots is odd, a
    part that is full of ranges has one slot left, which only a single port can fill. A range
    of two ports is as good as two single ports; writing a longer range port by port can save
    a part.

    Args:
        ranges: The ranges of a set: ascending, disjoint, not adjacent.
        slots: How many slots a part has; at least 2.

    Returns:
        The parts, each ascending. Together they have the same ports.

    Complexity:
        O(n log n) in the number of ranges.

    Example:
        >>> parts = pack_by_slots([PortRange(n, n + 5) for n in range(0, 80, 10)], 15)
        >>> [len(part) for part in parts]
        [7, 1]
    """
    singles = [ports.first for ports in ranges if len(ports) == 1]
    pairs = [ports for ports in ranges if len(ports) == 2]
    longer = sorted((ports for ports in ranges if len(ports) > 2), key=len)
    most = slots // 2
    # Find the smallest number of parts that suffices. The ranges for which these parts have no
    # room are written port by port, the shortest first.
    cost = len(singles) + 2 * len(pairs)
    count = -(-(cost + 2 * len(longer)) // slots)
    while True:
        split = max(0, len(longer) - count * most)
        spread = sum(map(len, longer[:split]))
        if cost + spread + 2 * (len(longer) - split) <= count * slots:
            break
        count += 1
    singles.extend(port for ports in longer[:split] for port in ports)
    whole = sorted(longer[split:] + pairs)
    # Ranges of two ports for which there is no room are split too, which costs nothing.
    singles.extend(port for ports in _drop_pairs(whole, count * most) for port in ports)
    singles.sort(reverse=True)
    whole.reverse()
    parts: list[list[PortRange]] = []
    for _ in range(count):
        part = [whole.pop() for _ in range(min(most, len(whole)))]
        room = slots - 2 * len(part)
        part.extend(PortRange(singles.pop()) for _ in range(min(room, len(singles))))
        parts.append(sorted(part))
    return parts


def _drop_pairs(whole: list[PortRange], room: int) -> list[PortRange]:
    """Remove ranges of two ports from *whole* until it has *room* elements; return them."""
    dropped: list[PortRange] = []
    at = len(whole)
    while len(whole) > room:
        at -= 1
        if len(whole[at]) == 2:
            dropped.append(whole.pop(at))
    return dropped


def pack_by_length(elements: types.Iterable[str], separator: str, size: int) -> list[list[str]]:
    """Return *elements* in parts of at most *size* characters, joined by *separator*.

    Args:
        elements: Texts, none longer than *size*.
        separator: The text that will join them.
        size: How many characters a part may have.

    Returns:
        The fewest parts, in the order of *elements*.

    Example:
        >>> pack_by_length(["22", "80", "443"], ",", 6)
        [['22', '80'], ['443']]
    """
    parts: list[list[str]] = []
    left = 0
    for element in elements:
        if parts and len(separator) + len(element) <= left:
            parts[-1].append(element)
            left -= len(separator) + len(element)
        else:
            parts.append([element])
            left = size - len(element)
    return parts
