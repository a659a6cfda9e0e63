"""Writing a set in a notation that a row describes completely.

A text always names exactly the set that was given. If the notation cannot express a set, or only
by omitting the ports, UnrepresentableError gives the reason. The grammars that a row cannot
describe are in the ``grammar_*`` modules.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import checks, types
from portranges.dialects.catalog import lookup
from portranges.dialects.forms import Dialect, Frame, Ranges, Wording
from portranges.dialects.model import Bracketed, TransportRule
from portranges.dialects.packing import pack_by_length, pack_by_slots
from portranges.errors import UnrepresentableError
from portranges.ports import LAST_PORT, PortRange, Transport, check_transport
from portranges.portset import PortSet

# Where a text must name a transport, it names TCP if none was selected.
_REQUIRED = (TransportRule.LISTS, TransportRule.ALWAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to write, checked as far as the row allows.

    Attributes:
        row: The dialect.
        ports: The set that the texts must match.
        transport: The transport that the texts name; None if they name none.
        negated: Whether the texts list the ports that are not in the set.
        ternary: Whether a mask may have 1 bits anywhere.
    """

    row: Dialect
    ports: PortSet
    transport: Transport | None = None
    negated: bool = False
    ternary: bool = False

    @property
    def named(self) -> PortSet:
        """The ports that the texts list: those outside the set for a negation."""
        return ~self.ports if self.negated else self.ports


def check_ports(name: str, ports: PortSet, lowest: int) -> None:
    """Raise unless *ports* is a set that is not empty and has no port below *lowest*."""
    checks.of_type("ports", ports, PortSet)
    fault = ""
    if not ports:
        fault = "it is empty, and a rule without ports would match every port"
    elif ports.first < lowest:
        fault = f"it contains port 0, and only {lowest}..{LAST_PORT} are supported"
    if fault:
        raise UnrepresentableError(name, fault)


def request_of(
    ports: PortSet,
    name: types.DialectName,
    transport: types.TransportLike | None,
    *,
    negated: bool,
    ternary: bool,
) -> Request:
    """Return what to write, or raise if the row does not allow it."""
    row = lookup(name)
    checks.of_type("ports", ports, PortSet)
    checks.flag("negated", negated)
    checks.flag("ternary", ternary)
    if ports or row.empty is None:
        check_ports(row.name, ports, row.lowest)
    selected = None if transport is None else check_transport(transport)
    if selected is None and row.frame.rule in _REQUIRED:
        selected = Transport.TCP
    elif selected is not None and selected not in row.frame.transports:
        raise UnrepresentableError(row.name, f"{selected} is not supported")
    elif selected is not None and row.frame.rule is TransportRule.NEVER:
        raise UnrepresentableError(row.name, "its text cannot name a transport")
    if negated and not row.wording.negated:
        raise UnrepresentableError(row.name, "the notation has no reliable negation")
    if negated and ports == PortSet.full():
        raise UnrepresentableError(row.name, "it contains every port; a negation would list none")
    if ternary and row.grammar != "masks":
        raise UnrepresentableError(row.name, "ternary= requires a notation with masks")
    return Request(row=row, ports=ports, transport=selected, negated=negated, ternary=ternary)


def element(form: Ranges, ports: PortRange) -> str:
    """Return the text of one port or range."""
    if ports.first == ports.last:
        return f"{form.quote}{ports.first}{form.quote}" if form.quote_all else f"{ports.first}"
    return f"{form.quote}{ports.first}{form.signs[0]}{ports.last}{form.quote}"


def bracketed(row: Dialect, elements: types.Sequence[str]) -> str:
    """Return the list of *elements*, in brackets if the row requires them."""
    text, brackets = row.spacing.separator.join(elements), row.brackets
    if brackets.when is Bracketed.ALWAYS or (
        brackets.when is Bracketed.SEVERAL and len(elements) > 1
    ):
        return f"{brackets.opening}{text}{brackets.closing}"
    return text


def listed(row: Dialect, ranges: types.Iterable[PortRange]) -> str:
    """Return the list of *ranges*."""
    return bracketed(row, [element(row.ranges, ports) for ports in ranges])


def worded(wording: Wording, text: str, *, negated: bool = False) -> str:
    """Return the list *text* with the words around it."""
    return (wording.negated if negated else wording.plain)[0].replace("{ports}", text)


def framed(frame: Frame, match: str, transport: Transport | None) -> str:
    """Return *match* with the transport around it, if there is one."""
    if transport is None:
        return match
    return frame.forms[0].replace("{transport}", transport).replace("{match}", match)


def example(row: Dialect, transport: Transport | None = None, ports: str = "80") -> str:
    """Return the text of the element *ports*, as an example in an error message."""
    if transport is None and row.frame.rule in _REQUIRED:
        transport = Transport.TCP
    return framed(row.frame, worded(row.wording, bracketed(row, [ports])), transport)


def write_texts(request: Request) -> list[str]:
    """Return the texts of a dialect that its row describes completely."""
    row = request.row
    if not request.ports:
        return [row.empty or ""]
    matches = (worded(row.wording, text, negated=request.negated) for text in lists_of(request))
    return [framed(row.frame, match, request.transport) for match in matches]


def lists_of(request: Request) -> list[str]:
    """Return the ports in the fewest lists that the row's limits allow.

    Raises:
        UnrepresentableError: They need several lists, which would have another meaning.
    """
    row, ranges = request.row, request.named.ranges
    lists = _lists(row, ranges)
    if request.negated and len(lists) > 1:
        # Several negations would be alternatives, and match every port.
        raise UnrepresentableError(
            row.name, f"a negation of {len(ranges)} ranges does not fit into one text"
        )
    if len(lists) > 1 and not row.several_texts_mean:
        most = f"its list may have {row.limits.max_length} characters"
        raise UnrepresentableError(row.name, f"{most}, and {len(ranges)} ranges do not fit")
    return lists


def _lists(row: Dialect, ranges: types.Sequence[PortRange]) -> list[str]:
    limits, separator = row.limits, row.spacing.separator
    if limits.max_slots:
        return [listed(row, part) for part in pack_by_slots(ranges, limits.max_slots)]
    elements = [element(row.ranges, ports) for ports in ranges]
    count = limits.max_elements or len(elements)
    parts = [elements[at : at + count] for at in range(0, len(elements), count)]
    if limits.max_length:
        around = len(bracketed(row, ["", ""])) - len(separator)
        parts = pack_by_length(elements, separator, limits.max_length - around)
    return [bracketed(row, part) for part in parts]
