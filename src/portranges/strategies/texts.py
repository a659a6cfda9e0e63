"""Texts of the dialects, in the spellings that their rows describe.

A text is put together from the row of its dialect, without the code that reads or writes dialects.
Notations that a row cannot describe are written by ``dialects.render_rules``.
"""

from __future__ import annotations

from hypothesis import strategies as st

from portranges import dialects, types
from portranges.dialects import Bracketed, Comparison, Dialect, Operator, Overlap, TransportRule
from portranges.errors import UnrepresentableError
from portranges.ports import PortRange
from portranges.portset import PortSet
from portranges.strategies.sets import port_ranges, ports

# Grammars whose texts have another form than the parts of the row would give.
_UNDESCRIBED = frozenset({"masks", "bpf", "nmap", "docker", "cisco"})

# Operators whose meaning needs one port, and the ports that would leave none.
_WITH_ONE_PORT = {
    Comparison.EQUAL: None,
    Comparison.UNEQUAL: None,
    Comparison.BELOW: "first",
    Comparison.AT_MOST: None,
    Comparison.ABOVE: "last",
    Comparison.AT_LEAST: None,
}

_LAST = 65535
_MOST_ELEMENTS = 6


def texts_of(dialect: types.DialectName) -> st.SearchStrategy[str]:
    """Return a strategy for texts in a dialect, as for ``dialect_texts``."""
    row = dialects.lookup(dialect)
    rendered = _rendered(row)
    if row.grammar in _UNDESCRIBED:
        return rendered
    return st.one_of(rendered, _spelled(row))


def _elements(row: Dialect) -> st.SearchStrategy[list[PortRange]]:
    """Return a strategy for the elements of a list, as many as one text may have."""
    most = min(row.limits.max_elements or _MOST_ELEMENTS, _MOST_ELEMENTS)
    one = st.one_of(ports(min_value=row.lowest).map(PortRange), port_ranges(min_value=row.lowest))
    elements = st.lists(one, min_size=1, max_size=most)
    if row.overlap is Overlap.ANY:
        return elements
    return elements.map(lambda found: list(PortSet(found).ranges))


@st.composite
def _rendered(draw: st.DrawFn, row: Dialect) -> str:
    """Draw what ``render_rules`` writes."""
    # Several texts are written where one cannot have several elements.
    one = st.one_of(ports(min_value=row.lowest).map(PortRange), port_ranges(min_value=row.lowest))
    least = 1 if row.empty is None else 0
    some = PortSet(draw(st.lists(one, min_size=least, max_size=_MOST_ELEMENTS)))
    options: dict[str, types.Any] = {}
    if row.frame.rule is not TransportRule.NEVER and draw(st.booleans()):
        options["transport"] = draw(st.sampled_from(row.frame.transports))
    if bool(row.wording.negated) and draw(st.booleans()):
        options["negated"] = True
    if row.grammar == "masks":
        options["ternary"] = draw(st.booleans())
    try:
        return "\n".join(dialects.render_rules(some, row.name, **options))
    except UnrepresentableError:
        # Not every set can be negated, or fits into the texts of one setting.
        port = row.lowest if not some else some.first
        return dialects.render(PortSet([port]), row.name)


@st.composite
def _spelled(draw: st.DrawFn, row: Dialect) -> str:
    """Draw a text with one of the spellings of its row."""
    # Everything is drawn whether it is used or not: the shortest sequence of draws is the simplest
    # example, so an unusual spelling must not need fewer draws than the usual one.
    rule, plain = row.frame.rule, row.wording.plain
    elements = draw(_elements(row))
    operator = draw(st.sampled_from((None, None, *_operators(row))))
    form = draw(st.sampled_from((*plain, *row.wording.negated)))
    transport, is_named = draw(st.sampled_from(row.frame.transports)), draw(st.booleans())
    blank, is_ended = _blank(draw, row), draw(st.booleans())
    is_named = rule is TransportRule.ALWAYS or (is_named and rule is not TransportRule.NEVER)
    if rule is TransportRule.LISTS and not is_named:
        elements = [PortRange(elements[0].first)]
    if form in row.wording.negated and PortSet(elements) == PortSet.full():
        form = plain[0]
    text = form.replace("{ports}", _listed(draw, row, elements))
    if operator is not None:
        text = plain[0].replace("{ports}", _operated(elements[0].first, row, operator))
    if is_named:
        frame = draw(st.sampled_from(row.frame.forms))
        text = frame.replace("{transport}", transport).replace("{match}", text)
    if is_ended:
        text += row.spacing.terminator
    # The neutral notation has blanks only after a comma.
    blank = "" if row.grammar == "neutral" else blank
    return f"{blank}{text}{blank}"


def _operators(row: Dialect) -> tuple[Operator, ...]:
    return tuple(each for each in row.operators if each.comparison in _WITH_ONE_PORT)


def _operated(port: int, row: Dialect, operator: Operator) -> str:
    """Return an operator before a port, which together match at least one port."""
    excluded = _WITH_ONE_PORT[operator.comparison]
    if excluded == "first":
        port = max(port, row.lowest + 1)
    elif excluded == "last":
        port = min(port, _LAST - 1)
    return f"{operator.sign} {port}"


def _listed(draw: st.DrawFn, row: Dialect, elements: list[PortRange]) -> str:
    """Draw a list of *elements*: how each is written, the separators and the brackets."""
    blank, spacing = _blank(draw, row), row.spacing
    separator = spacing.separator
    if blank and separator.strip():
        separator = f"{'' if row.grammar == 'neutral' else blank}{separator.strip()}{blank}"
    elif blank and spacing.blanks_separate:
        separator = blank
    text = separator.join([_element(draw, row, each) for each in elements])
    if spacing.trailing and draw(st.booleans()):
        text += separator.rstrip()
    when = row.brackets.when
    required = when is Bracketed.ALWAYS or (when is Bracketed.SEVERAL and len(elements) > 1)
    if required or (when is not Bracketed.NEVER and draw(st.booleans())):
        return f"{row.brackets.opening}{text}{row.brackets.closing}"
    return text


def _element(draw: st.DrawFn, row: Dialect, element: PortRange) -> str:
    """Draw how one port or range is written."""
    form, first, last = row.ranges, element.first, element.last
    if first == last and not (form.signs and form.equal_ends and draw(st.booleans())):
        return f"{form.quote}{first}{form.quote}" if form.quote_all else f"{first}"
    sign = draw(st.sampled_from(form.signs))
    around = _blank(draw, row) if row.spacing.blanks_in_ranges else ""
    ends = [f"{first}", f"{last}"]
    if sign == form.signs[0] and draw(st.booleans()):
        # At most one end is left out.
        if last == form.open_last:
            ends[1] = ""
        elif first == form.open_first:
            ends[0] = ""
    middle = sign if "" in ends else f"{around}{sign}{around}"
    return f"{form.quote}{ends[0]}{middle}{ends[1]}{form.quote}"


def _blank(draw: st.DrawFn, row: Dialect) -> str:
    """Draw no blank, or one that the row accepts."""
    blanks = [each for each in row.spacing.blanks if each != "\n"]
    return draw(st.sampled_from(["", *blanks]))
