"""The table of services of a machine: /etc/services and nmap-services.

A line is ``name port/transport``, then aliases in the former and a frequency in the latter, then a
comment. A line that is not of this form is skipped, as the C library and nmap skip it; the numbers
of the skipped lines are returned.
"""

from __future__ import annotations

import re

from portranges import checks
from portranges.errors import DataError, PortSyntaxError, elide
from portranges.ports import PortRange, Transport, parse_port
from portranges.registry.model import TRANSPORTS, Assignment, State
from portranges.registry.table import RowTable

# nmap's table has 27,000 lines and a million characters, the largest that is known. Limits of
# several times that bound the memory for a hostile text.
_MOST_ROWS = 100_000
LONGEST_SERVICES = 10_000_000

_PROTOCOL = re.compile(r"[a-z][a-z0-9+.-]*")
_FREQUENCY = re.compile(r"[01]\.[0-9]+")
# Those of isspace() in C. A line break at the end of a line of Windows is one of them.
_BLANK = " \t\v\f\r"
_BLANKS = re.compile(f"[{_BLANK}]+")

# nmap's name for a port that was found open and does not belong to a known service.
_UNKNOWN = "unknown"


def services_table(text: str, name: str) -> tuple[RowTable, tuple[int, ...]]:
    """Return the rows of a table of services, and the numbers of the lines that are skipped.

    Args:
        text: The text.
        name: What the text is, for the message.

    Raises:
        TypeError: *text* is not a ``str``.
        DataError: There is no line with a service, or the text is too long.

    Source:
        services(5), the comments in nmap-services, and nss/nss_files/files-service.c of glibc.

    Example:
        >>> table, skipped = services_table("http 80/tcp www # web", "services")
        >>> table.cell(80, TRANSPORTS[0]).services, skipped
        (('http', 'www'), ())
    """
    if len(checks.of_type("text", text, str)) > LONGEST_SERVICES:
        raise DataError(name, f"expected at most {LONGEST_SERVICES} characters, got more")
    rows: dict[int, list[Assignment]] = {}
    skipped: list[int] = []
    fault = ""
    count = 0
    for number, line in enumerate(text.split("\n"), 1):
        content, _, comment = line.partition("#")
        fields = _BLANKS.split(content.strip(_BLANK))
        # Before a comment in the first line there may be a byte order mark.
        if fields in ([""], ["\ufeff"]):
            continue
        count += 1
        if count > _MOST_ROWS:
            raise DataError(name, f"expected at most {_MOST_ROWS} services, got more")
        try:
            port, protocol, names = _read(fields)
        except PortSyntaxError as error:
            fault = fault or f"; line {number}: {error.reason}"
            skipped.append(number)
            continue
        # Some tables have rows of AppleTalk (ddp), whose numbers are not ports.
        if protocol in TRANSPORTS:
            rows.setdefault(port, []).extend(
                Assignment(
                    ports=PortRange(port),
                    transport=Transport(protocol),
                    state=State.ASSIGNED,
                    service=each,
                    description=" ".join(comment.split()),
                )
                for each in names
            )
    if not rows:
        rule = "expected lines with a service, a port and a transport"
        raise DataError(name, f"{rule}, got none{fault}")
    return RowTable(rows, {}, is_complete=False), tuple(skipped)


def _read(fields: list[str]) -> tuple[int, str, list[str]]:
    """Return the port, the protocol and the names of a line, or raise PortSyntaxError."""
    if len(fields) < 2 or "/" not in fields[1]:
        raise _refused("expected 'name port/transport'", " ".join(fields))
    service, place, *aliases = fields
    digits, _, protocol = place.partition("/")
    # C libraries read numbers that begin with 0 differently: 010 is 8 in glibc and 10 in musl.
    port = parse_port(digits)
    if _PROTOCOL.fullmatch(protocol) is None:
        raise _refused("expected a transport", protocol)
    if aliases and _FREQUENCY.fullmatch(aliases[0]):
        del aliases[0]
        if service == _UNKNOWN:
            return port, "", []
    names = list(dict.fromkeys([service, *aliases]))
    for each in names:
        # Other programs have names that RFC 6335 does not allow: "whois++", "X11:1".
        if "/" in each or not each.isprintable() or not any(map(str.isalpha, each)):
            raise _refused("expected a service name", each)
    return port, protocol, names


def _refused(rule: str, found: str) -> PortSyntaxError:
    return PortSyntaxError(f"{rule}, got {elide(found)}", found, (0, len(found)))
