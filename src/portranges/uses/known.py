"""What uses a port in practice: programs and conventions, whatever IANA assigned it to.

The rows are the lines of ``known.tsv``, which is read on first use. A row means that a program
uses these ports by default, not that a program found there must be this one. Each row keeps the
words of its source that contain the number, so that ``tools/check_uses.py`` can compare the two
again.

A line is ``PORTS TAB transports TAB kind TAB name TAB note TAB since TAB service TAB
confidence TAB document TAB section TAB checked TAB fragment``, sorted by port. What is unknown or
does not apply is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from portranges import types
from portranges.ports import Transport, check_port
from portranges.portset import PortSet
from portranges.records import shown_by_fields
from portranges.source import Confidence, Source, cite
from portranges.uses.table import lines_of

_NARROW = 100


class UseKind(StrEnum):
    """The kind of use that a port has.

    Attributes:
        PROGRAM: The default of a program or product.
        CONVENTION: A convention of a protocol, or a widely copied example.
        DEVELOPER: The default of a development server or a debugger.
        MALWARE: A convention of malware.
        PLATFORM: Taken or reserved by an operating system, a platform or a cloud.

    Example:
        >>> UseKind("developer")
        <UseKind.DEVELOPER: 'developer'>
    """

    PROGRAM = "program"
    CONVENTION = "convention"
    DEVELOPER = "developer"
    MALWARE = "malware"
    PLATFORM = "platform"


@shown_by_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A program or convention that uses some ports by default.

    Attributes:
        name: The program or convention.
        ports: The ports.
        transports: The transports.
        kind: The kind of use.
        note: What it uses them for, as a phrase.
        since: If the default changed: since when, or for which versions; otherwise ``""``.
        service: The name under which IANA registers one of the ports for this use; ``""`` if it
            does not. The program must speak the registered protocol: MariaDB on 3306 is ``mysql``,
            and any plain HTTP server on 8008 or 8080 is ``http-alt``, but a tunnel on 443 is not
            ``https``.
        confidence: How the fact is known.
        source: Where the fact comes from.
        fragment: The words of the source that contain the number, from one line, at most 80
            characters.

    Example:
        >>> use = lookup(5432)[0]
        >>> use.name, str(use.ports), use.service
        ('PostgreSQL', '5432', 'postgresql')
    """

    name: str
    ports: PortSet
    transports: tuple[Transport, ...]
    kind: UseKind
    note: str
    since: str
    service: str
    confidence: Confidence
    source: Source
    fragment: str

    @property
    def is_narrow(self) -> bool:
        """Whether it has at most 100 ports, so that one of them suggests this use.

        Example:
            >>> [use.name for use in lookup(60454) if use.is_narrow]
            []
        """
        return len(self.ports) <= _NARROW


def rows() -> tuple[Use, ...]:
    """Return all known uses.

    Returns:
        The rows, sorted by first port, then by number of ports, then by name.

    Example:
        >>> next(use.note for use in rows() if use.name == "WireGuard")
        'tunnels, in the examples of the manual'
    """
    return tuple(map(_use, _lines()))


def lookup(port: types.SupportsIndex) -> tuple[Use, ...]:
    """Return the known uses of *port*.

    Args:
        port: A port number, 0 to 65535.

    Returns:
        The uses, the narrowest range first.

    Raises:
        TypeError: *port* is not an integer.
        InvalidPortError: *port* is outside 0 to 65535.

    Source:
        Each row names its own.

    Example:
        >>> "X11" in [use.name for use in lookup(6001)]
        True
    """
    number = check_port(port)
    found = [_use(line) for first, last, line in _spans() if first <= number <= last]
    return tuple(sorted(found, key=lambda use: len(use.ports)))


@cache
def _lines() -> tuple[str, ...]:
    return lines_of("known.tsv")


@cache
def _spans() -> tuple[tuple[int, int, str], ...]:
    """Return the first and the last port of every range, with its line."""
    return tuple(
        (int(first), int(last or first), line)
        for line in _lines()
        for first, _, last in (each.partition("-") for each in line.partition("\t")[0].split(","))
    )


# A set of ports takes up to 8 KB, so only recently used rows are kept.
@lru_cache(maxsize=128)
def _use(line: str) -> Use:
    ports, transports, kind, name, note, since, service, *known, fragment = line.split("\t")
    confidence, document, section, checked = known
    return Use(
        name=name,
        ports=PortSet.parse(ports),
        transports=tuple(map(Transport, transports.split(","))),
        kind=UseKind(kind),
        note=note,
        since=since,
        service=service,
        confidence=Confidence(confidence),
        source=cite(document, section, checked=checked),
        fragment=fragment,
    )
