"""Where connect() begins to search for a port: a keyed hash plus a counter.

The kernel hashes the source, the destination and a key that changes every 10 s, and adds one
counter of a table (``table_perturb``, net/ipv4/inet_hashtables.c). SipHash is replaced by the
hash of a tuple of integers, which is faster here and the same in every run.
"""

from __future__ import annotations

from portranges import types

# How often the kernel draws a new key, in seconds.
_REKEY = 10.0


class Perturbation:
    """The counters of one machine; the ``Counters`` of ``selection.orders.LinuxConnect``."""

    __slots__ = ("_cells", "_key", "_key_until", "_mask", "_rng")

    def __init__(self, size: int, rng: types.Rng) -> None:
        """Prepare *size* counters, a power of two (INET_TABLE_PERTURB_SIZE)."""
        self._mask = size - 1
        self._rng = rng
        self._cells: dict[int, int] = {}
        self._key = 0
        self._key_until = 0.0

    def at(self, now: float) -> None:
        """Draw a new key if the last one is too old at the time *now*."""
        if now >= self._key_until:
            self.rekey()
            self._key_until = now + _REKEY

    def rekey(self) -> None:
        """Draw a new key."""
        self._key = self._rng.getrandbits(64)

    def offset(self, destination: types.Destination) -> tuple[int, int]:
        """Return the offset of a 4-tuple without its local port, and its counter."""
        src, dst, dport = types.cast("tuple[int, int, int]", destination)
        mixed = hash((self._key, src, dst, dport)) & 0xFFFFFFFFFFFFFFFF
        index = mixed & self._mask
        cell = self._cells.get(index)
        if cell is None:
            cell = self._cells[index] = self._rng.getrandbits(32)
        return cell + (mixed >> 32), index

    def add(self, cell: int, steps: int) -> None:
        """Increase a counter."""
        self._cells[cell] = (self._cells[cell] + steps) & 0xFFFFFFFF
