"""A set as another program's text, where a row says how.

What lives here: the order for a text, checked as far as the row can tell, and
the writer that follows the row.
What must not: the grammars that a row cannot say (``grammar_*``), and the
public functions (``convert``).

A text never names another set than it was asked to. Where the notation cannot
say a set, or says it only by saying nothing, UnrepresentableError tells why.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.dialects.catalog import lookup
from portranges.dialects.model import Bracketed, Dialect, TransportRule
from portranges.dialects.packing import pack_by_length, pack_by_slots
from portranges.errors import UnrepresentableError, elide
from portranges.ports import LAST_PORT, PortRange, Transport, check_transport
from portranges.portset import PortSet

__all__ = [
    "Order",
    "bracketed",
    "check_ports",
    "element",
    "example",
    "framed",
    "listed",
    "order_of",
    "write_texts",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be written.

    Attributes:
        row: The dialect.
        ports: The set that the text shall name.
        transport: What the text says of the transport; None for nothing.
        negated: Whether it names the set by the ports that are not in it.
        ternary: Whether masks may have their ones anywhere.
    """

    row: Dialect
    ports: PortSet
    transport: Transport | None = None
    negated: bool = False
    ternary: bool = False

    @property
    def named(self) -> PortSet:
        """The ports that the text names: those outside if it is a negation."""
        return ~self.ports if self.negated else self.ports


def check_ports(name: str, ports: PortSet, lowest: int) -> None:
    """Raise unless *ports* is a set with a port, and none below *lowest*."""
    if not isinstance(ports, PortSet):
        raise TypeError(f"ports must be a PortSet, got {type(ports).__name__} {elide(ports)}")
    if not ports:
        raise UnrepresentableError(
            name, "the empty set has no text, and a rule without ports would match every port"
        )
    if ports.first < lowest:
        raise UnrepresentableError(
            name, f"port 0 is in it, and ports are {lowest}..{LAST_PORT} there"
        )


def order_of(
    ports: PortSet,
    name: types.DialectName,
    transport: types.TransportLike | None,
    *,
    negated: bool,
    ternary: bool,
) -> Order:
    """Return what is to be written, checked as far as the row can tell."""
    row = lookup(name)
    if ports or row.empty is None or not isinstance(ports, PortSet):
        check_ports(row.name, ports, row.lowest)
    wanted = None if transport is None else check_transport(transport)
    if wanted is None and row.transport_rule in (TransportRule.LISTS, TransportRule.ALWAYS):
        wanted = Transport.TCP
    elif wanted is not None and wanted not in row.transports:
        raise UnrepresentableError(row.name, f"it has no ports of {wanted}")
    elif wanted is not None and row.transport_rule is TransportRule.NEVER:
        raise UnrepresentableError(row.name, "it has no place for a transport")
    if negated and not row.negated:
        raise UnrepresentableError(row.name, "it has no negation that is sure to be understood")
    if negated and ports == PortSet.full():
        raise UnrepresentableError(row.name, "every port is in it, and a negation names none")
    if ternary and row.grammar != "masks":
        raise UnrepresentableError(row.name, "it has no masks")
    return Order(row=row, ports=ports, transport=wanted, negated=negated, ternary=ternary)


def element(row: Dialect, ports: PortRange) -> str:
    """Return the text of one port or range."""
    if ports.first == ports.last:
        return f"{row.quote}{ports.first}{row.quote}" if row.quote_all else f"{ports.first}"
    return f"{row.quote}{ports.first}{row.range_signs[0]}{ports.last}{row.quote}"


def bracketed(row: Dialect, elements: types.Sequence[str]) -> str:
    """Return the list of *elements*, in brackets where the row wants them."""
    text = row.separator.join(elements)
    if row.bracketed is Bracketed.ALWAYS or (
        row.bracketed is Bracketed.SEVERAL and len(elements) > 1
    ):
        return f"{row.opening}{text}{row.closing}"
    return text


def listed(row: Dialect, ranges: types.Iterable[PortRange]) -> str:
    """Return the list of *ranges*."""
    return bracketed(row, [element(row, ports) for ports in ranges])


def framed(row: Dialect, match: str, transport: Transport | None) -> str:
    """Return *match* with the transport around it, if one is said."""
    if transport is None:
        return match
    return row.framed.replace("{transport}", transport).replace("{match}", match)


def example(row: Dialect, transport: Transport | None = None) -> str:
    """Return the text of port 80, for an error's hint."""
    if transport is None and row.transport_rule in (TransportRule.ALWAYS, TransportRule.LISTS):
        transport = Transport.TCP
    return framed(row, row.plain.replace("{ports}", bracketed(row, ["80"])), transport)


def write_texts(order: Order) -> list[str]:
    """Return the texts of a dialect whose row says all."""
    row = order.row
    if not order.ports:
        return [row.empty or ""]
    around = row.negated if order.negated else row.plain
    lists = _lists(row, order.named.ranges)
    if order.negated and len(lists) > 1:
        # Negations that are alternatives match every port.
        raise UnrepresentableError(
            row.name, f"a negation of {len(lists)} ranges does not go into one text"
        )
    return [framed(row, around.replace("{ports}", text), order.transport) for text in lists]


def _lists(row: Dialect, ranges: types.Sequence[PortRange]) -> list[str]:
    if row.max_elements == 1:
        return [element(row, ports) for ports in ranges]
    if row.max_slots:
        return [listed(row, part) for part in pack_by_slots(ranges, row.max_slots)]
    if row.max_length:
        parts = pack_by_length(
            (element(row, ports) for ports in ranges), row.separator, row.max_length
        )
        return [bracketed(row, part) for part in parts]
    return [listed(row, ranges)]
