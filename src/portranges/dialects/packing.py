"""Elements into texts of limited size, and no more texts than it takes.

What lives here: packing by slots (a port takes one, a range two) and by length.
What must not: any dialect's limit, any text around the elements.
"""

from __future__ import annotations

from portranges import types
from portranges.ports import PortRange

__all__ = ["pack_by_length", "pack_by_slots"]


def pack_by_slots(ranges: types.Sequence[PortRange], slots: int) -> list[list[PortRange]]:
    """Return *ranges* in as few parts of *slots* slots as there can be.

    A single port takes one slot, a range two, however long. A part has an odd
    slot left when it is full of ranges, and only single ports can fill it; a
    range of two ports is as good as two single ones, and a longer one may be
    worth writing port by port when that saves a part.

    Args:
        ranges: Ranges of a set, ascending, disjoint, not adjoining.
        slots: How many slots a part has; 2 or more.

    Returns:
        The parts; each ascending, and all of them together the same ports.

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
    # The fewest parts that can hold them. What is more than the parts' room for
    # ranges is written port by port, the shortest first.
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
    # Pairs that find no room as ranges are split as well; that costs nothing.
    singles.extend(port for ports in _drop_pairs(whole, count * most) for port in ports)
    singles.sort(reverse=True)
    whole.reverse()
    parts: list[list[PortRange]] = []
    for _ in range(count):
        part = [whole.pop() for _ in range(min(most, len(whole)))]
        room = slots - 2 * len(part)
        part.extend(PortRange(singles.pop()) for _ in range(min(room, len(singles))))
        parts.append(_rejoined(part))
    return parts


def _drop_pairs(whole: list[PortRange], room: int) -> list[PortRange]:
    """Take ranges of two ports out of *whole* until it has *room* elements."""
    dropped: list[PortRange] = []
    at = len(whole)
    while len(whole) > room:
        at -= 1
        if len(whole[at]) == 2:
            dropped.append(whole.pop(at))
    return dropped


def _rejoined(part: list[PortRange]) -> list[PortRange]:
    """Return *part* ascending, with single ports that follow each other joined."""
    joined: list[PortRange] = []
    for ports in sorted(part):
        if joined and joined[-1].last + 1 == ports.first:
            joined[-1] = PortRange(joined[-1].first, ports.last)
        else:
            joined.append(ports)
    return joined


def pack_by_length(elements: types.Iterable[str], separator: str, size: int) -> list[list[str]]:
    """Return *elements* in parts that, joined by *separator*, have *size* characters at most.

    Args:
        elements: Texts, none longer than *size*.
        separator: What will join them.
        size: How many characters a part may have.

    Returns:
        The parts, in the order of *elements*; each as long as can be, so that
        there are as few as can be.

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
