"""What the readers of named lists have in common: lines, and the ports of each name so far."""

from __future__ import annotations

import re

from portranges import dialects, types
from portranges.dialects.protocols import NUMBERS
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.transport_ports import TransportPorts

TCP, UDP = (Transport.TCP,), (Transport.UDP,)
BOTH = (*TCP, *UDP)

_WORD = re.compile(r"""'([^']*)'|"([^"\\]*)"|([^\s'"#]+)""")


class PortLists:
    """The ports of each name, in the order in which the names first appear."""

    def __init__(self, text: str, services: types.Services | None = None) -> None:
        """Start with no name; *text* is for errors."""
        self._text: str = text
        self._services: types.Services | None = services
        self._found: dict[str, dict[Transport, PortSet]] = {}

    def add(self, name: str, transports: types.Iterable[Transport], ports: PortSet) -> None:
        """Add ports to *name*."""
        sets = self._found.setdefault(name, {})
        for transport in transports:
            sets[transport] = sets.get(transport, PortSet.empty()) | ports

    def read(
        self,
        name: str,
        transports: types.Iterable[Transport],
        text: str,
        dialect: types.DialectName,
        span: types.Span,
        **options: types.Any,
    ) -> None:
        """Add the ports that *text* means in a dialect; an error is about *span*."""
        self._found.setdefault(name, {})
        for transport in transports:
            try:
                ports = dialects.parse(
                    text, dialect, services=self._services, transport=transport, **options
                )
            except PortSyntaxError as error:
                raise self.error(f"{error.reason}, for {elide(name)}", span) from None
            self.add(name, (transport,), ports)

    def error(self, reason: str, span: types.Span) -> PortSyntaxError:
        """Return the error about a part of the text."""
        return PortSyntaxError(reason, self._text, span)

    def result(self) -> dict[str, TransportPorts]:
        """Return the ports of each name."""
        return {name: TransportPorts(sets) for name, sets in self._found.items()}


def lines_of(text: str, *, continued: str = "") -> types.Iterator[tuple[str, types.Span]]:
    """Yield each line without its end, and its place.

    A line that ends with *continued* continues on the next line.
    """
    parts: list[str] = []
    start = first = 0
    for line in text.split("\n"):
        stop = start + len(line)
        if not parts:
            first = start
        start = stop + 1
        line = line.removesuffix("\r")  # noqa: PLW2901 - a line does not include its end
        if continued and line.endswith(continued):
            parts.append(line.removesuffix(continued))
        else:
            yield "".join((*parts, line)), (first, stop)
            parts.clear()
    if parts:
        yield "".join(parts), (first, len(text))


def words_of(line: str) -> list[str]:
    """Return the words of a line up to a comment; a word in quotation marks loses them."""
    words: list[str] = []
    line = line.strip()
    at = 0
    while match := _WORD.match(line, at):
        words.append("".join(filter(None, match.groups())))
        at = match.end()
        while line[at : at + 1].isspace():
            at += 1
    rest = line[at:]
    return words if not rest or rest.startswith("#") else [*words, rest]


_TRANSPORTS: dict[str, tuple[Transport, ...]] = {
    **{each.value: (each,) for each in Transport},
    **{number: (each,) for number, each in NUMBERS.items()},
    **dict.fromkeys(("all", "any"), tuple(Transport)),
}


def transports_of_ports(protocol: str) -> tuple[Transport, ...]:
    """Return the transports of a protocol, by its name or number; ``()`` if it has no ports."""
    return _TRANSPORTS.get(protocol.lower(), ())
