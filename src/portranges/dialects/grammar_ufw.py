"""ufw: ports with a transport, as in a command or, joined by ``|``, in an application profile."""

from __future__ import annotations

from portranges import types
from portranges.dialects.elements import transport_of_name
from portranges.dialects.model import Fault
from portranges.dialects.query import Cursor
from portranges.dialects.reading import check_not_empty, read_frame, read_list

_ANY = "/any"


def read(at: Cursor) -> types.Iterator[types.Part]:
    """Yield the ports of each part of a rule or a profile."""
    while (bar := at.find("|")) >= 0:
        yield _part(at.to(bar))
        at = at.since(bar + 1)
    yield _part(at)


def _part(whole: Cursor) -> types.Part:
    transport, at = read_frame(whole)
    if transport is None and at.ends(_ANY):
        at = at.without(suffix=_ANY)
    ports = read_list(at, transport)
    check_not_empty(whole, ports)
    if any(map(str.isalpha, at.text)):
        if any(sign in at.text for sign in ",:"):
            raise at.refusal("a list or a range must have numbers only", Fault.NAME)
        transport = transport_of_name(at, transport)
    return transport, ports
