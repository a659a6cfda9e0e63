"""systemd: an address family, a transport and ports, of which each may be missing."""

from __future__ import annotations

from portranges import types
from portranges.dialects.query import Query, trimmed
from portranges.dialects.reading import read_list
from portranges.ports import Transport
from portranges.portset import PortSet

__all__ = ["read"]


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the ports of one assignment; all ports if it names none."""
    start, stop = trimmed(query.text, start, stop, " ")
    _, start, more = _word(query, start, stop, query.row.families)
    transport = None
    if more:
        word, start, more = _word(query, start, stop, query.row.transports)
        transport = Transport(word) if word else None
    yield transport, read_list(query, start, stop, transport) if more else PortSet.full()


def _word(query: Query, start: int, stop: int, words: tuple[str, ...]) -> tuple[str, int, bool]:
    """Return the word that the text begins with, the start of the rest, and whether it has one."""
    for word in words:
        after = start + len(word)
        if query.text.startswith(word, start, stop):
            if after == stop:
                return word, stop, False
            if query.text[after] == ":":
                return word, after + 1, True
    return "", start, True
