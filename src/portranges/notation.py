"""The neutral notation of a list of ports: its items, its service names and all of its errors.

``PortSet`` and ``TransportPorts`` collect the ports. A single port or range is parsed in
``ports``, and the notations of other programs are in ``dialects``.
"""

from __future__ import annotations

from portranges import types
from portranges.errors import PortSyntaxError, UnknownNameError, elide
from portranges.ports import Transport, means_every_port, parse_range_at

# A text of ten megabytes can have five million errors; this many are enough.
MOST_ERRORS = 100

NAMES = "; names require services=registry.SHIPPED"


def item_spans(text: str) -> types.Iterator[tuple[int, int]]:
    r"""Yield the first and one past the last index of each item of *text*.

    A comma or a line break (``\n`` or ``\r\n``) separates items. Spaces and blank lines around a
    separator belong to no item. Between two commas, or a comma and the end of the text, there
    must be an item: if there is none, the empty or blank span is yielded.
    """
    size = len(text)
    start = 0
    while size:
        comma = text.find(",", start)
        stop = size if comma < 0 else comma
        if text.find("\n", start, stop) < 0:
            low, high = start, stop
            if start > 0:
                low += stop - start - len(text[start:stop].lstrip(" "))
            if comma >= 0:
                high = low + len(text[low:stop].rstrip(" "))
            yield (low, high) if low < high else (start, stop)
        else:
            is_blank = True
            for span in _lines(text, start, stop):
                is_blank = False
                yield span
            if is_blank and (start > 0 or comma >= 0):
                yield start, stop
        if comma < 0:
            break
        start = comma + 1


def _lines(text: str, start: int, stop: int) -> types.Iterator[tuple[int, int]]:
    """Yield the span of each line of ``text[start:stop]`` that is not blank."""
    low = start
    while low <= stop:
        line_break = text.find("\n", low, stop)
        high = stop if line_break < 0 else line_break
        line = text[low:high]
        if line_break >= 0:
            line = line.removesuffix("\r")
        if line.strip(" "):
            if low > 0:
                low += len(line) - len(line.lstrip(" "))
                line = line.lstrip(" ")
            if high < len(text):
                line = line.rstrip(" ")
            yield low, low + len(line)
        low = high + 1


def checked_services(services: types.Services | None) -> types.Services | None:
    """Return the argument *services* if it can look up the ports of a name, or None."""
    if services is None:
        return None
    # Loaded when it is first needed: most programs read numbers only.
    from portranges import checks

    return checks.services(services)


def is_name(item: str) -> bool:
    """Return whether *item* is looked up as the name of a service.

    The name of a service has a letter (RFC 6335, section 5.1), unlike a port or a range.
    """
    if {"/", ";"} & {*item} or len(item.split()) != 1 or means_every_port(item):
        return False
    from portranges.fixes import fix_of

    # 0x50 has a letter too.
    return any(map(str.isalpha, item)) and not fix_of(item)


def ports_of_name(
    text: str, start: int, stop: int, services: types.Services, transport: Transport | None = None
) -> types.PortSet:
    """Return the ports of the service ``text[start:stop]``, or raise an error with that span."""
    name = text[start:stop]
    try:
        return services.ports(name, transport)
    except UnknownNameError as error:
        reason = str(error)
    raise PortSyntaxError(reason, text, (start, stop))


def read_at(
    text: str, start: int, stop: int, services: types.Services | None
) -> tuple[int, int] | types.PortSet:
    """Return the first and the last port of ``text[start:stop]``, or the ports of a service."""
    if services is None or not is_name(text[start:stop]):
        return parse_range_at(text, start, stop, NAMES)
    ports = ports_of_name(text, start, stop, services)
    if ports:
        return ports
    raise no_port(text, start, stop)


def no_port(text: str, start: int, stop: int, transports: str = "") -> PortSyntaxError:
    """Return the error for a service without a port, or without one for *transports*."""
    rule = f"a service must have a port{transports and f' of {transports}'}"
    return PortSyntaxError(f"{rule}, got {elide(text[start:stop])}", text, (start, stop))


def errors_in(text: str, services: types.Services | None) -> tuple[PortSyntaxError, ...]:
    """Return the errors of *text* in the order of their positions, at most ``MOST_ERRORS``."""
    found: list[PortSyntaxError] = []
    for start, stop in item_spans(text):
        try:
            read_at(text, start, stop, services)
        except PortSyntaxError as error:
            # The traceback would keep the frames alive.
            found.append(error.with_traceback(None))
            if len(found) == MOST_ERRORS:
                break
    return tuple(found)
