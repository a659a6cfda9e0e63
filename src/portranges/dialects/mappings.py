"""Port mappings, such as ``127.0.0.1:8080:80/udp``: two ranges of one size.

``parse`` returns the published ports of such a text, and no more; a mapping keeps both sides,
the address and the transport. The forms of each program are in ``rows_mappings``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from portranges import checks, types
from portranges.dialects.catalog import lookup
from portranges.dialects.elements import read_element
from portranges.dialects.forms import MappingForm, Ranges
from portranges.dialects.query import Cursor, Query
from portranges.dialects.rows_mappings import FORMS
from portranges.endpoints import canonical_address
from portranges.errors import InvalidRangeError, InvalidValueError, base_60, elide
from portranges.names import Index
from portranges.ports import LAST_PORT, PortRange, Transport, is_digits
from portranges.records import always_checked

# The ports are read as docker's, and errors name the program.
_ROWS = {
    form.name: replace(
        lookup("docker"),
        tool=form.tool,
        ranges=Ranges(signs=("-",) if form.has_ranges else ()),
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
    is neither an address nor a transport.

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
        checks.fields(self, target=PortRange, published=checks.optional(PortRange))
        checks.fields(self, transport=checks.optional(Transport), address=str)
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
        PortSyntaxError: *text* is not accepted; ``.span`` is the place of the fault.

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
    return read_mapping(Query(row=_ROWS[row.name], text=text).whole(), row)


def read_mapping(at: Cursor, form: MappingForm = FORMS[0]) -> PortMapping:
    """Return the mapping of a text."""
    whole, transport, address = at, None, ""
    slash = at.find("/")
    if slash >= 0:
        transport = _transport(at.since(slash + 1), form)
        at = at.to(slash)
    if at.starts("[") or at.query.text.count(":", *at.span) > 1:
        address, at = _read_address(at, form)
    colon = at.find(":")
    digits = at.word(7)
    if colon < 0 and is_digits(digits) and int(digits) > LAST_PORT:
        got = f"{digits!r}{base_60(int(digits), _CONTAINERS)}"
        raise at.error(f"port must be in 1..{LAST_PORT}", got=got)
    target = PortRange(*read_element(at if colon < 0 else at.since(colon + 1), None))
    if colon < 0:
        published = target if form.alone_is_both else None
    elif at.to(colon).text in ("", "0"):
        published = None
    else:
        published = PortRange(*read_element(at.to(colon), None))
    if published is not None and len(published) != len(target):
        raise whole.error(
            "host and container must have the same number of ports",
            got=f"{len(published)} and {len(target)}",
            hint="docker would choose one of them" if len(target) == 1 else "",
        )
    return PortMapping(target=target, published=published, address=address, transport=transport)


def _transport(at: Cursor, form: MappingForm) -> Transport:
    for transport in form.transports:
        # docker and podman accept it in capitals too.
        if at.text.isascii() and at.text.lower() == transport:
            return transport
    if form.transports:
        rule = f"expected {', '.join(form.transports[:-1])} or {form.transports[-1]}"
    else:
        rule = f"{form.tool} does not accept a transport"
    raise at.error(rule, got="" if len(at) else "nothing")


def _read_address(at: Cursor, form: MappingForm) -> tuple[str, Cursor]:
    """Return the address before the ports, and the ports."""
    text = at.query.text
    bracketed = at.starts("[")
    end = at.find("]" if bracketed else ":")
    after = end + bracketed
    has_ports = text.startswith(":", after) and text.count(":", after, at.stop) == 2
    if not form.has_address or end < 0 or not has_ports:
        example = "'address:host:container', with an IPv6 address in brackets"
        raise at.error(f"expected {example if form.has_address else 'two ports at most'}")
    written = at.to(end).without("[" * bracketed)
    address = _address(written.text)
    # docker and podman look for an address inside brackets, of either family.
    if address is None or (":" in address and not bracketed):
        raise written.error("expected an IP address")
    return address, at.since(after + 1)


def _address(text: str) -> str | None:
    """Return the IP address *text* in its usual form; None if it is not one."""
    return None if "%" in text else canonical_address(text)
