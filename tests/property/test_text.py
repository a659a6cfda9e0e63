"""Any text is a set of ports or a PortSyntaxError that marks the place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import oracle
from portranges import (
    PortRange,
    PortRowsError,
    PortSet,
    PortSyntaxError,
    TransportPorts,
    UnknownNameError,
    parse_port,
)
from portranges.strategies import port_sets, transport_ports

# Rich in what texts of ports are made of, and in what looks like it.
NEARLY = st.text(
    alphabet=st.one_of(
        st.sampled_from("0123456789,- \n"),
        st.sampled_from("+_.:;\t\n\x00\x1b\x7f\u0668\u00b2\uff18\u2013\u202e\u00a0\ud800"),
        st.characters(),
    ),
    max_size=40,
)


PORT_SETS = port_sets()


@st.composite
def mutated(draw: st.DrawFn, values: st.SearchStrategy[object] = PORT_SETS) -> str:
    """A right text with a few characters put in, replaced or taken out."""
    text = str(draw(values))[:200]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        width = draw(st.integers(0, 2))
        text = text[:at] + draw(st.sampled_from(["", draw(NEARLY)[:2]])) + text[at + width :]
    return text


def assert_well_told(error: PortSyntaxError, text: str) -> None:
    """The message is printable and marks a place that is in the text."""
    start, stop = error.span
    assert error.text == text
    assert 0 <= start <= stop <= len(text)
    assert error.__context__ is None
    lines = str(error).split("\n")
    assert all(line.isprintable() for line in lines)
    assert lines[0] == error.reason
    if not text:
        assert len(lines) == 1
        return
    _, line, mark = lines
    assert line.isascii()
    assert len(line) <= 4 + 3 + 60 * 10 + 3
    assert mark.strip("~").strip(" ") == ""
    assert "~" in mark
    begin, end = mark.index("~"), len(mark)
    # The text above the marker is the fault, or its first part, escaped; a
    # fault without width gets one tilde at its place.
    marked = line[begin:end]
    if start == stop:
        assert mark.count("~") == 1
    else:
        assert marked == escaped(text[start : min(stop, start + 60)])
        assert mark.count("~") == len(marked)
    # The text before it is the same in both.
    before = line[4:begin].removeprefix("...") if start > 0 else ""
    assert escaped(text[:start]).endswith(before)


def escaped(text: str) -> str:
    return "".join(
        each
        if " " <= each <= "~"
        else ascii(each)[1:-1]
        if each > "\x7f"
        else f"\\x{ord(each):02x}"
        for each in text
    )


def outcome(parse: Callable[[str], object], text: str) -> object:
    """What *parse* returns; None for a PortSyntaxError with a good message."""
    try:
        return parse(text)
    except PortSyntaxError as error:
        assert_well_told(error, text)
        return None


@given(st.one_of(NEARLY, mutated(), st.text()))
@example("")
@example("80, 443")
@example("80 ,443")
@example(" 80")
@example("80 ")
@example("80,,443")
@example("0-65535,65536")
@example("x" * 300)
@example("1," * 300)
@example("\n" * 300)
@example(" \n22 \r\n\n 80\n ")
@example("22,\n80\n,443,\n")
@example("22\r80")
@example("\n,")
def test_a_set_or_a_syntax_error(text: str) -> None:
    expected = oracle.parse(text)
    found = outcome(PortSet.parse, text)
    if expected is None:
        assert found is None
    else:
        assert isinstance(found, PortSet)
        assert found.to_int() == oracle.bits(expected)


class Names:
    """A registry of two services, one of them without a port."""

    def ports(self, service: str, transport: object = None) -> PortSet:
        try:
            return {"ssh": PortSet([22]), "a-1": PortSet([1, 7]), "empty": PortSet()}[service]
        except KeyError:
            raise UnknownNameError("service", service) from None


ITEMS = st.lists(
    st.one_of(
        st.sampled_from(["22", "80-90", "ssh", "a-1", "empty", "a-2", "80:90", "", " ", "any"]),
        NEARLY,
    ),
    max_size=6,
)


@given(
    st.builds(lambda items, mark: mark.join(items), ITEMS, st.sampled_from([",", "\n", ", "])),
    st.sampled_from([None, Names()]),
)
@example("empty", Names())
def test_all_errors_are_those_of_parse(text: str, services: Names | None) -> None:
    errors = PortSet.syntax_errors(text, services=services)
    for error in errors:
        assert_well_told(error, text)
        assert error.__traceback__ is None
    assert [error.span for error in errors] == sorted(error.span for error in errors)
    if errors:
        with pytest.raises(PortSyntaxError) as caught:
            PortSet.parse(text, services=services)
        assert caught.value.args == errors[0].args
        with pytest.raises(PortRowsError) as group:
            PortSet.parse_rows(["22", text], services=services)
        found = [(each.args[:3], each.index) for each in group.value.exceptions]
        assert found == [(each.args, 1) for each in errors]
    else:
        ports = PortSet.parse(text, services=services)
        assert PortSet.parse_rows([text], services=services) == ports


@given(ITEMS.filter(lambda items: not any("," in item or "\n" in item for item in items)))
def test_each_item_has_its_own_error(items: list[str]) -> None:
    errors = PortSet.syntax_errors(",".join(["1", *items, "2"]))
    wrong = [item for item in items if oracle.interval(item.strip(" ")) is None]
    assert len(errors) == len(wrong)


NEARLY_WITH_TRANSPORTS = st.text(
    alphabet=st.one_of(st.sampled_from("0123456789,- /tcpuds"), st.characters()), max_size=40
)


@given(
    st.one_of(NEARLY_WITH_TRANSPORTS, mutated(transport_ports()), st.text()),
    st.sampled_from([(), ("tcp",), ("udp", "dccp")]),
)
@example("53/tcp", ())
@example("53", ("tcp",))
@example("53/tcp,", ())
@example("tcp/53", ())
@example("53/tcp/udp", ())
@example("/", ())
def test_a_set_with_transports_or_a_syntax_error(text: str, defaults: tuple[str, ...]) -> None:
    expected = oracle.parse_with_transports(text, defaults)
    found = outcome(lambda text: TransportPorts.parse(text, default_transports=defaults), text)
    if expected is None:
        assert found is None
    else:
        assert isinstance(found, TransportPorts)
        for name, ports in expected.items():
            assert found[name].to_int() == oracle.bits(ports)


@given(st.one_of(NEARLY, mutated(), st.text()))
def test_a_range_or_a_syntax_error(text: str) -> None:
    expected = oracle.interval(text)
    found = outcome(PortRange.parse, text)
    if expected is None:
        assert found is None
    else:
        assert isinstance(found, PortRange)
        assert found.to_range() == expected


@given(st.one_of(NEARLY, st.text(alphabet="0123456789", max_size=7), st.text()))
def test_a_port_or_a_syntax_error(text: str) -> None:
    assert outcome(parse_port, text) == oracle.number(text)


@given(st.integers().map(str))
def test_the_text_of_any_integer_is_a_port_or_an_error(text: str) -> None:
    number = int(text)
    assert outcome(parse_port, text) == (number if 0 <= number <= 65535 else None)


@example(["0 ", ""])
@given(st.lists(st.text(alphabet=st.characters(exclude_characters=",\n"), max_size=5), min_size=1))
def test_the_error_is_about_the_first_fault(items: list[str]) -> None:
    text = ",".join(["80", *items, "443"])
    assume(oracle.parse(text) is None)
    with pytest.raises(PortSyntaxError) as caught:
        PortSet.parse(text)
    before = text[: caught.value.span[0]].rstrip(" ").removesuffix(",").rstrip(" ")
    # The fault may be the second port of a range.
    assert oracle.parse(before) is not None or before.endswith("-")
