"""``portranges map``: the number line, with categories, assigned ports, systems, sets and rules."""

from __future__ import annotations

import sys

from portranges import diagrams, rulesets, types
from portranges.cli import files
from portranges.cli.output import WIDEST_TABLE, answer, columns
from portranges.cli.words import ports_of_all
from portranges.portset import PortSet
from portranges.registry import SHIPPED
from portranges.systems import COMMON
from portranges.transport_ports import TransportPorts


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.epilog(
        "A rule file is drawn as the ports that other hosts can reach or, if its format is not "
        "evaluated, that its rules accept. Exit status: 0 = printed, 2 = usage error."
    )
    add.words(
        "ports",
        "PORTS",
        "ports (22,8000-8100 or 22/tcp,53/udp), a service name or a rule file to draw; "
        "a single port is marked",
        nargs="*",
    )
    files.add_format(add)
    systems = f"a system whose ephemeral range is drawn; can be repeated (default: {_COMMON})"
    add.value("--system", "NAME", systems, action="append")
    formats = add.one_of()
    formats.flag("--svg", "print an SVG picture")
    formats.json()


_COMMON = ", ".join(COMMON)


def run(arguments: types.Namespace) -> int:
    """Draw the number line, with the ports in *arguments*."""
    reader = files.Reader(arguments)
    marks: list[int] = []
    layers = [
        *diagrams.categories(),
        diagrams.assigned("tcp"),
        diagrams.assigned("udp"),
        *diagrams.ephemeral_ranges(arguments.system or COMMON),
    ]
    for word in arguments.ports:
        drawn = _read(word, reader, is_file=arguments.format is not None)
        if isinstance(drawn, PortSet) and len(drawn) == 1:
            marks.append(drawn.first)
        else:
            layers += diagrams.layers_of(drawn, _label(drawn, word))
    if arguments.svg:
        print(diagrams.svg(layers, marks=marks))
        return 0
    data = {
        "layers": [{"label": each.label, "ports": str(each.ports)} for each in layers],
        "marks": marks,
    }
    return answer(arguments, "map", data, _lines(layers, marks))


def _read(
    word: str, reader: files.Reader, *, is_file: bool
) -> PortSet | TransportPorts | rulesets.Ruleset:
    if is_file or files.is_file(word):
        return reader.ruleset(word, files.read(word))
    if "/" in word:
        return TransportPorts.parse(word, services=SHIPPED)
    return ports_of_all([word])


def _label(drawn: PortSet | TransportPorts | rulesets.Ruleset, word: str) -> str:
    if isinstance(drawn, TransportPorts):
        return "ports"
    return word if isinstance(drawn, PortSet) else word.rpartition("/")[2]


def _lines(layers: list[diagrams.Layer], marks: list[int]) -> types.Iterator[str]:
    width = columns(sys.stdout, WIDEST_TABLE)
    yield diagrams.number_line(layers, width, marks=marks, ascii_only=not _shows_blocks())


def _shows_blocks() -> bool:
    try:
        "\N{FULL BLOCK}\N{LIGHT SHADE}".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
