"""Words of the command line that mean ports.

What lives here: how a word becomes a set, and where words come from.
What must not: what a command does with the ports.
"""

from __future__ import annotations

import sys

from portranges.portset import PortSet
from portranges.registry import ports as service_ports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["ports_of", "words_of"]


def ports_of(word: str, transport: str | None = None) -> PortSet:
    """Return the ports that *word* names: a list of ports, ranges and services."""
    # A service name has a letter and no comma (RFC 6335, section 5.1), and no
    # port has a letter. A text without letters is parsed whole, so that an
    # error shows the place in it.
    if not any(character.isalpha() for character in word):
        return PortSet.parse(word)
    parts = word.split(",")
    if len(parts) == 1:
        return service_ports(word, transport)
    return PortSet().union(*(ports_of(part.strip(" "), transport) for part in parts))


def words_of(arguments: Iterable[str]) -> Iterator[str]:
    """Yield the arguments, and in place of ``-`` each line of standard input."""
    for argument in arguments:
        if argument == "-":
            lines = (line.partition("#")[0].strip() for line in sys.stdin)
            yield from filter(None, lines)
        else:
            yield argument
