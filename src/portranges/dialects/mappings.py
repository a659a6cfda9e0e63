"""Port mappings, such as ``127.0.0.1:8080:80/udp``: two ranges of one size.

``parse`` returns the published ports of such a text, and no more; a mapping keeps both sides,
the address and the transport. The forms of each program are in ``rows_mappings``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from portranges import checks, types
from portranges.dialects.catalog import lookup
from portranges.dialects.elements import read_element
from portranges.dialects.model import MappingForm
from portranges.dialects.query import Query
from portranges.dialects.rows_mappings import FORMS
from portranges.endpoints import canonical_address
from portranges.errors import (
    InvalidRangeError,
    InvalidValueError,
    PortSyntaxError,
    base_60,
    elide,
)
from portranges.names import Index
from portranges.ports import LAST_PORT, PortRange, Transport, is_digits
from portranges.records import always_checked

__all__ = ["PortMapping", "mapping_forms", "parse_mapping", "read_mapping"]

# The ports are read as docker's, and errors name the program.
_ROWS = {
    form.name: replace(
        lookup("docker"),
        tool=form.tool,
        range_signs=("-",) if form.has_ranges else (),
        misread_texts=(),
    )
    for form in FORMS
}

# Where a mapping is expected, a number is probably one, whatever the container's port.
_CONTAINERS = tuple(range(1, 60))

_BY_NAME = Index.of("mapping form", FORMS, argument="form")


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class PortMapping:
    """Ports on one side that lead to as many ports on the other side.

    ``str`` returns a text that docker, podman and Compose read. kubectl reads it too if there
    is no address and no transport.

    Attributes:
        target: The ports to which the mapping leads, such as a container's.
        published: The ports on the side of the clients, such as the host's; None if
            the program chooses free ports.
        address: The IP address on which they are published; ``""`` for the program's default.
        transport: The transport that the text names; None if it names none.

    Raises:
        TypeError: A value has the wrong type.
        InvalidRangeError: The two ranges differ in size, or one contains port 0.
        InvalidValueError: *address* is not an IP address in its usual form.

    Example:
        >>> mapping = parse_mapping("127.0.0.1:8080-8081:80-81/udp")
        >>> mapping.published, mapping.target
        (PortRange(first=8080, last=8081), PortRange(first=80, last=81))
        >>> mapping.address, str(mapping)
        ('127.0.0.1', '127.0.0.1:8080-8081:80-81/udp')
    """

    target: PortRange
    published: PortRange | None = None
    address: str = ""
    transport: Transport | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        checks.of_type("target", self.target, PortRange)
        checks.of_type("published", self.published, PortRange, optional=True)
        checks.of_type("transport", self.transport, Transport, optional=True)
        checks.of_type("address", self.address, str)
        if self.address and _address(self.address) != self.address:
            raise InvalidValueError("address must be an IP address", elide(self.address))
        for ports in (self.target, self.published or self.target):
            if ports.first == 0:
                raise InvalidRangeError("a mapping must not contain port 0", str(ports))
            if len(ports) != len(self.target):
                raise InvalidRangeError(
                    "both sides must have the same number of ports",
                    f"{len(ports)} and {len(self.target)}",
                )

    def __str__(self) -> str:
        """Return the text, such as ``"[::1]:8080:80/udp"``, which ``parse_mapping`` reads."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        published = "" if self.published is None else f"{self.published}"
        transport = f"/{self.transport}" if self.transport else ""
        return f"{address}{':' * bool(address)}{published}:{self.target}{transport}"


def mapping_forms() -> tuple[MappingForm, ...]:
    """Return the row of every form of port mapping.

    Returns:
        The rows in a fixed order.

    Example:
        >>> [form.name for form in mapping_forms()]
        ['docker', 'kubectl']
    """
    return FORMS


def parse_mapping(text: str, form: types.MappingFormName = "docker") -> PortMapping:
    """Return the port mapping that is written in *text*.

    Args:
        text: Such as ``"8080:80"``, ``"[::1]:8080:80/tcp"``, ``"9000-9010:80-90"``, ``"80"``.
            Published port 0, or none, lets the program choose.
        form: The program whose text it is. A port alone is the target for docker, podman and
            Compose, and both sides for kubectl.

    Returns:
        The mapping.

    Raises:
        TypeError: An argument is not a ``str``.
        UnknownNameError: *form* is unknown.
        PortSyntaxError: *text* is anything else; ``.span`` is the place of the fault.

    Example:
        >>> parse_mapping("20001-20100:10001-10100").target
        PortRange(first=10001, last=10100)
        >>> parse_mapping("80").published, parse_mapping("80", "kubectl").published
        (None, PortRange(first=80, last=80))
    """
    given = types.cast("object", text)
    # A subclass of int may have arithmetic of its own.
    if type(given) is int:
        raise TypeError(f"text must be a str, got int {elide(given)}{base_60(given, _CONTAINERS)}")
    checks.of_type("text", text, str)
    row = _BY_NAME.find(form)
    return read_mapping(Query(row=_ROWS[row.name], text=text), 0, len(text), row)


def read_mapping(query: Query, start: int, stop: int, form: MappingForm = FORMS[0]) -> PortMapping:
    """Return the mapping of ``text[start:stop]``."""
    text, whole = query.text, (start, stop)
    transport = None
    slash = text.find("/", start, stop)
    if slash >= 0:
        transport = _transport(query, slash + 1, stop, form)
        stop = slash
    address = ""
    if text.startswith("[", start, stop) or text.count(":", start, stop) > 1:
        address, start = _read_address(query, start, stop, form)
    colon = text.find(":", start, stop)
    digits = text[start:stop] if stop - start <= 7 else ""
    if colon < 0 and is_digits(digits) and int(digits) > LAST_PORT:
        raise PortSyntaxError(
            f"port must be in 1..{LAST_PORT}, got {digits!r}{base_60(int(digits), _CONTAINERS)}",
            text,
            (start, stop),
        )
    target = PortRange(*read_element(query, start if colon < 0 else colon + 1, stop, None))
    if colon < 0:
        published = target if form.alone_is_both else None
    elif text[start:colon] in ("", "0"):
        published = None
    else:
        published = PortRange(*read_element(query, start, colon, None))
    if published is not None and len(published) != len(target):
        chosen = "; docker would choose one of them" if len(target) == 1 else ""
        raise PortSyntaxError(
            "host and container must have the same number of ports, "
            f"got {len(published)} and {len(target)}{chosen}",
            text,
            whole,
        )
    return PortMapping(target=target, published=published, address=address, transport=transport)


def _transport(query: Query, start: int, stop: int, form: MappingForm) -> Transport:
    word = query.text[start:stop]
    for transport in form.transports:
        # docker and podman accept it in capitals too.
        if word.isascii() and word.lower() == transport:
            return transport
    if form.transports:
        rule = f"expected {', '.join(form.transports[:-1])} or {form.transports[-1]}"
    else:
        rule = f"{form.tool} does not accept a transport"
    found = elide(word) if word else "nothing"
    raise PortSyntaxError(f"{rule}, got {found}", query.text, (start, stop))


def _read_address(query: Query, start: int, stop: int, form: MappingForm) -> tuple[str, int]:
    """Return the address before the ports, and where the ports start."""
    text = query.text
    bracketed = text.startswith("[", start, stop)
    end = text.find("]" if bracketed else ":", start, stop)
    after = end + bracketed
    if not form.has_address or end < 0 or text.count(":", after, stop) != 2 or text[after] != ":":
        example = "'address:host:container', with an IPv6 address in brackets"
        raise PortSyntaxError(
            f"expected {example if form.has_address else 'two ports at most'}, "
            f"got {elide(text[start:stop])}",
            text,
            (start, stop),
        )
    span = (start + bracketed, end)
    address = _address(text[slice(*span)])
    # docker and podman look for an address inside brackets, of either family.
    if address is None or (":" in address and not bracketed):
        raise PortSyntaxError(
            f"expected an IP address, got {elide(text[slice(*span)])}", text, span
        )
    return address, after + 1


def _address(text: str) -> str | None:
    """Return the IP address *text* in its usual form; None if it is not one."""
    return None if "%" in text else canonical_address(text)
