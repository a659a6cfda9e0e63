"""The number line: exact drawings, and pictures that are well-formed and described."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest

from portranges import PortSet, TransportPorts, diagrams, explain, rulesets
from portranges.cli import main
from portranges.diagrams import Layer, number_line, svg
from portranges.errors import InvalidPortError, InvalidValueError

SVG = "{http://www.w3.org/2000/svg}"
RULES = Path(__file__).parents[1] / "data" / "rules" / "server.rules"
WEB = Layer(label="web", ports=PortSet([80, 443]))


def texts(picture: str) -> list[ET.Element]:
    return ET.fromstring(picture).findall(f".//{SVG}text")


def test_the_categories_at_a_width_of_64():
    assert number_line(diagrams.categories(), 64, ascii_only=True).splitlines() == [
        "               0           16384       32768       49152   65535",
        "System Ports   *",
        "User Ports     .###################################*",
        "Dynamic Ports                                      .############",
    ]


def test_every_line_fits_and_the_axis_ends_at_the_right_edge():
    for width in range(40, 201):
        lines = number_line([*diagrams.categories(), WEB], width, marks=[0, 65535]).splitlines()
        assert len(lines[0]) == width
        assert lines[0].endswith("65535")
        assert max(map(len, lines)) == width
        assert lines[-1].endswith("^")
        assert len(lines[-1]) == width


def test_a_line_without_layers_is_the_axis():
    assert number_line([], 40) == "  0        16384     32768         65535"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: number_line([WEB], 39), InvalidValueError, "width must be in 40..1000, got 39"),
        (
            lambda: number_line([WEB], 1001),
            InvalidValueError,
            "width must be in 40..1000, got 1001",
        ),
        (lambda: number_line([WEB], marks=[65536]), InvalidPortError, None),
        (lambda: number_line(["web"]), TypeError, None),
        (lambda: svg([WEB], title=""), InvalidValueError, None),
        (lambda: svg(3), TypeError, None),
        (lambda: Layer(label="", ports=PortSet()), InvalidValueError, None),
        (lambda: Layer(label="web", ports=[80]), TypeError, None),
        (lambda: diagrams.layers_of([80]), TypeError, None),
        (lambda: diagrams.ephemeral_ranges([]), InvalidValueError, None),
    ],
)
def test_wrong_arguments_are_refused(call, error, message):
    with pytest.raises(error) as raised:
        call()
    if message:
        assert str(raised.value) == message


def test_a_picture_has_a_title_a_description_and_nothing_that_is_fetched():
    picture = svg([*diagrams.categories(), WEB], title="The <web> & more", marks=[22])
    root = ET.fromstring(picture)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "The <web> & more"
    assert root.findtext(f"{SVG}title") == "The <web> & more"
    described = root.findtext(f"{SVG}desc")
    assert described == (
        "System Ports: 0-1023; User Ports: 1024-49151; Dynamic Ports: 49152-65535; "
        "web: 2 ports; marked: 22"
    )
    assert not re.search(r"href|url\(|<script|@import", picture)
    # Several pictures can stand in one page.
    assert " id=" not in picture


def test_labels_are_one_below_the_other_and_inside_the_picture():
    names = ["W" * 300, *"abcdef"]
    layers = [Layer(label=name, ports=PortSet([1]), detail="22,80") for name in names]
    picture = svg(layers, marks=[0, 1, 2, 65533, 65534, 65535])
    height = int(ET.fromstring(picture).get("height", ""))
    places = [int(each.get("y", "")) for each in texts(picture) if each.get("class") != "faint"]
    assert len(places) == 1 + 6 + len(names)
    ordered = sorted(places)
    assert all(after - before >= 17 for before, after in pairwise(ordered))
    assert ordered[-1] < height
    assert all(len("".join(each.itertext())) <= 64 for each in texts(picture))


def test_a_layer_of_many_ranges_is_drawn_in_cells():
    exact = svg([Layer(label="few", ports=PortSet(range(0, 256, 2)))])
    cells = svg([Layer(label="many", ports=PortSet(range(0, 258, 2)))])
    assert "opacity" not in exact
    assert exact.count("h1v1h-1z") == 128
    assert cells.count("opacity") == 1
    assert 'opacity="0.5"' in cells


def test_a_system_without_a_fixed_range_has_an_empty_layer():
    (layer,) = diagrams.ephemeral_ranges("smoltcp")
    assert (layer.label, layer.ports, layer.detail) == ("smoltcp", PortSet(), "no fixed range")


def test_rules_are_drawn_as_what_they_let_through():
    ruleset = rulesets.parse(RULES.read_text("utf-8"))
    (layer,) = diagrams.layers_of(ruleset, "open")
    assert (layer.label, layer.ports) == ("open, TCP", ruleset.reachable().ports.tcp)
    group = rulesets.from_data(
        {
            "SecurityGroups": [
                {
                    "GroupId": "sg-1",
                    "IpPermissions": [
                        {
                            "IpProtocol": "tcp",
                            "FromPort": 22,
                            "ToPort": 22,
                            "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
                        }
                    ],
                    "IpPermissionsEgress": [
                        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
                    ],
                }
            ]
        }
    )
    assert [str(each.ports) for each in diagrams.layers_of(group)] == ["22"]


@pytest.mark.parametrize(
    ("value", "ends"),
    [
        (PortSet([80]), "<p><code>80</code></p>"),
        (PortSet(), "<p><code></code></p>"),
        (TransportPorts.parse("53/udp"), "<p><code>53/udp</code></p>"),
        (explain(60454), f"<pre>{explain(60454).verdict()}</pre>"),
        (rulesets.parse(RULES.read_text("utf-8")), "skipped</span></p>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_notebook_shows_a_picture_and_the_text(value, ends):
    shown = value._repr_html_()
    picture, end, _ = shown.rpartition("</svg>\n")
    ET.fromstring(picture + end)
    assert shown.endswith(ends)


@pytest.mark.parametrize("step", range(2, 12))
def test_a_long_set_is_elided_in_a_notebook_after_a_whole_number(step):
    ports = PortSet(range(1, 65536, step))
    transports = TransportPorts(tcp=ports, udp=ports)
    for shown in (ports, transports):
        text = shown._repr_html_().rpartition("<code>")[2].removesuffix(",...</code></p>")
        assert 1900 < len(text) < 2000
        assert str(shown).startswith(f"{text},")


@pytest.mark.parametrize(
    "nothing",
    [
        TransportPorts.empty(),
        rulesets.parse("-P INPUT DROP\n"),
        rulesets.parse('{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": []}]}'),
    ],
)
def test_what_has_no_ports_is_drawn_as_an_empty_layer(nothing):
    (layer,) = diagrams.layers_of(nothing, "open")
    assert layer == Layer(label="open", ports=PortSet(), detail="no ports", stands_out=True)


def test_the_command_draws_a_file_that_opens_nothing(capsys, tmp_path):
    (tmp_path / "closed.rules").write_text("-P INPUT DROP\n", encoding="utf-8")
    assert main(["map", str(tmp_path / "closed.rules")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "closed.rules"


def test_the_command_draws_a_file_a_set_and_a_marked_port(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["map", "ssh", "8000-8100", "53/udp", str(RULES), "--system", "freebsd"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "System Ports",
        "User Ports",
        "Dynamic Ports",
        "assigned, TCP",
        "assigned, UDP",
        "freebsd",
        "8000-8100",
        "ports, UDP",
        "server.rules, TCP",
        "22",
    ]
    assert all(len(line) <= 80 for line in lines)


def test_the_command_prints_a_picture(capsys):
    assert main(["map", "60454", "--svg"]) == 0
    assert "marked: 60454" in capsys.readouterr().out


def test_an_output_without_block_characters_gets_ascii(capsys, monkeypatch):
    import io
    import sys

    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["map"]) == 0
    stream.flush()
    assert b"#####" in stream.buffer.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8", "utf-16"])
def test_a_picture_is_well_formed_in_every_encoding_of_a_file(encoding, tmp_path):
    words = "gr\xf6\xdfe \N{HEBREW LETTER ALEF} \N{GRINNING FACE}"
    picture = svg([Layer(label=words, ports=PortSet([1]), detail=words)], title=words)
    (tmp_path / "picture.svg").write_text(picture, encoding=encoding)
    root = ET.parse(tmp_path / "picture.svg").getroot()
    assert root.attrib["aria-label"] == root.findtext(f"{SVG}title") == words
    assert root.findtext(f"{SVG}desc") == f"{words}: {words}"
    assert texts(picture)[-1].text == f"{words} "


def test_an_empty_set_is_a_usage_error(capsys):
    assert main(["map", "/tcp"]) == 2
    assert capsys.readouterr().err.startswith("portranges: ")
