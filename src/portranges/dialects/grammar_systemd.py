"""systemd: an address family, a transport and ports, of which each may be missing."""

from __future__ import annotations

from portranges import types
from portranges.dialects.query import Cursor
from portranges.dialects.reading import read_list
from portranges.ports import Transport
from portranges.portset import PortSet


def read(at: Cursor) -> types.Iterator[types.Part]:
    """Yield the ports of one assignment; all ports if it names none."""
    _, rest = _word(at.trim(" "), at.row.frame.families)
    word, rest = _word(rest, at.row.frame.transports)
    transport = Transport(word) if word else None
    yield transport, PortSet.full() if rest is None else read_list(rest, transport)


def _word(at: Cursor | None, words: tuple[str, ...]) -> tuple[str, Cursor | None]:
    """Return the word that the text starts with, and what follows it; None if nothing does."""
    if at is None:
        return "", None
    for word in words:
        if at.starts(word):
            rest = at.without(word)
            if not len(rest):
                return word, None
            if rest.starts(":"):
                return word, rest.without(":")
    return "", at
