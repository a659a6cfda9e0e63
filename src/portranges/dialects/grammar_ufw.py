"""ufw: ports with a transport, as in a command or, joined by ``|``, in an application profile."""

from __future__ import annotations

from portranges import types
from portranges.dialects.elements import transport_of_name
from portranges.dialects.model import Fault
from portranges.dialects.query import Query, refusal
from portranges.dialects.reading import check_not_empty, read_frame, read_list
from portranges.errors import elide

__all__ = ["read"]

_ANY = "/any"


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the ports of each part of a rule or a profile."""
    while True:
        bar = query.text.find("|", start, stop)
        yield _part(query, start, stop if bar < 0 else bar)
        if bar < 0:
            return
        start = bar + 1


def _part(query: Query, start: int, stop: int) -> types.Part:
    text, whole = query.text, (start, stop)
    transport, start, stop = read_frame(query, start, stop)
    if transport is None and text.endswith(_ANY, start, stop):
        stop -= len(_ANY)
    ports = read_list(query, start, stop, transport)
    check_not_empty(query, ports, whole)
    if any(map(str.isalpha, text[start:stop])):
        if any(sign in text[start:stop] for sign in ",:"):
            raise refusal(
                query,
                f"a list or a range must have numbers only, got {elide(text[start:stop])}",
                (start, stop),
                Fault.NAME,
            )
        transport = transport_of_name(query, start, stop, transport)
    return transport, ports
