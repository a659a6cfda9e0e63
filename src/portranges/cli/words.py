"""Words of the command line that mean ports.

What lives here: how a word becomes a set, and where words come from.
What must not: what a command does with the ports.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager

from portranges import types
from portranges.errors import InvalidValueError, PortSyntaxError, SystemReadError
from portranges.portset import PortSet
from portranges.registry import ports as service_ports

__all__ = ["ports_of", "standard_input", "wanted", "words_of"]


def ports_of(word: str) -> PortSet:
    """Return the ports that *word* names: a list of ports, ranges and services."""
    # A service name has a letter and no comma (RFC 6335, section 5.1), and no
    # port has a letter. A text without letters is parsed whole, so that an
    # error shows the place in it.
    if not any(character.isalpha() for character in word):
        return PortSet.parse(word)
    parts = word.split(",")
    if len(parts) == 1:
        return service_ports(word)
    ports = PortSet()
    start = 0
    for part in parts:
        # Alone, an empty text is the empty set; in a list it is a slip.
        if not part.strip(" "):
            raise PortSyntaxError(
                "expected a port, a range or a service, got nothing", word, (start, start)
            )
        ports |= ports_of(part.strip(" "))
        start += len(part) + 1
    return ports


def wanted(arguments: types.Iterable[str]) -> PortSet:
    """Return the ports that *arguments* name together; none is a slip, as of an unset variable."""
    ports = PortSet().union(*map(ports_of, words_of(arguments)))
    if not ports:
        raise InvalidValueError("there must be a port", "none")
    return ports


def words_of(arguments: types.Iterable[str]) -> types.Iterator[str]:
    """Yield the arguments, and in place of ``-`` each line of standard input."""
    for argument in arguments:
        if argument == "-":
            with standard_input() as stream:
                lines = (line.partition("#")[0].strip() for line in stream)
                yield from filter(None, lines)
        else:
            yield argument


@contextmanager
def standard_input() -> types.Generator[types.TextIO, None, None]:
    """Give standard input to read; where it cannot be read, raise SystemReadError."""
    # A program that is started without one has None there.
    if sys.stdin is None:
        raise SystemReadError("standard input", "there is none")
    try:
        yield sys.stdin
    except UnicodeDecodeError as error:
        raise SystemReadError("standard input", f"it is no text in {error.encoding}") from None
    except OSError as error:
        raise SystemReadError("standard input", error.strerror or str(error)) from None
