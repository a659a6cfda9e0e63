"""Services that should not be reachable from the internet, by the port that they listen on.

A service is listed if its own documentation, the RFC of its protocol or a common hardening guide
advises against exposing it. The rows are the lines of ``sensitive.tsv``, sorted by first port.

A line is ``PORTS TAB transports TAB service TAB why TAB confidence TAB document TAB section TAB
checked TAB fragment``.

SSH is not listed, although guides restrict it, because it was made for untrusted networks. Ports
that many programs use, such as 3000 and 8080, are not listed either. ``docs/reference/uses.md``
has the services that guides name and that are not listed, with the reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.source import Confidence, Source, cite
from portranges.uses.table import lines_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveService:
    """A service that should not be reachable from the internet.

    Attributes:
        service: The service, as its users call it.
        ports: The ports that it listens on by default.
        transports: The transports.
        why: Why it should not be reachable, as a clause.
        confidence: How the reason is known.
        source: Where the reason comes from.
        fragment: Words of the source, at most 80 characters; ``""`` for the oldest rows.

    Example:
        >>> [row.service for row in not_for_internet() if 3389 in row.ports]
        ['Remote Desktop']
    """

    service: str
    ports: PortSet
    transports: tuple[Transport, ...]
    why: str
    confidence: Confidence
    source: Source
    fragment: str


def not_for_internet() -> tuple[SensitiveService, ...]:
    """Return the services that should not be reachable from the internet.

    Returns:
        The rows, sorted by first port. A port that is not listed is not necessarily safe.

    Source:
        Each row names its own.

    Example:
        >>> from portranges import PortRange
        >>> opened = PortRange(3300, 3400)
        >>> [row.service for row in not_for_internet() if not row.ports.isdisjoint(opened)]
        ['MySQL', 'Remote Desktop']
    """
    return _rows()


@cache
def _rows() -> tuple[SensitiveService, ...]:
    return tuple(map(_service, lines_of("sensitive.tsv")))


def _service(line: str) -> SensitiveService:
    ports, transports, service, why, confidence, document, section, checked, fragment = line.split(
        "\t"
    )
    return SensitiveService(
        service=service,
        ports=PortSet.parse(ports),
        transports=tuple(map(Transport, transports.split(","))),
        why=why,
        confidence=Confidence(confidence),
        source=cite(document, section, checked=checked),
        fragment=fragment,
    )
