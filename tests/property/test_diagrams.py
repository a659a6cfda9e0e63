"""Laws of drawings: a cell shows exactly what it contains, and any label gives well-formed XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from portranges import PortSet
from portranges.diagrams import Layer, number_line, svg
from portranges.strategies import port_sets, ports

LABELS = st.text(min_size=1)


def characters(part: int, whole: int) -> str:
    """The characters that may stand for a cell, decided without division."""
    if part == 0:
        return " "
    if part == whole:
        return "#"
    if 3 * part < whole:
        return "."
    return "+" if 3 * part < 2 * whole else "*"


@given(port_sets(), st.integers(40, 300))
def test_a_cell_shows_the_share_of_its_ports(drawn: PortSet, width: int) -> None:
    layer = Layer(label="set", ports=drawn)
    line = number_line([layer], width, ascii_only=True).splitlines()[1].ljust(width)[5:]
    members = set(drawn)
    counts = [0] * len(line)
    sizes = [0] * len(line)
    cell = 0
    for port in range(65536):
        while port >= (cell + 1) * 65536 // len(line):
            cell += 1
        sizes[cell] += 1
        counts[cell] += port in members
    assert line == "".join(map(characters, counts, sizes))


@given(ports(), st.integers(40, 300))
def test_a_mark_is_in_the_column_of_its_port(port: int, width: int) -> None:
    layer = Layer(label="set", ports=PortSet([port]))
    _, drawn, mark = number_line([layer], width, marks=[port], ascii_only=True).splitlines()
    assert drawn.rindex(drawn[-1]) == mark.index("^")


@given(st.lists(st.tuples(LABELS, port_sets(), st.text(), st.booleans()), max_size=4), LABELS)
def test_any_label_gives_a_well_formed_picture(
    rows: list[tuple[str, PortSet, str, bool]], title: str
) -> None:
    layers = [
        Layer(label=label, ports=drawn, detail=detail, stands_out=stands_out)
        for label, drawn, detail, stands_out in rows
    ]
    picture = svg(layers, title=title)
    ET.fromstring(picture)
    assert picture == svg(layers, title=title)
