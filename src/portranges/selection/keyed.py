"""The keyed hash of a destination.

RFC 6056 uses MD5 and Linux uses SipHash. The hash must be secret but need not be compatible, so
this is BLAKE2, which the standard library implements with a key.
"""

from __future__ import annotations

from hashlib import blake2b

from portranges import types
from portranges.errors import InvalidValueError, got

_DEEPEST = 8


def encode(destination: types.Destination, depth: int = 0) -> bytes:
    """Return bytes that are different for every *destination*.

    Raises:
        TypeError: *destination* or a part of it has another type.
        InvalidValueError: Its tuples are nested too deep.
    """
    if destination is None:
        return b"n"
    if isinstance(destination, str):
        text = destination.encode("utf-8", "surrogatepass")
        return b"s%d:%b" % (len(text), text)
    if isinstance(destination, bytes):
        return b"b%d:%b" % (len(destination), destination)
    if isinstance(destination, int) and not isinstance(destination, bool):
        size = destination.bit_length() // 8 + 1
        return b"i%d:%b" % (size, destination.to_bytes(size, "big", signed=True))
    if isinstance(destination, tuple):
        if depth == _DEEPEST:
            raise InvalidValueError(
                f"destination must not be nested deeper than {_DEEPEST} tuples", "more"
            )
        return b"(%b)" % b"".join([encode(part, depth + 1) for part in destination])
    raise TypeError(
        "destination must be a str, bytes, an integer, a tuple of these or None, "
        f"got {got(destination)}"
    )


class Keyed:
    """Two hashes of a destination under a secret key."""

    __slots__ = ("_key", "_last", "_rng", "_value")

    def __init__(self, rng: types.Rng) -> None:
        """Draw a key from *rng*."""
        self._rng = rng
        self.rekey()

    def rekey(self) -> None:
        """Draw another key."""
        self._key = self._rng.getrandbits(128).to_bytes(16, "big")
        self._last: types.Destination = None
        self._value = self._hashes(None)

    def hashes(self, destination: types.Destination) -> tuple[int, int]:
        """Return two independent numbers, of 32 and of 64 bits."""
        # Identical, not equal: 1 equals True, which is not a destination.
        if destination is not self._last:
            self._value = self._hashes(destination)
            self._last = destination
        return self._value

    def _hashes(self, destination: types.Destination) -> tuple[int, int]:
        digest = blake2b(encode(destination), key=self._key, digest_size=12).digest()
        return int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:], "big")
